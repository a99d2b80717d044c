"""The C library: its tests, and its archive used in an empty place. bindings/c/Makefile builds, tests and packs."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import c_consumers
import programs
import toolchains
import workspace
from outcome import counted
from programs import clean, ended
from targets import host
from workspace import DIST

PACKAGE = workspace.ROOT / "bindings" / "c"
# Where the Makefile puts what is tested.
PREFIX = workspace.target_dir() / "send-im-c"
TOOLS = {"make": "make", "cc": "gcc", "c++": "g++", "pkg-config": "pkg-config"}


def problem():
    """Why the library cannot be built and tested here, or None."""
    return "the tests of the C library need a Unix" if os.name == "nt" else toolchains.lacks(TOOLS)


def toolchain():
    """A compiler for C and C++, pkg-config, CMake for the archive, and valgrind for the tests under it."""
    toolchains.get({**TOOLS, "cmake": "cmake", "valgrind": "valgrind"}, "libc6-dev")


def make(*arguments, **variables):
    """Runs make on the package."""
    chosen = [f"{name}={value}" for name, value in variables.items()]
    workspace.run("make", "--silent", "-C", PACKAGE, *arguments, *chosen, check=True)


def built_for(machine, profile, features=()):
    """What the Makefile must know of a machine, whose library is built."""
    system = "macos" if machine.macos else "windows" if machine.windows else "musl" if machine.musl else "linux"
    values = {"SYSTEM": f"{system}-llvm" if machine.windows and machine.zig else system, "NAME": machine.name}
    values |= {"BUILT": machine.build(profile, features=features), "PYTHON": sys.executable}
    if not machine.native:
        values["STRIP"] = " ".join(map(str, machine.strip))
    if machine.windows:
        kind = {"x86_64": "i386:x86-64", "i686": "i386", "aarch64": "arm64"}[machine.triple.split("-")[0]]
        values["DLLTOOL"] = f"{workspace.PYTHON} -m ziglang dlltool -m {kind}"
    return values


def install(prefix, profile):
    """Builds the library and puts it under `prefix` as a system has it. The place may be moved afterwards."""
    make("install", PREFIX=prefix, SEND_IM_PROFILE=profile)


def declared():
    """The functions of the header."""
    header = (PACKAGE / "include" / "send_im.h").read_text()
    return set(re.findall(r"^[\w *]*?\b(send_im\w*)\(", header, re.MULTILINE))


def snippets(mark="c"):
    """The programs of the README, or its commands."""
    return programs.snippets(PACKAGE / "README.md", mark)


def greet(room):
    """Does in this folder, which has the archive, what the README says: its commands, with its first lines as hello.c."""
    (room / "hello.c").write_text(snippets()[0])
    commands = snippets("sh")[0]
    greeted(ended(["sh", "-e", "-c", f"cd '{room}'\n{commands}"]))


def greeted(done):
    """Checks the end of the README's first lines."""
    if (done.returncode, done.stderr) != (0, "") or [message["text"] for message in json.loads(done.stdout)] != ["hello world"]:
        raise AssertionError(f"the README's lines did not greet: {done}")


def on(machine, *options):
    """The tests in C, as another machine runs them."""
    with tempfile.TemporaryDirectory() as work:
        values = built_for(machine, "dev", ("send-im-c/panic-test",))
        values |= {"HERE": work, "CC": " ".join(machine.compiler), "CFLAGS": " ".join(options), "STRICT": "", "RUN": " ".join(machine.run)}
        return counted("make", "-C", PACKAGE, "check-c", *(f"{name}={value}" for name, value in values.items()))


def run():
    """All tests."""
    return counted("make", "-k", "-C", PACKAGE, "check", f"PYTHON={sys.executable}")


def program(name):
    """A program that the Makefile builds with the library that is tested."""
    make(f"bin/{name}")
    return PREFIX / "bin" / name


def driver():
    """The command line of the scenarios' driver."""
    return [program("driver")]


def package(machines, profile):
    """Builds an archive for each machine: header, libraries, what pkg-config, CMake and Conan read, texts."""
    for machine in machines:
        make("archive", SEND_IM_PROFILE=profile, **built_for(machine, profile))
        yield DIST / f"send_im-{workspace.version()}-{machine.name}.{'zip' if machine.windows else 'tar.gz'}"


def clean_room():
    """Does what the README says in an empty place: unpacks the archive, compiles its first lines and runs them. So do others' builds."""
    with tempfile.TemporaryDirectory() as work:
        room = Path(work).resolve()
        shutil.copy(DIST / f"send_im-{workspace.version()}-{host().name}.tar.gz", room)
        greet(room)
        prefix = room / "send_im"
        symbols = subprocess.run(["nm", "-g", prefix / "lib" / "libsend_im.a"], capture_output=True, text=True).stdout
        if "send_im_panic_for_tests" in symbols:
            raise RuntimeError("the archive holds the test library")
        for taken in (c_consumers.with_cmake, c_consumers.with_conan):
            for built in taken(room, snippets()[0], prefix):
                greeted(ended([built], clean()))


def example(arguments):
    """The command line that runs the example in C, which is built before. It takes its account from the environment."""
    return [str(program("send")), *arguments]


def example_cpp(arguments):
    """The same for the example in C++."""
    return [str(program("send-cpp")), *arguments]
