"""What proves each machine that libraries and commands are built for: run.py [TARGET …], a part of a target's name picks it."""

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

import apple
import consumers
import container
import debian_root
import linked
import recipes
import rooms
import scenarios
import targets
import toolchains
import windows
import windows_system
import workspace
from languages import C, PYTHON
from checks import checked
from outcome import Outcome, counted
from programs import GREETING

# Where each language's package has what was built, as its users and its loader look for it. Where a machine has no name: nowhere.
PLACES = {
    "shell": lambda machine: f".+-{machine.name}/{machine.program()}",
    "c": lambda machine: f".+-{machine.name}/" + (r"bin/send_im\.dll" if machine.windows else r"lib/libsend_im\.(so\.\d+|\d+\.dylib)"),
    "python": lambda machine: f"send_im/_native/{machine.library('send_im_uniffi')}",
    "ruby": lambda machine: f"lib/send_im/native/{machine.library('send_im_uniffi')}",
    "kotlin": lambda machine: machine.jna and f"{machine.jna}/{machine.library('send_im_uniffi')}",
    "dotnet": lambda machine: f"runtimes/{machine.dotnet}/native/{machine.library()}",
    "node": lambda machine: "package/send-im.node",
    "php": lambda machine: f"lib/{machine.php}/{machine.library()}",
}
# How a program or a library for Linux begins, and one for a Mac. So do no other files in packages.
NATIVE = (b"\x7fELF", b"\xcf\xfa\xed\xfe")
# What the scenarios drive the Rust library with.
DRIVER = ["-p", "send-im-scenarios", "--bin", "rust-driver"]
# What says how the library gets on with an operating system. The rest asks the sandbox for what the scenarios ask it for.
SANDBOX_TESTS = [part for test in ("https", "listen_address", "many_sessions") for part in ("--test", test)]
RUST_TESTS = [["-p", "send-im", "--lib"], ["-p", "send-im-sandbox", "--lib", *SANDBOX_TESTS]]
# A process that wine kills after its end says so, see wine/start.c.
QUIET_WINE = """{} 2> "$0.$$"
code=$?
sed '/^wine client error:/d' "$0.$$" >&2
rm "$0.$$"
exit $code"""


def runs_here(target):
    """Whether its programs can be run: as this machine's, or by what the table names."""
    return bool(target.run) or target.triple.startswith(targets.host().triple.split("-")[0]) and not (target.windows or target.macos)


def starter(target):
    """What runs its programs here, in front of their names."""
    return windows.starter(target) if target.windows else target.run


def script(target, name, *command, **variables):
    """A program of this machine as one of that target's."""
    line = f"{shlex.join(map(str, ('env', *(f'{key}={value}' for key, value in variables.items()), *starter(target), *command)))} \"$@\""
    return written(target, name, QUIET_WINE.format(line) if target.windows else f"exec {line}")


def runner(target):
    """What cargo runs tests with. wine's own services would hold a pipe open after the tests have ended."""
    return written(target, "tests", f'{" ".join(starter(target))} "$@" > "$0.out" 2>&1\ncode=$?\ncat "$0.out"\nexit $code')


def written(target, name, lines):
    path = workspace.REPORTS / "run" / f"{target.triple}-{name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    variables = windows.WINE_ENVIRONMENT.items() if target.windows else ()
    exports = "".join(f"export {variable}='{value}'\n" for variable, value in variables)
    # wine looks for its server below TMPDIR, which the judge of the scenarios sets.
    path.write_text(f"#!/bin/sh\nunset TMPDIR\n{exports}{lines}\n")
    path.chmod(0o755)
    return path


def main():
    wanted = targets.wanted(sys.argv[1:] or ["all"])
    prepare(wanted)
    rows = []
    for target in wanted:
        rows += prove(target)
    print(f"\n{'target':<28} {'what':<34} {'passed':>6} {'failed':>6} {'seconds':>7}")
    for row in rows:
        print("{:<28} {:<34} {:>6} {:>6} {:>7.0f}".format(*row))
    sys.exit(1 if any(row[3] for row in rows) else 0)


