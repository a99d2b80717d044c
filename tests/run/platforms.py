"""Every machine that libraries and commands are built for, from one Debian machine, and what proves each:
platforms.py [TARGET …], where a part of a target's name picks it.
"""

import atexit
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cargo
import scenarios
import toolchains
import workspace
from outcome import Outcome

ZIG = ["ziglang==0.15.1", "cargo-zigbuild==0.24.1"]
OLDEST_GLIBC = (2, 17)
WINE = workspace.target_dir() / "wine"
WINE_ENVIRONMENT = {"WINEPREFIX": str(WINE), "WINEDEBUG": "-all", "DISPLAY": ""}
# What says how the library gets on with an operating system. The rest asks the sandbox for what the scenarios ask it for.
RUST_TESTS = [["-p", "send-im", "--lib"], ["-p", "send-im-sandbox", "--lib", "--test", "https", "--test", "listen_address"]]


@dataclass(frozen=True)
class Target:
    """A machine, and what runs its programs here: a command in front of theirs."""

    triple: str
    run: tuple = ()
    runs_here: bool = True
    environment: tuple = ()

    @property
    def zig(self):
        """Whether zig links, as it knows every libc."""
        return "windows-gnu" not in self.triple or "gnullvm" in self.triple

    @property
    def glibc(self):
        return self.triple.endswith("linux-gnu")

    @property
    def windows(self):
        return "windows" in self.triple

    @property
    def musl(self):
        return self.triple.endswith("musl")

    @property
    def built(self):
        return workspace.target_dir() / self.triple / "debug"

    @property
    def program(self):
        """How a program is called."""
        return "{}.exe" if self.windows else "{}"

    @property
    def libraries(self):
        """How the shared libraries are called."""
        names = ("send_im", "send_im_uniffi")
        if self.windows:
            return [f"{name}.dll" for name in names]
        return [f"lib{name}.so" for name in names]

    def cargo(self, action, *arguments, dynamic=False):
        """Runs cargo for this target."""
        command = ["cargo", "zigbuild" if self.zig and action == "build" else action]
        target = self.triple + ("." + ".".join(map(str, OLDEST_GLIBC)) if self.glibc and self.zig else "")
        environment = dict(os.environ)
        environment["PATH"] = f"{workspace.PYTHON.parent}{os.pathsep}{environment['PATH']}"
        if dynamic:
            # A shared library for musl; programs are static there.
            environment["RUSTFLAGS"] = "-Ctarget-feature=-crt-static"
        workspace.run(*command, "--quiet", "--locked", "--target", target, *arguments, env=environment, check=True)

    def build(self):
        """The command, the drivers and the libraries."""
        programs = ["--bin", "send-im", "--bin", "rust-driver"]
        self.cargo("build", "-p", "send-im-cli", "-p", "send-im-scenarios", *programs)
        self.cargo("build", "-p", "send-im-c", "-p", "send-im-uniffi", "--lib", dynamic=self.musl)

    def script(self, name, *command):
        """A program of this machine as one of ours."""
        return self.written(name, f"exec {' '.join(map(str, (*self.run, *command)))} \"$@\"")

    def runner(self):
        """What cargo runs tests with. wine's own services would hold a pipe open after the tests have ended."""
        return self.written("tests", f'{" ".join(self.run)} "$@" > "$0.out" 2>&1\ncode=$?\ncat "$0.out"\nexit $code')

    def written(self, name, lines):
        path = workspace.REPORTS / "run" / f"{self.triple}-{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        exports = "".join(f"export {variable}='{value}'\n" for variable, value in self.environment)
        # wine looks for its server below TMPDIR, which the judge of the scenarios sets.
        path.write_text(f"#!/bin/sh\nunset TMPDIR\n{exports}{lines}\n")
        path.chmod(0o755)
        return path


QEMU_ARM = ("qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu")
TARGETS = [
    Target("x86_64-unknown-linux-gnu"),
    Target("aarch64-unknown-linux-gnu", run=QEMU_ARM),
    Target("x86_64-unknown-linux-musl"),
    Target("aarch64-unknown-linux-musl", run=QEMU_ARM),
    Target("x86_64-pc-windows-gnu", run=("wine",), environment=tuple(WINE_ENVIRONMENT.items())),
    Target("i686-pc-windows-gnu", runs_here=False),
    Target("aarch64-pc-windows-gnullvm", runs_here=False),
]


def main():
    wanted = [target for target in TARGETS if not sys.argv[1:] or any(part in target.triple for part in sys.argv[1:])]
    if not wanted:
        sys.exit(f"platforms: there are {', '.join(target.triple for target in TARGETS)}")
    prepare(wanted)
    rows = []
    for target in wanted:
        rows += prove(target)
    print(f"\n{'target':<28} {'what':<34} {'passed':>6} {'failed':>6} {'seconds':>7}")
    for row in rows:
        print("{:<28} {:<34} {:>6} {:>6} {:>7.0f}".format(*row))
    sys.exit(1 if any(row[3] for row in rows) else 0)


