"""The Swift package: its tests, and its archive used in an empty place."""

import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import apple
import package_tests
import toolchains
import workspace
from outcome import counted
from programs import GREETING, snippets
from targets import host
from workspace import DIST

PACKAGE = workspace.ROOT / "bindings" / "swift"
EXAMPLE = workspace.ROOT / "examples" / "swift" / "send"
TOOLCHAIN = workspace.ROOT / "tests" / "run" / "swift-toolchain.sh"
OLDEST = 6
# What does not belong to the archive; what prepare.sh has left is made anew, by the profile asked for.
NOT_SHIPPED = shutil.ignore_patterns("Tests", ".*", "*.sh", "lib", "SendImNative", "CSendIm.h", "*.xcframework", "Package.resolved")

ACCOUNT = {"SEND_IM_ADDRESS": "tosh@contoso.com", "SEND_IM_PASSWORD": "x"}
HANG = 120
# Seconds after which the tests of the package count as hanging; they take about one minute.
RUN_TIMEOUT = 1200

# SwiftPM 6.0 now and then breaks off with a segmentation fault while it plans a build. Nothing of ours runs then.
CRASHES = (-signal.SIGSEGV, 128 + signal.SIGSEGV)
BUILD_ATTEMPTS = 3

CONSUMER = """// swift-tools-version: 6.0
import PackageDescription
let package = Package(
    name: "consumer",
    platforms: [.macOS(.v13)],
    dependencies: [.package(name: "SendIm", path: "{path}")],
    targets: [{targets}]
)
"""


def on_path():
    """True if Swift itself is on PATH. OpenStack has a command of that name too."""
    if not shutil.which("swift"):
        return False
    told = subprocess.run(["swift", "--version"], capture_output=True, text=True)
    version = re.search(r"Swift version (\d+)", told.stdout)
    return bool(version) and int(version[1]) >= OLDEST


def problem():
    """Why the Swift package cannot be built here, or None."""
    if (missing := workspace.cargo_problem()) or on_path():
        return missing
    told = subprocess.run([TOOLCHAIN, "problem"], capture_output=True, text=True)
    return told.stdout.strip() or told.stderr.strip() or None


def toolchain():
    """Swift 6 in the cache folder, where there is none."""
    if not on_path():
        toolchains.get({"mmdebstrap": "mmdebstrap"})
        workspace.run(TOOLCHAIN, "make", check=True)


def command(folder, inside, *words):
    """The command line that runs these words in `inside`, a folder in `folder`, where Swift is.

    Without a Swift on PATH the command sees no other folder of this machine than `folder`.
    """
    if on_path():
        return ["sh", "-c", 'cd "$1"; shift; exec "$@"', "sh", str(inside), *map(str, words)]
    return [str(TOOLCHAIN), "run", str(folder), str(inside), *map(str, words)]


def swift(folder, inside, *words, **options):
    """Runs a command where Swift is."""
    sys.stdout.flush()
    return subprocess.run(command(folder, inside, *words), **options)


def build(folder, inside, *options):
    """`swift build`, whose progress is shown only where it fails."""
    for _ in range(BUILD_ATTEMPTS):
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
        done = swift(folder, inside, "swift", "build", *options, **quiet)
        if done.returncode not in CRASHES:
            break
        print(f"swift build itself crashed ({done.returncode}); once more")
    if done.returncode:
        print(done.stdout)
        done.check_returncode()


def prepare(*arguments):
    """Completes a package: the native library and the code that calls it."""
    workspace.run(PACKAGE / "prepare.sh", *(arguments or ["dev"]), check=True)


def run():
    """The package's own tests, every snippet of its README, and the example."""
    prepare()
    build(workspace.ROOT, PACKAGE, "--build-tests")
    build(workspace.ROOT, EXAMPLE)
    # XCTest has no time limit of its own here. A call that hangs must not hang everything.
    own = counted(*command(workspace.ROOT, PACKAGE, "swift", "test", "--skip-build"), timeout=RUN_TIMEOUT)
    return own + package_tests.run(PACKAGE / "Tests")


def driver():
    """The command line of the scenarios' driver."""
    prepare()
    build(workspace.ROOT, PACKAGE, "--product", "driver")
    return command(workspace.ROOT, PACKAGE, ".build/debug/driver")


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
    built = [packed([machine], profile) for machine in machines if machine.glibc or machine.macos and machine.native]
    macs = [machine for machine in machines if machine.macos and not machine.native]
    return built + ([packed(macs, profile), apple.zipped(archive(macs[0]))] if macs else [])


def packed(machines, profile):
    """The archive of a machine, or of Macs."""
    (machine, *_) = machines
    libraries = [each.build(profile) / each.library("send_im_uniffi") for each in machines]
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "SendIm"
        shutil.copytree(PACKAGE, folder, ignore=NOT_SHIPPED)
        for text in workspace.ROOT.glob("LICENSE-*"):
            shutil.copy(text, folder)
        if machine.native:
            prepare(profile, folder)
        else:
            prepare("dev", folder, libraries[0])
        if machine.macos and not machine.native:
            shutil.rmtree(folder / "lib")
            apple.framework(folder, libraries)
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
        (name,) = consumer(folder, "../SendIm", readme_snippets(room / "SendIm" / "README.md")[:1])
        build(room, folder)
        greet(room, folder, folder / ".build" / "debug" / name)

        moved = room / "moved"
        shutil.copytree(room / "SendIm" / "lib", moved)
        shutil.copy(folder / ".build" / "debug" / name, moved)
        shutil.rmtree(room / "SendIm")
        greet(room, moved, moved / name)


def greet(room, folder, program):
    done = swift(room, folder, program, capture_output=True, text=True, timeout=HANG)
    if (done.returncode, done.stdout, done.stderr) != (0, GREETING, ""):
        raise RuntimeError(f"the program of the clean room did not greet: {done}")


def lint():
    """What swift-format and DocC have to say, as one sentence each; they have said more before."""
    prepare()
    build(workspace.ROOT, PACKAGE)
    style = ["swift-format", "lint", "--strict", "--recursive", "--configuration", PACKAGE / ".swift-format"]
    sources = [PACKAGE / "Sources" / "SendIm", PACKAGE / "Tests", PACKAGE / "Package.swift", EXAMPLE / "main.swift"]
    checks = {"swift-format": [*style, *sources], "docc": ["./docs.sh"]}
    return [f"{name} failed, see above" for name, words in checks.items() if swift(workspace.ROOT, PACKAGE, *words).returncode]


def example(arguments):
    """The command line that runs the example, which is built before. It takes its account from the environment."""
    prepare()
    build(workspace.ROOT, EXAMPLE)
    return command(workspace.ROOT, EXAMPLE, ".build/debug/send", *arguments)