def prepare(chosen):
    """What these targets need and this machine may lack."""
    targets.prepare(chosen)
    needed = {"wine": "wine", "qemu-aarch64-static": "qemu-user-static", "mmdebstrap": "mmdebstrap", "musl-gcc": "musl-tools"}
    missing = [package for tool, package in needed.items() if not shutil.which(tool)]
    if not Path("/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1").exists():
        missing += ["libc6-arm64-cross", "libgcc-s1-arm64-cross"]
    if not shutil.which("aarch64-linux-gnu-gcc"):
        missing += ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"]
    if missing:
        toolchains.debian(*missing)
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-scenarios", "-p", "send-im-cli", check=True)
    if windows.WINDOWS in chosen:
        windows.prepare()
    if windows.WINDOWS_32 in chosen:
        windows.prepare_32()


def prove(target):
    """Builds for a target and runs what can be run; gives rows of the table."""
    rows = []
    for name, step in (STEPS | {name: PROOFS[name] for name in target.proof}).items():
        begin = time.monotonic()
        outcome = step(target)
        if outcome is not None:
            rows.append((target.triple, name, outcome.passed, outcome.failed, time.monotonic() - begin))
            passed, failed = int(outcome.passed), int(outcome.failed)
            print(f"{target.triple}: {name}: {passed} passed, {failed} failed", *outcome.why, sep="\n  ", flush=True)
    return rows


def build(target):
    made = [target.build(*DRIVER) / name for name in files(target)]
    return Outcome(passed=sum(file.exists() for file in made), failed=sum(not file.exists() for file in made))


def files(target):
    """What users get: the command and the libraries."""
    return [target.program(), *(target.library(name) for name in ("send_im", "send_im_uniffi", "send_im_node"))]


def numbers(version):
    return tuple(map(int, version.split(".")))


def needs_no_newer_glibc(target):
    """Nothing built asks for a symbol of a newer C library."""
    if not target.glibc:
        return None
    outcome = Outcome()
    for name in files(target):
        told = subprocess.run(["readelf", "--dyn-syms", "-W", target.folder / name], capture_output=True, text=True, check=True)
        newest = max(map(numbers, re.findall(r"GLIBC_([\d.]+)", told.stdout)), default=(0,))
        good = newest <= numbers(targets.OLDEST_GLIBC)
        outcome += Outcome(passed=good, failed=not good)
    return outcome


def exports(target):
    """Each library gives a program its own functions alone, those of the header in C."""
    outcome = Outcome()
    meant = {"send_im": "|".join(consumers.declared()), "send_im_uniffi": "(uniffi|ffi|UNIFFI_META)_.+"}
    meant["send_im_node"] = r"napi_register_\w+_v1"
    for name, pattern in meant.items():
        found = exported(target, target.folder / target.library(name))
        strange = [symbol for symbol in found if not re.fullmatch(pattern, symbol)]
        good = found and not strange
        outcome += Outcome(passed=bool(good), failed=not good, why=[] if good else [f"{name} exports {len(found)}: {strange[:9]}"])
    return outcome


def exported(target, library):
    """The symbols that this library gives to programs."""
    if target.windows:
        told = subprocess.run([targets.llvm("readobj"), "--coff-exports", library], capture_output=True, text=True, check=True)
        return re.findall(r"^  Name: (\S+)", told.stdout, re.MULTILINE)
    kind = [] if target.macos else ["--dynamic"]
    listing = [targets.llvm("nm"), "--defined-only", "--extern-only", "--format=just-symbols", *kind, library]
    told = subprocess.run(listing, capture_output=True, text=True, check=True)
    return [symbol.removeprefix("_") if target.macos else symbol for symbol in told.stdout.split()]