def prepare(targets):
    """What these targets need and this machine may lack."""
    needed = {"wine": "wine64", "qemu-aarch64-static": "qemu-user-static", "x86_64-w64-mingw32-gcc": "gcc-mingw-w64"}
    missing = [package for tool, package in needed.items() if not shutil.which(tool)]
    if not Path("/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1").exists():
        missing += ["libc6-arm64-cross", "libgcc-s1-arm64-cross"]
    if missing:
        toolchains.debian(*missing)
    workspace.make_environment()
    workspace.run(workspace.PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *ZIG, check=True)
    workspace.run("rustup", "--quiet", "target", "add", *(target.triple for target in targets), check=True)
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-scenarios", "-p", "send-im-cli", check=True)
    if any(target.windows and target.runs_here for target in targets):
        prepare_wine()


def prepare_wine():
    """An empty Windows that has what wine 8 lacks."""
    system = WINE / "drive_c" / "windows" / "system32"
    environment = dict(os.environ, **WINE_ENVIRONMENT)
    # One that a program starts would write to that program's standard error. The access list of a new file is what wine makes
    # of its mode, and the server creates the files.
    WINE.mkdir(parents=True, exist_ok=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    workspace.run("sh", "-c", "umask 077; exec wineserver --persistent", env=environment, **quiet)
    atexit.register(workspace.run, "wineserver", "--kill", env=environment, stderr=subprocess.DEVNULL)
    if (system / "bcryptprimitives.dll").exists():
        # So do the services that the first program starts.
        workspace.run("wine", "cmd", "/c", "exit", env=environment, **quiet)
        return
    for command in (["wineboot", "--init"], ["winecfg", "-v", "win10"]):
        workspace.run("wine", *command, env=environment, check=True, stderr=subprocess.DEVNULL)
    source = workspace.ROOT / "tests" / "run" / "wine" / "bcryptprimitives.c"
    workspace.run("x86_64-w64-mingw32-gcc", "-shared", source, "-o", system / "bcryptprimitives.dll", "-ladvapi32", check=True)


def prove(target):
    """Builds for a target and runs what can be run; gives rows of the table."""
    rows = []
    for name, step in STEPS.items():
        begin = time.monotonic()
        outcome = step(target)
        if outcome is not None:
            rows.append((target.triple, name, outcome.passed, outcome.failed, time.monotonic() - begin))
            print(f"{target.triple}: {name}: {outcome.passed} passed, {outcome.failed} failed", flush=True)
    return rows


def build(target):
    target.build()
    made = [target.built / name for name in [target.program.format("send-im"), *target.libraries]]
    return Outcome(passed=sum(file.exists() for file in made), failed=sum(not file.exists() for file in made))


def needs_no_newer_glibc(target):
    """Nothing built asks for a symbol of a newer C library."""
    if not target.glibc:
        return None
    outcome = Outcome()
    for name in ["send-im", *target.libraries]:
        told = subprocess.run(["readelf", "--dyn-syms", "-W", target.built / name], capture_output=True, text=True, check=True)
        newest = max((tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_([\d.]+)", told.stdout)), default=(0,))
        outcome += Outcome(passed=newest <= OLDEST_GLIBC, failed=newest > OLDEST_GLIBC)
    return outcome


def command(target):
    """The scenarios through the command."""
    if not target.runs_here:
        return None
    driver = workspace.target_dir() / "debug" / "shell-driver"
    program = target.script("send-im", target.built / target.program.format("send-im"))
    # An emulated process is slow, and the time-outs of the cases are those of quick ones.
    threads = ["--test-threads", "1"] if target.run else []
    return scenarios.judge([driver, program, "--json"], "--processes", *threads)


def core(target):
    """The scenarios through the Rust library."""
    if not target.runs_here:
        return None
    return scenarios.judge([target.script("rust-driver", target.built / target.program.format("rust-driver"))])


def rust_tests(target):
    """Tests of the core as that machine runs them."""
    if not (target.windows and target.runs_here):
        return None
    outcome = Outcome()
    variable = f"CARGO_TARGET_{target.triple.upper().replace('-', '_')}_RUNNER"
    environment = dict(os.environ, **{variable: str(target.runner())})
    for tests in RUST_TESTS:
        outcome += cargo.counted("cargo", "test", "--locked", "--target", target.triple, "--no-fail-fast", *tests, env=environment)
    return outcome


STEPS = {
    "builds": build,
    "needs no glibc newer than 2.17": needs_no_newer_glibc,
    "scenarios of the command": command,
    "scenarios of the Rust library": core,
    "tests of the core": rust_tests,
}

if __name__ == "__main__":
    main()
