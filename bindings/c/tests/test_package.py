"""What the installed library is to a program: how it is compiled and linked, what the page says, how a program may end."""

import os
import re
import shlex
import subprocess
import sys
import tarfile

import pytest
from consumers import declared, greet_in_c, greeted_in_c, of_readme
from languages import C
from programs import Sandbox, ended
from workspace import ROOT, VERSION, run, target_dir

# Where the Makefile puts what is tested.
PREFIX = target_dir() / "send-im-c"
PROGRAMS = of_readme(C, "c")
DARWIN = sys.platform == "darwin"
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"]
C99 = ["cc", "-std=c99", *STRICT]
CPP = ["c++", "-x", "c++", "-std=c++17", *STRICT]
BOTH = pytest.mark.parametrize("compiler", [C99, CPP], ids=["c", "c++"])
# Of the memory test: the first three windows warm up. What is lost once a round makes 280 blocks more.
WINDOWS, ROUNDS, GROWTH = 10, 40, 100
SENT = "lenea@contoso.com accepted the message (invitation_accepted).\n"


@pytest.fixture
def sandbox():
    with Sandbox() as started:
        yield started


def pkg_config(*arguments):
    """What pkg-config tells of the installed library."""
    environment = {"PATH": os.environ["PATH"], "PKG_CONFIG_PATH": str(PREFIX / "lib" / "pkgconfig")}
    told = subprocess.run(["pkg-config", *arguments, "send_im"], env=environment, capture_output=True, text=True, check=True)
    return shlex.split(told.stdout)


def compiled(compiler, sources, out):
    """Compiles a program against the installed library; it finds it when it runs."""
    flags = [*pkg_config("--cflags", "--libs"), f"-Wl,-rpath,{PREFIX / 'lib'}", "-pthread"]
    # The language was named for the sources alone.
    rest = ["-x", "none"] if "-x" in compiler else []
    run(*compiler, *sources, "-o", out, *rest, *flags, check=True)
    return out


@pytest.fixture
def build(tmp_path):
    """Compiles this source against the installed library, strictly."""

    def build(compiler, text):
        source = tmp_path / "program.c"
        source.write_text(text)
        return compiled(compiler, [source], tmp_path / "program")

    return build


def test_the_commands_of_the_readme_build_and_run_its_first_lines(tmp_path):
    with tarfile.open(tmp_path / f"send_im-{VERSION}-here.tar.gz", "w:gz") as packed:
        packed.add(PREFIX, "send_im-here")
    greet_in_c(tmp_path)


@BOTH
def test_the_first_lines_of_the_readme_greet(build, compiler):
    greeted_in_c(ended([build(compiler, PROGRAMS[0])]))


@BOTH
def test_the_second_program_of_the_readme_delivers(build, compiler, sandbox):
    done = ended([build(compiler, PROGRAMS[1])], sandbox.account)
    assert (done.returncode, done.stdout, done.stderr) == (0, "delivered\n", "")
    assert sandbox.texts() == ["hello world"]


def test_the_functions_of_the_readme_send_and_work_meanwhile(build, sandbox):
    body = """static void idle(void) {}
int main(void) {
    send_im_client *client = NULL;
    if (send_both(NULL) || send_im_client_sign_in(NULL, &client) || send_and_work(client, idle)) return 1;
    send_im_client_free(client);
    return !send_im_shutdown(10000);
}
"""
    both = build(C99, f"#include <send_im.h>\n{PROGRAMS[2]}{PROGRAMS[3]}{body}")
    assert ended([both], sandbox.account).returncode == 0
    assert sandbox.texts() == ["first", "second", "disk full"]


@pytest.mark.parametrize("name", ["send", "send-cpp"])
def test_the_example_sends_and_ends_with_the_exit_code_of_the_error(name, sandbox):
    example = PREFIX / "bin" / name
    done = ended([example, "lenea@contoso.com", "disk full"], sandbox.account)
    assert (done.returncode, done.stdout) == (0, SENT)
    busy = ended([example, "busy@contoso.com", "disk full"], sandbox.account)
    assert (busy.returncode, busy.stdout, busy.stderr.count("\n")) == (4, "", 1)
    assert ended([example], sandbox.account).returncode == 2
    assert sandbox.texts() == ["disk full"]