def command(target):
    """The scenarios through the command."""
    if not runs_here(target):
        return None
    driver = workspace.target_dir() / "debug" / "shell-driver"
    program = script(target, "send-im", target.folder / target.program())
    # An emulated process is slow, and the time-outs of the cases are those of quick ones.
    threads = ["--test-threads", "1"] if target.run else []
    return scenarios.judge([driver, program, "--json"], "--processes", *threads)


def core(target):
    """The scenarios through the Rust library."""
    if not runs_here(target) or target == windows.WINDOWS_32:
        return None
    return scenarios.judge([script(target, "rust-driver", target.folder / target.program("rust-driver"))])


def rust_tests(target):
    """Tests of the core as that machine runs them."""
    outcome = Outcome()
    variable = f"CARGO_TARGET_{target.triple.upper().replace('-', '_')}_RUNNER"
    environment = dict(os.environ, **{variable: str(runner(target))})
    for tests in RUST_TESTS:
        outcome += counted("cargo", "test", "--locked", "--target", target.triple, "--no-fail-fast", *tests, env=environment)
    return outcome


def system(_):
    """What Windows itself asks of the command: a service, and its end."""
    return windows_system.tests()


def packages_of_users(target):
    """What users get, in an empty place, as they are used there, and the scenarios through them."""
    build_packages(target.triple, *windows.LANGUAGES)
    return windows.tests(target, lambda name, command, variables: scenarios.judge([script(target, name, *command, **variables)]))


def build_packages(machines, *languages):
    """Leaves the packages of these machines, by parts of their names, in dist/, and tells which they are."""
    variables = {"TARGETS": machines, "SEND_IM_PROFILE": workspace.PROFILE}
    command = [sys.executable, workspace.ROOT / "tests" / "packages" / "build.py", *languages]
    told = workspace.run(*command, env=dict(os.environ, **variables), stdout=subprocess.PIPE, text=True, check=True)
    return [workspace.ROOT / line.split()[0] for line in told.stdout.splitlines() if line.startswith("dist/")]


def packages_hold_what_was_built(target):
    """The package of each language has its library or its command, as it was built, where it is looked for, and no other machine's."""
    outcome = Outcome()
    for language, place in PLACES.items():
        if not place(target):
            continue
        held = [entry for package in build_packages(target.triple, language) for entry in contents(package.read_bytes())]
        built = {(target.folder / file).read_bytes() for file in files(target)}
        there = [name for name, content in held if content in built and re.fullmatch(place(target), name)]
        strange = [name for name, content in held if content not in built and content.startswith(NATIVE)]
        good = there and not strange
        why = [] if good else [f"{language}: no {place(target)}" if not there else f"{language}: {strange} are of another machine"]
        outcome += Outcome(passed=bool(good), failed=not good, why=why)
    return outcome


def contents(packed):
    """The files in a zip, or in a tape archive and those that are in it: their names and bytes."""
    if zipfile.is_zipfile(io.BytesIO(packed)):
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            return [(name, archive.read(name)) for name in archive.namelist()]
    try:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            found = [(member.name, archive.extractfile(member).read()) for member in archive if member.isfile()]
    except tarfile.ReadError:
        return []
    return [*found, *(inner for _, content in found if content.startswith(b"\x1f\x8b") for inner in contents(content))]


def empty_root(target):
    """The static command in a root where nothing else is."""
    if not target.musl:
        return None
    account = {"SEND_IM_SERVER": "sandbox", "SEND_IM_ADDRESS": "tosh@contoso.com", "SEND_IM_PASSWORD": "x"}
    with tempfile.TemporaryDirectory() as root:
        shutil.copy(target.build() / target.program(), root)
        emulator = [f"/{Path(shutil.copy(shutil.which(name), root)).name}" for name in target.run[:1]]
        command = [shutil.which("chroot"), root, *emulator, "/send-im", "send", "--to", "lenea@contoso.com", "hello world"]
        done = subprocess.run(command, env=account, capture_output=True, text=True)
        good = (done.returncode, done.stdout) == (0, "lenea@contoso.com accepted the message.\n")
    return Outcome(passed=good, failed=not good, why=[] if good else [str(done)])


