"""The one table of machines that libraries and commands are built for, and how: all of them from one Debian machine."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import toolchains
import workspace
from workspace import PROFILE

ZIG = ["ziglang==0.15.1", "cargo-zigbuild==0.24.1"]
OLDEST_GLIBC = "2.17"
OLDEST_MACOS = "11.0"
# Written by tests/platforms/windows.py.
WINE_32 = workspace.target_dir() / "wine32"
QEMU_ARM = ("qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu")
# What the core asks of macOS, by how its functions and constants are called.
FRAMEWORKS = {"CoreFoundation": "_k?CF", "Security": "_k?(Sec|SSL|CMS|Authorization|CSSM|SecureDownload)", "SystemConfiguration": "_k?SC"}
WINDOWS_ARM_LINKER = Path(__file__).with_name("windows-arm-linker.sh")
LIBRARIES = ["-p", "send-im-c", "-p", "send-im-uniffi", "-p", "send-im-node", "--lib"]
COMMAND = ["-p", "send-im-cli", "--bin", "send-im"]


@dataclass(frozen=True)
class Target:
    """A machine: its name in each ecosystem, what runs its programs here (a command in front of theirs), and what proves it beside
    what proves every machine: names of steps in tests/platforms/run.py.

    None: that ecosystem has no name for it, or does not run there.
    """

    triple: str
    name: str
    wheel: str
    gem: str
    jna: str
    dotnet: str
    node: str
    php: str
    go: str
    debian: str = None
    rpm: str = None
    run: tuple = ()
    proof: tuple = ()
    # Built by this machine's own compiler, against its own C library.
    native: bool = False

    @property
    def windows(self):
        return "windows" in self.triple

    @property
    def macos(self):
        return "darwin" in self.triple

    @property
    def musl(self):
        return self.triple.endswith("musl")

    @property
    def glibc(self):
        return self.triple.endswith("linux-gnu")

    @property
    def zig(self):
        """Whether zig compiles what is C, as it knows every libc. Windows programs are mostly made with mingw's compiler, which is here."""
        return not self.native and not self.triple.endswith("windows-gnu")

    @property
    def compiler(self):
        """What compiles C for it."""
        processor = self.triple.split("-")[0]
        if not self.zig:
            return [f"{processor}-w64-mingw32-gcc"]
        if self.glibc:
            return [f"{processor}-linux-gnu-gcc"]
        system = "macos" if self.macos else "windows-gnu" if self.windows else "linux-musl"
        return [str(workspace.PYTHON), "-m", "ziglang", "cc", "-target", f"{processor}-{system}"]

    @property
    def linker(self):
        """The variable that tells cargo what links for it."""
        return f"CARGO_TARGET_{self.triple.upper().replace('-', '_')}_LINKER"

    @property
    def strip(self):
        """What takes off a static library what debuggers read. LLVM cannot where it holds imports, as it does for Windows on ARM."""
        return [] if self.windows and self.zig else [llvm("strip"), "--strip-debug"]

    def program(self, name="send-im"):
        """The file name of a program."""
        return f"{name}.exe" if self.windows else name

    def library(self, name="send_im"):
        """The file name of a shared library."""
        return f"{name}.dll" if self.windows else f"lib{name}.{'dylib' if self.macos else 'so'}"

    @property
    def folder(self):
        """Where cargo puts what it builds."""
        built = workspace.target_dir() if self.native else workspace.target_dir() / self.triple
        return built / ("debug" if PROFILE == "dev" else PROFILE)

    def cargo(self, action, *arguments, **variables):
        """Runs cargo for this target."""
        environment = dict(os.environ, **variables)
        chosen = []
        if self.zig:
            environment["PATH"] = f"{workspace.PYTHON.parent}{os.pathsep}{environment['PATH']}"
            action = {"build": "zigbuild", "rustc": "rustc"}[action]
        if not self.native:
            chosen = ["--target", f"{self.triple}.{OLDEST_GLIBC}" if self.glibc and self.zig else self.triple]
        tool = "cargo-zigbuild" if self.zig else "cargo"
        workspace.run(tool, action, "--quiet", "--locked", *chosen, *arguments, env=environment, check=True)

    def build(self, *also, features=()):
        """The command and the libraries, these with some features, once a process."""
        return built(self, also, features)