@pytest.mark.parametrize(("compiler", "source"), [(C99, "c/send.c"), (CPP, "cpp/send.cpp")], ids=["c", "c++"])
def test_the_example_names_the_recipient_where_the_server_does_not_say_who_accepted(compiler, source, tmp_path, sandbox):
    # In the place of the library's own.
    nobody = tmp_path / "nobody.c"
    code = "#include <send_im.h>\nconst char *send_im_receipt_accepted_by(const send_im_receipt *receipt) { return (void)receipt, NULL; }\n"
    nobody.write_text(code)
    run(*C99, "-c", nobody, "-o", nobody.with_suffix(".o"), *pkg_config("--cflags"), check=True)
    sources = [ROOT / "examples" / source, *(["-x", "none"] if "-x" in compiler else []), nobody.with_suffix(".o")]
    done = ended([compiled(compiler, sources, tmp_path / "send"), "lenea@contoso.com", "hi"], sandbox.account)
    assert (done.returncode, done.stdout) == (0, SENT)


def test_a_program_may_end_during_a_send(sandbox):
    ending = PREFIX / "bin" / "ending"
    done = ended([ending], sandbox.account)
    assert (done.returncode, done.stdout, done.stderr) == (17, "", "")
    for shut_down in ("shutdown", "at exit"):
        done = ended([ending, shut_down], sandbox.account)
        assert (done.returncode, done.stdout, done.stderr) == (17, "cancelled\n", "")
    assert sandbox.texts() == []


def test_many_sends_leave_nothing_behind(sandbox):
    done = ended([PREFIX / "bin" / "memory", sandbox.url, WINDOWS, ROUNDS])
    assert (done.returncode, done.stderr) == (0, "")
    *windows, end = done.stdout.splitlines()
    blocks, objects = zip(*(map(int, window.split()) for window in windows))
    print(f"blocks of memory after each {ROUNDS} rounds: {blocks}")
    # The options and the client, then neither.
    assert (objects, end) == ((2,) * WINDOWS, "0")
    assert blocks[-1] - blocks[2] <= GROWTH


@pytest.mark.skipif(DARWIN, reason="macOS has no list of a process's libraries to read")
def test_the_library_stays_when_a_host_closes_it():
    library = (PREFIX / "lib" / "libsend_im.so").resolve()
    closing = (
        "import _ctypes, sys; handle = _ctypes.dlopen(sys.argv[1], 2); _ctypes.dlclose(handle); "
        "print(sys.argv[1] in open('/proc/self/maps').read())"
    )
    assert ended([sys.executable, "-c", closing, library]).stdout == "True\n"


def test_the_library_exports_what_the_header_declares():
    listed = ended(["nm", "-D", "--defined-only", PREFIX / "lib" / "libsend_im.so"]).stdout
    exported = {line.split()[-1] for line in listed.splitlines()} - {"send_im_panic_for_tests"}
    assert exported == declared()


def test_every_function_that_can_fail_asks_for_its_error_to_be_looked_at():
    header = (C.folder / "include" / "send_im.h").read_text()
    fallible = re.findall(r"^(SEND_IM_MUST_USE\s)?SEND_IM_API\ssend_im_error \*", header, re.MULTILINE)
    assert all(fallible) and len(fallible) > 20


@pytest.mark.parametrize(("compiler", "attribute"), [(C99, "warn_unused_result"), (CPP, "nodiscard")], ids=["c", "c++"])
def test_a_compiler_warns_where_an_error_is_ignored(compiler, attribute, tmp_path):
    source = tmp_path / "ignored.c"
    source.write_text('#include <send_im.h>\nint main(void) { send_im(NULL, "a", "b", NULL); return 0; }\n')
    told = ended([*compiler, "-c", source, "-o", source.with_suffix(".o"), *pkg_config("--cflags")])
    assert told.returncode != 0 and attribute in told.stderr and "unused-result" in told.stderr


def test_on_windows_every_function_is_imported_unless_the_static_library_is_linked(tmp_path):
    source = tmp_path / "windows.c"
    source.write_text("#include <send_im.h>\n")
    counts = []
    for static in ([], ["-DSEND_IM_STATIC"]):
        command = ["cc", "-E", "-P", "-D_WIN32", *static, *pkg_config("--cflags"), source]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        counts.append((told.count("__declspec(dllimport)"), len(re.findall(r"\bsend_im\w*\(", told))))
    (imported, functions), (none, _) = counts
    assert (imported, none) == (functions, 0) and functions > 60


def test_a_program_may_take_the_static_library(tmp_path):
    source = tmp_path / "static.c"
    source.write_text(PROGRAMS[0])
    asked = [flag for flag in pkg_config("--static", "--libs") if flag != "-lsend_im"]
    flags = [PREFIX / "lib" / "libsend_im.a", *pkg_config("--cflags"), *asked]
    run(*C99, source, "-o", source.with_suffix(""), *flags, check=True)
    greeted_in_c(ended([source.with_suffix("")]))
