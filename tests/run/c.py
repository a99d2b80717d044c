"""The C library: its tests, its tarball, and the tarball used in an empty place."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from functools import lru_cache
from pathlib import Path

import c_consumers
import cargo
import programs
import toolchains
import workspace
from outcome import Outcome, tap
from programs import HANG, clean, ended
from targets import host

PACKAGE = workspace.ROOT / "bindings" / "c"
TESTS = PACKAGE / "tests"
EXAMPLES = workspace.ROOT / "examples"
DIST = workspace.ROOT / "dist"
DARWIN = sys.platform == "darwin"

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"]
C99 = ["cc", "-std=c99", *STRICT]
CPP = ["c++", "-x", "c++", "-std=c++17", *STRICT]
UNITS = [TESTS / f"{name}.c" for name in ("check", "sends", "errors", "misuse", "calls", "threads", "closing")]




def problem():
    """Why the library cannot be built and tested here, or None."""
    if os.name == "nt":
        return "the tests of the C library need a Unix"
    for tool, way in (
        ("cargo", "install Rust from rustup.rs"),
        ("cc", "on Debian: apt install gcc"),
        ("c++", "on Debian: apt install g++"),
        ("pkg-config", "on Debian: apt install pkg-config"),
    ):
        if not shutil.which(tool):
            return f"no {tool} on PATH ({way})"
    return None


def toolchain():
    """A compiler for C and C++, pkg-config, CMake for the tarball, and valgrind for the tests under it."""
    if not all(map(shutil.which, ("cc", "c++", "pkg-config", "cmake", "valgrind"))):
        toolchains.debian("gcc", "g++", "libc6-dev", "pkg-config", "cmake", "make", "valgrind")


def abi():
    """The number of the interface."""
    return re.search(r"^const ABI: u32 = (\d+);", (PACKAGE / "build.rs").read_text(), re.MULTILINE)[1]


def system(machine):
    """What the Rust standard library asks of a program that takes the static library."""
    if machine.macos:
        return "-framework CoreFoundation -framework Security -lSystem"
    if machine.windows:
        # What gcc brings by itself, clang takes from LLVM.
        unwind = "-lunwind " if machine.zig else ""
        return f"{unwind}-lntdll -luserenv -lws2_32 -lbcrypt -lcrypt32 -ladvapi32 -lshell32 -lole32 -loleaut32"
    # Where the C library is musl, its parts are one, and programs are static.
    return "-lgcc_eh -lc" if machine.musl else "-lgcc_s -lutil -lrt -lpthread -lm -ldl"


def install(prefix, profile, *features, machine=None):
    """Builds the library and puts it under `prefix` as a system has it. The place may be moved afterwards."""
    machine = machine or host()
    if machine.native:
        chosen = ["--features", ",".join(features)] if features else []
        workspace.run("cargo", "build", "--quiet", "-p", "send-im-c", "--profile", profile, *chosen, check=True)
    named = tuple(f"send-im-c/{feature}" for feature in features)
    built = machine.folder(profile) if machine.native else machine.build(profile, features=named)
    library, documents, cmake = prefix / "lib", prefix / "share" / "doc" / "send_im", prefix / "lib" / "cmake" / "send-im"
    for folder in (prefix / "include", library / "pkgconfig", documents, cmake):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(PACKAGE / "include" / "send_im.h", prefix / "include")
    shutil.copy(built / "libsend_im.a", library)
    if not machine.native and machine.strip:
        workspace.run(*machine.strip, library / "libsend_im.a", check=True)
    name = f"libsend_im.{abi()}.dylib" if machine.macos else f"libsend_im.so.{abi()}"
    if machine.windows:
        install_windows(prefix, machine, built)
    else:
        shutil.copy(built / machine.library(), library / name)
        link = library / machine.library()
        link.unlink(missing_ok=True)
        link.symlink_to(name)
    (library / "pkgconfig" / "send_im.pc").write_text(
        "prefix=${pcfiledir}/../..\n"
        "libdir=${prefix}/lib\n"
        "includedir=${prefix}/include\n\n"
        "Name: send_im\n"
        "Description: Delivers instant messages to Skype for Business and Lync users\n"
        f"Version: {workspace.version()}\n"
        "Cflags: -I${includedir}\n"
        "Libs: -L${libdir} -lsend_im\n"
        f"Libs.private: {system(machine)}\n"
    )
    values = {
        "VERSION": workspace.version(),
        "LINE": re.match(r"0\.\d+|\d+", workspace.version())[0],
        "SHARED": f"bin/{machine.library()}" if machine.windows else f"lib/{name}",
        "SONAME": f"@rpath/{name}" if machine.macos else name,
        "SYSTEM": re.sub(r"(?<!-framework) ", ";", system(machine)),
    }
    for template, place in (*((file, cmake) for file in PACKAGE.glob("cmake/*.in")), (PACKAGE / "conanfile.py", prefix)):
        (place / template.name.removesuffix(".in")).write_text(re.sub("@([A-Z]+)@", lambda name: values[name[1]], template.read_text()))
    licences = [workspace.ROOT / "LICENSE-MIT", workspace.ROOT / "LICENSE-APACHE"]
    for text in (PACKAGE / "README.md", PACKAGE / "ABI.md", *licences):
        shutil.copy(text, documents)


def install_windows(prefix, machine, built):
    """The DLL where Windows looks for it, and import libraries: for mingw's linker, and for Microsoft's."""
    (prefix / "bin").mkdir(exist_ok=True)
    shutil.copy(built / machine.library(), prefix / "bin")
    shutil.copy(built / "libsend_im.dll.a", prefix / "lib")
    with tempfile.TemporaryDirectory() as work:
        names = Path(work) / "send_im.def"
        names.write_text("LIBRARY send_im.dll\nEXPORTS\n" + "".join(f"{name}\n" for name in sorted(declared())))
        kind = {"x86_64": "i386:x86-64", "i686": "i386", "aarch64": "arm64"}[machine.triple.split("-")[0]]
        tool = [workspace.PYTHON, "-m", "ziglang", "dlltool", "-m", kind]
        workspace.run(*tool, "-d", names, "-l", prefix / "lib" / "send_im.lib", check=True)


def declared():
    """The functions of the header."""
    header = (PACKAGE / "include" / "send_im.h").read_text()
    return set(re.findall(r"^[\w *]*?\b(send_im\w*)\(", header, re.MULTILINE))


def pkg_config(prefix, *arguments):
    """What pkg-config tells of the library there."""
    environment = {"PATH": os.environ["PATH"], "PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}
    told = subprocess.run(["pkg-config", *arguments, "send_im"], env=environment, capture_output=True, text=True, check=True)
    return shlex.split(told.stdout)


def compiled(compiler, sources, out, prefix, *more):
    """Compiles a program against the library there; it finds it when it runs."""
    flags = pkg_config(prefix, "--cflags", "--libs")
    rpath = f"-Wl,-rpath,{prefix / 'lib'}"
    # The language was named for the sources alone.
    rest = ["-x", "none"] if "-x" in compiler else []
    workspace.run(*compiler, *more, *sources, "-o", out, *rest, *flags, rpath, "-pthread", check=True)
    return out


@lru_cache(maxsize=None)
def prepared():
    """The debug library as the tests use it, installed once a run."""
    prefix = workspace.target_dir() / "send-im-c"
    shutil.rmtree(prefix, ignore_errors=True)
    install(prefix, "dev", "panic-test")
    (prefix / "bin").mkdir()
    return prefix


def program(name, compiler=C99, *more):
    """A test program of one file."""
    return compiled(compiler, [TESTS / f"{name}.c"], prepared() / "bin" / name, prepared(), *more)


def units(name, compiler, *more):
    """The runner of the tests."""
    return compiled(
        compiler, UNITS, prepared() / "bin" / name, prepared(), f"-I{TESTS}", *more
    )


def tests(command, **more):
    """Runs a runner of tests, shows its output, and counts."""
    environment = dict(clean(), **more)
    parts = list(map(str, command))
    print("#", *(Path(part).name for part in parts if not part.startswith("-")), flush=True)
    ended = subprocess.run(parts, env=environment, capture_output=True, text=True, timeout=HANG)
    print(ended.stdout + ended.stderr, flush=True)
    return tap(ended.stdout.splitlines()).ended(Path(command[-1]).name, ended.returncode)


def snippets(mark="c"):
    """The programs of the README, or its commands."""
    return programs.snippets(PACKAGE / "README.md", mark)


def pack(prefix, tarball, name):
    """Puts what is installed there into a tarball, in a folder of this name."""
    with tarfile.open(tarball, "w:gz") as packed:
        packed.add(prefix, name)


def greet(room):
    """Does in this folder, which has the tarball, what the README says: its commands, with its first lines as hello.c."""
    (room / "hello.c").write_text(snippets()[0])
    commands = snippets("sh")[0]
    greeted(ended(["sh", "-e", "-c", f"cd '{room}'\n{commands}"]))


def greeted(done):
    """Checks the end of the README's first lines."""
    if (done.returncode, done.stderr) != (0, "") or [message["text"] for message in json.loads(done.stdout)] != ["hello world"]:
        raise AssertionError(f"the README's lines did not greet: {done}")


