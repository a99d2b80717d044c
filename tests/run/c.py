"""The C library: its tests, its tarball, and the tarball used in an empty place. On its own it builds the tarball."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from functools import lru_cache
from pathlib import Path

import c_consumers
import cargo
import toolchains
import workspace
from outcome import Outcome, checked, tests_in
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


# Of the memory test: the first three windows warm up. What is lost once a round makes 280 blocks more.
WINDOWS, ROUNDS, GROWTH = 10, 40, 100
HANG = 600


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


def tap(command, **more):
    """Runs a runner of tests, shows its output, and counts."""
    outcome, planned = Outcome(), None
    environment = dict(clean(), **more)
    ended = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, timeout=HANG)
    print(ended.stdout + ended.stderr, flush=True)
    for line in ended.stdout.splitlines():
        outcome.passed += line.startswith("ok ")
        outcome.failed += line.startswith("not ok ")
        if line.startswith("1.."):
            planned = int(line[3:])
    if outcome.failed == 0 and (ended.returncode != 0 or planned != outcome.passed):
        outcome.failed = 1
        outcome.why.append(f"{Path(command[-1]).name} ended with {ended.returncode}, see above")
    return outcome


def clean():
    """The environment without an account of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SEND_IM_", "RUST_"))}


class Sandbox:
    """A sandbox in a process of its own, as the command serves it."""

    def __enter__(self):
        workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", check=True)
        # Thousands of invitations go to it: nobody takes the time that people take.
        command = [str(workspace.command()), "sandbox", "--answer-after", "0s"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()
        self.account = dict(
            clean(), SEND_IM_SERVER=self.url, SEND_IM_ADDRESS="tosh@contoso.com", SEND_IM_PASSWORD="s3cret-of-tosh"
        )
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.stdout.close()
        self.process.wait(timeout=30)

    def get(self, what):
        with urllib.request.urlopen(f"{self.url}sandbox/api/{what}") as answer:
            return json.load(answer)

    def texts(self):
        return [message["text"] for message in self.get("messages")]


def ended(command, environment):
    """Runs a program to its end."""
    return subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, timeout=HANG)


def same(got, wanted):
    if got != wanted:
        raise AssertionError(f"got {got!r}, wanted {wanted!r}")


def snippets(mark="c"):
    """The programs of the README, or its commands."""
    return re.findall(rf"^```{mark}\n(.*?)^```", (PACKAGE / "README.md").read_text(), re.DOTALL | re.MULTILINE)


def pack(prefix, tarball, name):
    """Puts what is installed there into a tarball, in a folder of this name."""
    with tarfile.open(tarball, "w:gz") as packed:
        packed.add(prefix, name)


def greet(room):
    """Does in this folder, which has the tarball, what the README says: its commands, with its first lines as hello.c."""
    (room / "hello.c").write_text(snippets()[0])
    (commands,) = snippets("sh")
    greeted(ended(["sh", "-e", "-c", f"cd '{room}'\n{commands}"], clean()))


def greeted(done):
    """Checks the end of the README's first lines."""
    same((done.returncode, done.stderr), (0, ""))
    same([message["text"] for message in json.loads(done.stdout)], ["hello world"])


def test_the_commands_of_the_readme_build_and_run_its_first_lines():
    with tempfile.TemporaryDirectory() as work:
        room = Path(work).resolve()
        pack(prepared(), room / f"send_im-{workspace.version()}-here.tar.gz", "send_im-here")
        greet(room)


def test_the_programs_of_the_readme_run():
    source = prepared() / "bin" / "readme.c"
    for compiler, name in ((C99, "readme"), (CPP, "readme-cpp")):
        source.write_text(snippets()[0])
        greeted(ended([compiled(compiler, [source], source.with_name(name), prepared())], clean()))
        source.write_text(snippets()[1])
        with Sandbox() as sandbox:
            done = ended([compiled(compiler, [source], source.with_name(name), prepared())], sandbox.account)
            same((done.returncode, done.stdout, done.stderr), (0, "delivered\n", ""))
            same(sandbox.texts(), ["hello world"])
    body = """static void idle(void) {}
int main(void) {
    send_im_client *client = NULL;
    if (send_both(NULL) || send_im_client_sign_in(NULL, &client) || send_and_work(client, idle)) return 1;
    send_im_client_free(client);
    return !send_im_shutdown(10000);
}
"""
    source.write_text(f"#include <send_im.h>\n{snippets()[2]}{snippets()[3]}{body}")
    with Sandbox() as sandbox:
        same(ended([compiled(C99, [source], source.with_name("both"), prepared())], sandbox.account).returncode, 0)
        same(sandbox.texts(), ["first", "second", "disk full"])