@cache
def built(target, also, features):
    """Builds everything for a target; the folder it is in."""
    libraries = [*LIBRARIES, *(part for feature in features for part in ("--features", feature))]
    chosen = ["--profile", PROFILE]
    variables = {}
    if not target.native:
        # Its symbols are read from this machine's own library, where they are needed.
        variables[f"CARGO_PROFILE_{PROFILE.upper()}_STRIP"] = "symbols"
    if target.windows:
        variables["LIBNODE_PATH"] = str(no_node(target))
    if target.windows and target.zig:
        variables[target.linker] = str(WINDOWS_ARM_LINKER)
    if target.macos:
        # zig compiles what is C. It would link as well, and export everything: it takes no list of what a library exports.
        kit = target.folder / "sdk"
        variables |= {"MACOSX_DEPLOYMENT_TARGET": OLDEST_MACOS, target.linker: "rust-lld"}
        variables["RUSTFLAGS"] = f"-Clinker-flavor=ld64.lld -Clink-arg=-syslibroot -Clink-arg={kit}"
        sdk(target, kit, variables)
    # By itself: a library that is built with it gets what this alone asks of their crates, such as a driver of signals.
    target.cargo("build", *chosen, *COMMAND, *also, **variables)
    if target.musl and not target.native:
        # The program is static, the libraries are not.
        variables["RUSTFLAGS"] = "-Ctarget-feature=-crt-static"
    target.cargo("build", *chosen, *libraries, **variables)
    return target.folder


def no_node(target):
    """A folder with an empty import library. napi-build asks for that of Node, of which we import nothing: see `dyn-symbols`."""
    folder = workspace.target_dir() / target.triple / "node"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("libnode.dll", "libnode.a"):
        (folder / name).write_text("!<arch>\n")
    return folder


def sdk(target, folder, variables):
    """Writes what the linker must know of a Mac: zig has its C library, and of Apple's frameworks the names that we ask for do."""
    target.cargo("rustc", "--profile", PROFILE, "-p", "send-im-c", "--lib", "--crate-type", "staticlib", **variables)
    (folder / "usr" / "lib").mkdir(parents=True, exist_ok=True)
    (known,) = workspace.VENV.rglob("libSystem.tbd")
    for name in ("System", "c", "m", "iconv"):
        shutil.copy(known, folder / "usr" / "lib" / f"lib{name}.tbd")
    # Of the crates: the library lacks what link-time optimisation has found that it does not call.
    crates = (target.folder / "deps").glob("*.rlib")
    listed = subprocess.run([llvm("nm"), "-u", *crates], capture_output=True, text=True)
    asked = {line.split()[-1] for line in listed.stdout.splitlines() if line.strip()}
    for name, kind in FRAMEWORKS.items():
        symbols = ", ".join(sorted(symbol for symbol in asked if re.match(rf"{kind}[A-Z]", symbol)))
        stub = folder / "System" / "Library" / "Frameworks" / f"{name}.framework" / f"{name}.tbd"
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.write_text(
            "--- !tapi-tbd\ntbd-version: 4\ntargets: [ x86_64-macos, arm64-macos ]\n"
            f"install-name: /System/Library/Frameworks/{name}.framework/Versions/A/{name}\n"
            f"exports:\n  - targets: [ x86_64-macos, arm64-macos ]\n    symbols: [ {symbols} ]\n...\n"
        )


@cache
def llvm(tool):
    """A tool of LLVM that reads every machine's files; it comes with Rust."""
    told = workspace.run("rustc", "--print", "target-libdir", capture_output=True, text=True, check=True)
    return Path(told.stdout.strip()).with_name("bin") / f"llvm-{tool}"


