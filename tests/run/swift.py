"""The Swift package: its tests, its archive, and the archive used in an empty place."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
from pathlib import Path

import apple
import toolchains
import workspace
from outcome import Outcome, shown
from programs import GREETING, snippets
from targets import host

PACKAGE = workspace.ROOT / "bindings" / "swift"
EXAMPLE = workspace.ROOT / "examples" / "swift" / "send"
DIST = workspace.ROOT / "dist"
# What belongs to the archive, from the package and from the root of the clone.
SHIPPED = ["Package.swift", "README.md", "Sources"]
LICENSES = ["LICENSE-MIT", "LICENSE-APACHE"]

ACCOUNT = {"SEND_IM_ADDRESS": "tosh@contoso.com", "SEND_IM_PASSWORD": "x"}
HANG = 120
# Seconds after which the tests of the package count as hanging; they take about one minute.
LONGEST_RUN = 1200

# SwiftPM 6.0 now and then breaks off with a segmentation fault while it plans a build. Nothing of ours runs then.
CRASHES = (-signal.SIGSEGV, 128 + signal.SIGSEGV)
BUILD_ATTEMPTS = 3

# Every link of the documentation leads somewhere. The generated module's symbols are not part of it.
DOCUMENTATION = """
swift package dump-symbol-graph --minimum-access-level public >/dev/null
symbols=$(ls -d .build/*/symbolgraph)
rm -f "$symbols"/SendImNative*
docc convert Sources/SendIm/SendIm.docc --additional-symbol-graph-dir "$symbols" --output-path .build/SendIm.doccarchive \\
    --fallback-display-name SendIm --fallback-bundle-identifier SendIm --warnings-as-errors
"""

CONSUMER = """// swift-tools-version: 6.0
import PackageDescription
let package = Package(
    name: "consumer",
    platforms: [.macOS(.v13)],
    dependencies: [.package(name: "SendIm", path: "{path}")],
    targets: [{targets}]
)
"""


def problem():
    """Why the Swift package cannot be built here, or None."""
    return workspace.cargo_problem() or toolchains.swift_problem()


def toolchain():
    """Swift 6 in the cache folder, where there is none."""
    toolchains.get_swift()


def swift(folder, inside, *command, **options):
    """Runs a command where Swift is."""
    sys.stdout.flush()
    return subprocess.run(toolchains.swift_command(folder, inside, *command), **options)


def build(folder, inside, *options):
    """`swift build`, whose progress is shown only where it fails."""
    command = toolchains.swift_command(folder, inside, "swift", "build", *options)
    sys.stdout.flush()
    for _ in range(BUILD_ATTEMPTS):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        if done.returncode not in CRASHES:
            break
        print(f"swift build itself crashed ({done.returncode}); once more")
    if done.returncode:
        print(done.stdout)
        done.check_returncode()


def prepare(profile="dev", folder=PACKAGE):
    """Completes a package: the native library and the code that calls it."""
    workspace.run(PACKAGE / "prepare.sh", profile, folder, check=True)


def run():
    """The package's own tests, every snippet of its README, and the example."""
    prepare()
    build(workspace.ROOT, PACKAGE, "--build-tests")
    build(workspace.ROOT, EXAMPLE)
    return own_tests() + workspace.pytest(PACKAGE / "Tests")


def driver():
    """The command line of the scenarios' driver."""
    prepare()
    build(workspace.ROOT, PACKAGE, "--product", "driver")
    return toolchains.swift_command(workspace.ROOT, PACKAGE, ".build/debug/driver")


def own_tests():
    """`swift test`, counted from what it says."""
    process = subprocess.Popen(
        toolchains.swift_command(workspace.ROOT, PACKAGE, "swift", "test", "--skip-build"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    # XCTest has no time limit of its own here. A call that hangs must not hang everything.
    watchdog = threading.Timer(LONGEST_RUN, os.killpg, (process.pid, signal.SIGKILL))
    watchdog.start()
    try:
        outcome = Outcome()
        for line in shown(process.stdout):
            if test := re.match(r"Test Case '.*' (passed|failed|skipped) \(", line):
                setattr(outcome, test[1], getattr(outcome, test[1]) + 1)
            elif skip := re.search(r": Test skipped - (.*)", line):
                outcome.why.append(skip[1])
        return outcome.ended("swift test", process.wait())
    finally:
        watchdog.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def readme_snippets(readme):
    """The programs that this README shows, in order. A piece of a manifest is none."""
    return [snippet for snippet in snippets(readme, "swift") if not snippet.startswith("// Package.swift")]


def consumer(folder, package, programs):
    """A package in `folder` that uses `package` and has one executable a program."""
    names = [f"program{number}" for number in range(len(programs))]
    targets = ", ".join(f'.executableTarget(name: "{name}", dependencies: ["SendIm"])' for name in names)
    for name, program in zip(names, programs):
        source = folder / "Sources" / name / "main.swift"
        source.parent.mkdir(parents=True)
        source.write_text(program)
    (folder / "Package.swift").write_text(CONSUMER.format(path=package, targets=targets))
    return names


def archive(machine):
    """The archive of a machine. Macs from elsewhere share one."""
    name = "macos" if machine.macos and not machine.native else machine.name
    return DIST / f"send-im-swift-{workspace.version()}-{name}.tar.gz"


def package(machines, profile):
    """Builds archives for the machines that Swift is used on: the package with its native library, one folder called SendIm."""
    DIST.mkdir(exist_ok=True)
    built = [packed([machine], profile) for machine in machines if machine.glibc or machine.macos and machine.native]
    macs = [machine for machine in machines if machine.macos and not machine.native]
    return built + ([packed(macs, profile), apple.zipped(archive(macs[0]))] if macs else [])


def packed(machines, profile):
    """The archive of a machine, or of Macs."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "SendIm"
        folder.mkdir()
        for name in SHIPPED:
            source = PACKAGE / name
            if source.is_dir():
                # Not what prepare.sh has left here: it is made anew, by the profile asked for.
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("SendImNative", "CSendIm.h"))
            else:
                shutil.copy(source, folder / name)
        for name in LICENSES:
            shutil.copy(workspace.ROOT / name, folder / name)
        (machine, *_) = machines
        prepare(profile if machine.native else "dev", folder)
        if not machine.native:
            shutil.rmtree(folder / "lib")
        if machine.macos and not machine.native:
            apple.framework(folder, [mac.build(profile) / mac.library("send_im_uniffi") for mac in machines])
        elif not machine.native:
            (folder / "lib").mkdir()
            shutil.copy(machine.build(profile) / machine.library("send_im_uniffi"), folder / "lib")
        with tarfile.open(archive(machine), "w:gz") as tar:
            tar.add(folder, arcname="SendIm")
    return archive(machine)


def clean_room():
    """Uses the built archive in an empty place, from which the clone cannot be seen: the README's five lines greet.

    Then the program is moved, with the library next to it, to where there is no package.
    """
    with tempfile.TemporaryDirectory() as work:
        room = Path(work).resolve()
        with tarfile.open(archive(host())) as tar:
            tar.extractall(room)
        folder = room / "consumer"
        folder.mkdir()
        first = readme_snippets(room / "SendIm" / "README.md")[0]
        names = consumer(folder, "../SendIm", [first])
        build(room, folder)
        greet(room, folder, folder / ".build" / "debug" / names[0])

        moved = room / "moved"
        moved.mkdir()
        shutil.copy(folder / ".build" / "debug" / names[0], moved)
        for library in (room / "SendIm" / "lib").iterdir():
            shutil.copy(library, moved)
        shutil.rmtree(room / "SendIm")
        greet(room, moved, moved / names[0])


def greet(room, folder, program):
    done = swift(room, folder, program, capture_output=True, text=True, timeout=HANG)
    if (done.returncode, done.stdout, done.stderr) != (0, GREETING, ""):
        raise RuntimeError(f"the program of the clean room did not greet: {done}")


def lint():
    """What swift-format and DocC have to say, as one sentence each; they have said more before."""
    prepare()
    build(workspace.ROOT, PACKAGE)
    checks = {
        "swift-format": [
            *["swift-format", "lint", "--strict", "--recursive", "--configuration", PACKAGE / ".swift-format"],
            *[PACKAGE / "Sources" / "SendIm", PACKAGE / "Tests", PACKAGE / "Package.swift", EXAMPLE / "main.swift"],
        ],
        "docc": ["sh", "-euc", DOCUMENTATION],
    }
    return [
        f"{name} failed, see above"
        for name, command in checks.items()
        if swift(workspace.ROOT, PACKAGE, *command).returncode
    ]


def example(arguments, environment=None):
    """The command line that runs the example, which is built before. It takes its account from the environment."""
    prepare()
    build(workspace.ROOT, EXAMPLE)
    return toolchains.swift_command(workspace.ROOT, EXAMPLE, ".build/debug/send", *arguments)
