"""How the Swift package is built and tested with the Swift that bindings/swift/toolchain.sh finds or makes."""

import signal
import subprocess
import sys

import toolchains
from outcome import counted
from workspace import BINDINGS, ROOT, run

PACKAGE = BINDINGS / "swift"
EXAMPLE = ROOT / "examples" / "swift" / "send"
TOOLCHAIN = PACKAGE / "toolchain.sh"
# Seconds after which the tests count as hanging: XCTest has no limit of its own here, and they take about a minute.
HANG = 1200
# SwiftPM 6.0 now and then breaks off with a segmentation fault while it plans a build. Nothing of ours runs then.
CRASHES = (-signal.SIGSEGV, 128 + signal.SIGSEGV)
BUILD_ATTEMPTS = 3


def problem():
    """Why the Swift package cannot be built here, or None."""
    return toolchains.said(str(TOOLCHAIN), "problem").strip() or None


def toolchain():
    """Swift 6 in the cache folder, where there is none."""
    if problem():
        toolchains.get({"mmdebstrap": "mmdebstrap"})
        run(TOOLCHAIN, "make", check=True)


def command(inside, *words, folder=ROOT):
    """The command line that runs these words in `inside`, where Swift is. It may see no other folder of this machine than `folder`."""
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