def valgrind():
    """The tests under valgrind: nothing lost, nothing read that was not written."""
    if not shutil.which("valgrind"):
        return Outcome(skipped=1, why=["no valgrind on PATH (on Debian: apt install valgrind)"])
    leaks = ["--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]
    watch = ["valgrind", "--quiet", "--error-exitcode=9", *leaks]
    # valgrind does not follow the assembly of the TLS library, and takes what it made for memory that nobody wrote.
    return tests([*watch, units("tests", C99)], SEND_IM_QUICK="1", SEND_IM_NO_TLS="1")


def address_sanitizer():
    """The tests compiled with AddressSanitizer, which watches the allocations of the library too."""
    probe = prepared() / "bin" / "probe.c"
    probe.write_text("int main(void) { return 0; }\n")
    if subprocess.run(["cc", "-fsanitize=address", probe, "-o", probe.with_suffix("")], capture_output=True).returncode:
        return Outcome(skipped=1, why=["this compiler has no AddressSanitizer (on Debian: apt install libasan6)"])
    return tests([units("tests-asan", C99, "-fsanitize=address", "-fno-omit-frame-pointer")], SEND_IM_QUICK="1")


def driver():
    """The command line of the scenarios' driver."""
    return [program("driver")]


def on(machine, *options):
    """The tests in C, as another machine runs them."""
    with tempfile.TemporaryDirectory() as work:
        prefix = Path(work).resolve()
        install(prefix, "dev", "panic-test", machine=machine)
        compiler = [*machine.compiler, "-std=c99", *options]
        return tests([*machine.run, compiled(compiler, UNITS, prefix / "tests", prefix, f"-I{TESTS}")])


def rust():
    """The tests of the crate, and whether the header is up to date."""
    return cargo.test("-p", "send-im-c")


def run():
    """All tests."""
    outcome = rust()
    outcome += tests([units("tests", C99)])
    outcome += tests([units("tests-cpp", CPP)])
    return outcome + address_sanitizer() + valgrind() + workspace.pytest(TESTS)


def one(name):
    """The test of this name, as C."""
    ended = subprocess.run([units("tests", C99), name], env=clean(), capture_output=True, text=True, timeout=HANG)
    print(ended.stdout + ended.stderr, flush=True)
    outcome = tap(ended.stdout.splitlines())
    if not (outcome.passed or outcome.failed):
        sys.exit(f"c: there is no test {name}")
    return outcome.ended(name, ended.returncode)


def package(machines, profile):
    """Builds an archive for each machine: header, libraries, pkg-config file, texts."""
    return [package_for(machine, profile) for machine in machines]


def package_for(machine, profile):
    """The archive of one machine."""
    name = f"send_im-{workspace.version()}-{machine.name}"
    DIST.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        prefix = Path(work) / name
        install(prefix, profile, machine=machine)
        if machine.windows:
            return Path(shutil.make_archive(DIST / name, "zip", work, name))
        pack(prefix, DIST / f"{name}.tar.gz", name)
    return DIST / f"{name}.tar.gz"


def clean_room():
    """Does what the README says in an empty place: unpacks the built tarball, compiles its first lines and runs them."""
    tarball = DIST / f"send_im-{workspace.version()}-{host().name}.tar.gz"
    with tempfile.TemporaryDirectory() as work:
        room = Path(work).resolve()
        shutil.copy(tarball, room)
        greet(room)
        prefix = room / "send_im"
        linked = subprocess.run(["ldd", room / "hello"], capture_output=True, text=True).stdout if not DARWIN else str(prefix)
        if str(prefix) not in linked:
            raise RuntimeError(f"the clean room did not use the library in it: {linked}")
        symbols = subprocess.run(["nm", "-g", prefix / "lib" / "libsend_im.a"], capture_output=True, text=True).stdout
        if "send_im_panic_for_tests" in symbols:
            raise RuntimeError("the tarball holds the test library")
        for taken in (c_consumers.with_cmake, c_consumers.with_conan):
            for built in taken(room, snippets()[0], prefix):
                greeted(ended([built], clean()))


def example(arguments, environment=None):
    """The command line that runs the example in C, which is built before. It takes its account from the environment."""
    sources = [EXAMPLES / "c" / "send.c"]
    return [str(compiled(C99, sources, prepared() / "bin" / "send", prepared())), *arguments]


def example_cpp(arguments, environment=None):
    """The same for the example in C++."""
    sources = [EXAMPLES / "cpp" / "send.cpp"]
    return [str(compiled(CPP, sources, prepared() / "bin" / "send-cpp", prepared())), *arguments]


def main():
    """What bindings/c/Makefile calls."""
    if missing := problem():
        sys.exit(f"c: {missing}")
    if sys.argv[1:2] == ["install"]:
        install(Path(sys.argv[2]), os.environ.get("SEND_IM_PROFILE", "release"))
        # A recipe is for an archive.
        (Path(sys.argv[2]) / "conanfile.py").unlink()
    else:
        workspace.install_pytest()
        outcome = one(sys.argv[2]) if sys.argv[2:] else run()
        print(f"{outcome.passed} passed, {outcome.failed} failed", *outcome.why, sep="\n")
        sys.exit(1 if outcome.failed else 0)


if __name__ == "__main__":
    main()