def test_the_examples_send_and_end_with_the_exit_code_of_the_error():
    with Sandbox() as sandbox:
        for command in (example, example_cpp):
            done = ended(command(["lenea@contoso.com", "disk full"]), sandbox.account)
            same((done.returncode, done.stdout), (0, "lenea@contoso.com accepted the message (invitation_accepted).\n"))
            busy = ended(command(["busy@contoso.com", "disk full"]), sandbox.account)
            same((busy.returncode, busy.stdout, busy.stderr.count("\n")), (4, "", 1))
            same(ended(command([]), sandbox.account).returncode, 2)
        same(sandbox.texts(), ["disk full"] * 2)


def test_the_examples_name_the_recipient_where_the_server_does_not_say_who_accepted():
    nobody = prepared() / "bin" / "nobody.o"
    # In the place of the library's own.
    code = "#include <send_im.h>\nconst char *send_im_receipt_accepted_by(const send_im_receipt *receipt) { return (void)receipt, NULL; }\n"
    nobody.with_suffix(".c").write_text(code)
    workspace.run(*C99, "-c", nobody.with_suffix(".c"), "-o", nobody, *pkg_config(prepared(), "--cflags"), check=True)
    with Sandbox() as sandbox:
        for compiler, source in ((C99, EXAMPLES / "c" / "send.c"), (CPP, EXAMPLES / "cpp" / "send.cpp")):
            sources = [source, *(["-x", "none"] if "-x" in compiler else []), nobody]
            send = compiled(compiler, sources, nobody.with_name("send-nobody"), prepared())
            done = ended([send, "lenea@contoso.com", "hi"], sandbox.account)
            same((done.returncode, done.stdout), (0, "lenea@contoso.com accepted the message (invitation_accepted).\n"))


def test_a_program_may_end_during_a_send():
    ending = program("ending")
    with Sandbox() as sandbox:
        done = ended([ending], sandbox.account)
        same((done.returncode, done.stdout, done.stderr), (17, "", ""))
        for shut_down in ("shutdown", "at exit"):
            done = ended([ending, shut_down], sandbox.account)
            same((done.returncode, done.stdout, done.stderr), (17, "cancelled\n", ""))
        same(sandbox.texts(), [])


def test_many_sends_leave_nothing_behind():
    with Sandbox() as sandbox:
        done = ended([program("memory"), sandbox.url, WINDOWS, ROUNDS], clean())
    same((done.returncode, done.stderr), (0, ""))
    *windows, end = done.stdout.splitlines()
    blocks, objects = zip(*(map(int, window.split()) for window in windows))
    print(f"# blocks of memory after each {ROUNDS} rounds: {blocks}")
    # The options and the client, then neither.
    same((objects, end), ((2,) * WINDOWS, "0"))
    if blocks[-1] - blocks[2] > GROWTH:
        raise AssertionError(f"{blocks[-1] - blocks[2]} blocks are more than {GROWTH}: {blocks}")


def test_the_library_stays_when_a_host_closes_it():
    library = (prepared() / "lib" / "libsend_im.so").resolve()
    closing = (
        "import _ctypes, sys; handle = _ctypes.dlopen(sys.argv[1], 2); _ctypes.dlclose(handle); "
        "print(sys.argv[1] in open('/proc/self/maps').read())"
    )
    if not DARWIN:
        same(ended([sys.executable, "-c", closing, library], clean()).stdout, "True\n")


def test_the_library_exports_what_the_header_declares():
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", prepared() / "lib" / "libsend_im.so"], capture_output=True, text=True, check=True
    )
    exported = {line.split()[-1] for line in listed.stdout.splitlines()} - {"send_im_panic_for_tests"}
    same(exported, declared())


