"""Swift as the package is built and tested with it: that on PATH, or the one of bindings/swift/toolchain.sh."""

import re
import signal
import subprocess
import sys

import toolchains
from outcome import counted
from workspace import BINDINGS, ROOT, run

PACKAGE = BINDINGS / "swift"
EXAMPLE = ROOT / "examples" / "swift" / "send"
TOOLCHAIN = PACKAGE / "toolchain.sh"
OLDEST = 6
# Seconds after which the tests count as hanging: XCTest has no limit of its own here, and they take about a minute.
HANG = 1200
# SwiftPM 6.0 now and then breaks off with a segmentation fault while it plans a build. Nothing of ours runs then.
CRASHES = (-signal.SIGSEGV, 128 + signal.SIGSEGV)
BUILD_ATTEMPTS = 3


def on_path():
    """True if Swift itself is on PATH. OpenStack has a command of that name too."""
    version = re.search(r"Swift version (\d+)", toolchains.said("swift", "--version"))
    return bool(version) and int(version[1]) >= OLDEST


def problem():
    """Why the Swift package cannot be built here, or None."""
    return None if on_path() else toolchains.said(TOOLCHAIN, "problem").strip() or None


def toolchain():
    """Swift 6 in the cache folder, where there is none."""
    if not on_path():
        toolchains.get({"mmdebstrap": "mmdebstrap"})
        run(TOOLCHAIN, "make", check=True)


def command(inside, *words, folder=ROOT):
    """The command line that runs these words in `inside`, where Swift is: a command that sees no other folder of this machine than
    `folder`, in which that lies, unless Swift is on PATH.
    """
    if on_path():
        return ["sh", "-c", 'cd "$1"; shift; exec "$@"', "sh", str(inside), *map(str, words)]
    return [str(TOOLCHAIN), "run", str(folder), str(inside), *map(str, words)]


def build(inside, *options, folder=ROOT):
    """`swift build`, whose progress is shown only where it fails."""
    for _ in range(BUILD_ATTEMPTS):
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
        done = subprocess.run(command(inside, "swift", "build", *options, folder=folder), **quiet)
        if done.returncode not in CRASHES:
            break
        print(f"swift build itself crashed ({done.returncode}); once more")
    if done.returncode:
        print(done.stdout)
        done.check_returncode()


def tests():
    """The package's own tests; those in Python want the example."""
    build(PACKAGE, "--build-tests")
    build(EXAMPLE)
    return counted(*command(PACKAGE, "swift", "test", "--skip-build"), timeout=HANG)


def driver():
    """The command line of the scenarios' driver."""
    build(PACKAGE, "--product", "driver")
    return command(PACKAGE, ".build/debug/driver")


def example():
    """The command line of the example."""
    build(EXAMPLE)
    return command(EXAMPLE, ".build/debug/send")


def lint():
    """What swift-format and DocC have to say, as one sentence each; they have said more before."""
    build(PACKAGE)
    style = ["swift-format", "lint", "--strict", "--recursive", "--configuration", PACKAGE / ".swift-format"]
    sources = [PACKAGE / "Sources" / "SendIm", PACKAGE / "Tests", PACKAGE / "Package.swift", EXAMPLE / "main.swift"]
    sys.stdout.flush()
    checks = {"swift-format": [*style, *sources], "docc": ["./docs.sh"]}
    return [f"{name} failed, see above" for name, words in checks.items() if subprocess.run(command(PACKAGE, *words)).returncode]