def image(target):
    """The image of the HTTP service, with its user and its health check."""
    if not target.musl:
        return None
    program = target.build() / target.program()
    return checked([("the image of the service", lambda: container.check(program, target.run[:1]))])


def c_tests(target):
    """The tests in C."""
    with tempfile.TemporaryDirectory() as work:
        chosen = [*recipes.for_c(target, ("send-im-c/panic-test",)), f"CC={' '.join(target.compiler)}", f"RUN={' '.join(target.run)}"]
        if target.musl:
            # zig links statically there unless it is told.
            chosen.append("CFLAGS=-dynamic")
        return counted("make", "-C", C.folder, "check-c", *chosen, f"HERE={work}", "STRICT=")


def c_programs(target):
    """The first lines of C's page, linked with each library of the package."""
    build_packages(target.triple, "c")
    return linked.of_c(target, runs_here(target))


def go_program(target):
    """The first lines of Go's page, linked with the package's library."""
    build_packages(target.triple, "go")
    return linked.of_go(target, runs_here(target))


def old_debian(target):
    """The wheel in an older Debian: with glibc 2.31 and Python 3.9, or with 2.36 and 3.11 where it is emulated, as the archive of
    the older one lacks packages for ARM. The first lines of the README greet.
    """
    if not target.glibc:
        return None
    root = debian_root.unpacked("bookworm" if target.run else "bullseye", target.debian, "python3")
    shutil.rmtree(root / "site", ignore_errors=True)
    build_packages(target.triple, "python")
    (wheel,) = (workspace.ROOT / "dist").glob(f"send_im-*manylinux*_{target.triple.split('-')[0]}.whl")
    shutil.unpack_archive(wheel, root / "site", "zip")
    emulator = [f"/{Path(shutil.copy(shutil.which(name), root)).name}" for name in target.run[:1]]
    command = [shutil.which("chroot"), root, *emulator, "/usr/bin/python3", "-c", consumers.of_readme(PYTHON, "python")[0]]
    done = subprocess.run(command, env={"PYTHONPATH": "/site", "HOME": "/root"}, capture_output=True, text=True)
    good = (done.returncode, done.stdout) == (0, GREETING)
    return Outcome(passed=good, failed=not good, why=[] if good else [str(done)])


def python_sources(_):
    """The source archive of Python, built by pip as on a machine that no wheel fits: this one, as it builds for itself."""
    return checked([("source archive of Python", rooms.of_python_sources)])


def xcframework(_):
    """What SwiftPM and Xcode take for every Mac, once both are built."""
    (zipped,) = (built for built in build_packages("apple", "swift") if built.suffix == ".zip")
    return checked([("xcframework", lambda: apple.check(zipped, {"arm64", "x86_64"}))])


# Of every machine; nothing where it does not apply.
STEPS = {
    "builds": build,
    "needs no glibc newer than 2.17": needs_no_newer_glibc,
    "exports its own functions alone": exports,
    "scenarios of the command": command,
    "scenarios of the Rust library": core,
    "packages hold what was built": packages_hold_what_was_built,
    "command in an empty root": empty_root,
    "image of the service": image,
    "wheel in an older Debian": old_debian,
}
# Of those machines whose line in the table of tests/packages/targets.py names them.
PROOFS = {
    "tests of the core": rust_tests,
    "service and Ctrl-C of Windows": system,
    "packages in an empty place": packages_of_users,
    "tests of C": c_tests,
    "programs of C": c_programs,
    "program of Go": go_program,
    "source archive of Python": python_sources,
    "xcframework": xcframework,
}

if __name__ == "__main__":
    main()