def test_a_compiler_warns_where_an_error_is_ignored():
    header = (PACKAGE / "include" / "send_im.h").read_text()
    fallible = re.findall(r"^(SEND_IM_MUST_USE\s)?SEND_IM_API\ssend_im_error \*", header, re.MULTILINE)
    same((all(fallible), len(fallible) > 20), (True, True))
    source = prepared() / "bin" / "ignored.c"
    source.write_text('#include <send_im.h>\nint main(void) { send_im(NULL, "a", "b", NULL); return 0; }\n')
    for compiler, attribute in ((C99, "warn_unused_result"), (CPP, "nodiscard")):
        command = [*compiler, "-c", source, "-o", source.with_suffix(".o"), *pkg_config(prepared(), "--cflags")]
        told = subprocess.run(command, capture_output=True, text=True)
        same((told.returncode != 0, attribute in told.stderr, "unused-result" in told.stderr), (True,) * 3)


def test_on_windows_every_function_is_imported_unless_the_static_library_is_linked():
    source = prepared() / "bin" / "windows.c"
    source.write_text("#include <send_im.h>\n")
    counts = []
    for static in ([], ["-DSEND_IM_STATIC"]):
        command = ["cc", "-E", "-P", "-D_WIN32", *static, *pkg_config(prepared(), "--cflags"), source]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        counts.append((told.count("__declspec(dllimport)"), len(re.findall(r"\bsend_im\w*\(", told))))
    (imported, functions), (none, _) = counts
    same((imported, none, functions > 60), (functions, 0, True))


def test_a_program_may_take_the_static_library():
    source = prepared() / "bin" / "static.c"
    source.write_text(snippets()[0])
    flags = [prepared() / "lib" / "libsend_im.a", *pkg_config(prepared(), "--cflags"), *shlex.split(system(host()))]
    workspace.run(*C99, source, "-o", source.with_suffix(""), *flags, check=True)
    greeted(ended([source.with_suffix("")], clean()))


def valgrind():
    """The tests under valgrind: nothing lost, nothing read that was not written."""
    if not shutil.which("valgrind"):
        return Outcome(skipped=1, why=["no valgrind on PATH (on Debian: apt install valgrind)"])
    leaks = ["--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]
    watch = ["valgrind", "--quiet", "--error-exitcode=9", *leaks]
    # valgrind does not follow the assembly of the TLS library, and takes what it made for memory that nobody wrote.
    return tap([*watch, units("tests", C99)], SEND_IM_QUICK="1", SEND_IM_NO_TLS="1")


def address_sanitizer():
    """The tests compiled with AddressSanitizer, which watches the allocations of the library too."""
    probe = prepared() / "bin" / "probe.c"
    probe.write_text("int main(void) { return 0; }\n")
    if subprocess.run(["cc", "-fsanitize=address", probe, "-o", probe.with_suffix("")], capture_output=True).returncode:
        return Outcome(skipped=1, why=["this compiler has no AddressSanitizer (on Debian: apt install libasan6)"])
    return tap([units("tests-asan", C99, "-fsanitize=address", "-fno-omit-frame-pointer")], SEND_IM_QUICK="1")


def driver():
    """The command line of the scenarios' driver."""
    return [program("driver")]


def on(machine, *options):
    """The tests in C, as another machine runs them."""
    with tempfile.TemporaryDirectory() as work:
        prefix = Path(work).resolve()
        install(prefix, "dev", "panic-test", machine=machine)
        compiler = [*machine.compiler, "-std=c99", *options]
        return tap([*machine.run, compiled(compiler, UNITS, prefix / "tests", prefix, f"-I{TESTS}")])


def checks():
    """The tests of this file."""
    return checked(tests_in(globals()))


def rust():
    """The tests of the crate, and whether the header is up to date."""
    return cargo.test("-p", "send-im-c")


def run():
    """All tests."""
    outcome = rust()
    outcome += tap([units("tests", C99)])
    outcome += tap([units("tests-cpp", CPP)])
    for suite in (checks, address_sanitizer, valgrind):
        outcome += suite()
    return outcome


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


if __name__ == "__main__":
    for path in package([host()], os.environ.get("SEND_IM_PROFILE", "release")):
        print(path)