# fmt: off
TARGETS = [
    Target("x86_64-unknown-linux-gnu", "linux-x86_64", "manylinux_2_17_x86_64.manylinux2014_x86_64", "x86_64-linux-gnu",
           "linux-x86-64", "linux-x64", "linux-x64", "linux-x86_64", "linux_amd64", "amd64", "x86_64", proof=("source archive of Python",)),
    Target("aarch64-unknown-linux-gnu", "linux-aarch64", "manylinux_2_17_aarch64.manylinux2014_aarch64", "aarch64-linux-gnu",
           "linux-aarch64", "linux-arm64", "linux-arm64", "linux-aarch64", "linux_arm64", "arm64", "aarch64", run=QEMU_ARM,
           proof=("tests of C", "programs of C", "program of Go")),
    Target("x86_64-unknown-linux-musl", "linux-musl-x86_64", "musllinux_1_2_x86_64", "x86_64-linux-musl",
           None, "linux-musl-x64", "linux-x64-musl", "linux-musl-x86_64", "linux_musl_amd64",
           proof=("tests of C", "program of Go")),
    Target("aarch64-unknown-linux-musl", "linux-musl-aarch64", "musllinux_1_2_aarch64", "aarch64-linux-musl",
           None, "linux-musl-arm64", "linux-arm64-musl", "linux-musl-aarch64", "linux_musl_arm64", run=QEMU_ARM),
    Target("x86_64-pc-windows-gnu", "windows-x86_64", "win_amd64", "x64-mingw-ucrt",
           "win32-x86-64", "win-x64", "win32-x64", "windows-x86_64", "windows_amd64", run=("wine",),
           proof=("tests of the core", "service and Ctrl-C of Windows", "packages in an empty place")),
    Target("i686-pc-windows-gnu", "windows-x86", "win32", "x86-mingw32",
           "win32-x86", "win-x86", "win32-ia32", "windows-x86", "windows_386", run=(str(WINE_32),),
           proof=("packages in an empty place",)),
    Target("aarch64-pc-windows-gnullvm", "windows-aarch64", "win_arm64", "aarch64-mingw-ucrt",
           "win32-aarch64", "win-arm64", "win32-arm64", "windows-aarch64", "windows_arm64",
           proof=("programs of C", "program of Go")),
    Target("aarch64-apple-darwin", "macos-aarch64", "macosx_11_0_arm64", "arm64-darwin",
           "darwin-aarch64", "osx-arm64", "darwin-arm64", "darwin-aarch64", "darwin_arm64"),
    Target("x86_64-apple-darwin", "macos-x86_64", "macosx_11_0_x86_64", "x86_64-darwin",
           "darwin-x86-64", "osx-x64", "darwin-x64", "darwin-x86_64", "darwin_amd64", proof=("xcframework",)),
]
# fmt: on


def host():
    """This machine, built by its own compiler."""
    told = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True)
    triple = re.search(r"^host: (\S+)", told.stdout, re.MULTILINE)[1]
    # What Microsoft's compiler builds is for the same machine.
    same = [target for target in TARGETS if target.triple == triple.replace("-msvc", "-gnu")]
    (found,) = same or sys.exit(f"targets: packages are not made for {triple}; add it to TARGETS in tests/packages/targets.py")
    return replace(found, native=True)


def wanted(names):
    """The targets in whose name or triple one of these words is: `all` are all, `host` is this machine as it is, as is no word."""
    meant = {name: [target for target in TARGETS if name == "all" or name in f"{target.name} {target.triple}"] for name in names}
    if unknown := [name for name, targets in meant.items() if not targets and name != "host"]:
        known = ", ".join(f"{target.name} ({target.triple})" for target in TARGETS)
        sys.exit(f"targets: there is no {', '.join(unknown)}; there are host, all, and parts of {known}")
    found = [host()] if not names or "host" in names else []
    return found + [target for target in TARGETS if any(target in targets for targets in meant.values())]


def prepare(targets):
    """What these targets need and this machine may lack."""
    cross = [target for target in targets if not target.native]
    if not cross:
        return
    if any(not target.zig for target in cross) and not shutil.which("i686-w64-mingw32-gcc"):
        toolchains.debian("gcc-mingw-w64")
    workspace.pip(*ZIG)
    workspace.run("rustup", "--quiet", "target", "add", *(target.triple for target in cross), check=True)
    if not llvm("nm").exists():
        workspace.run("rustup", "--quiet", "component", "add", "llvm-tools", check=True)
