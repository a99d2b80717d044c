"""The programs that README.md shows, and the example: run by pytest, with the modules of tests/run."""

import os
import shutil
import subprocess

import pytest
from consumers import swift_package, swift_programs
from programs import GREETING
from swift import EXAMPLE, PACKAGE, build
from swift import command as swift_command

PROGRAMS = swift_programs(PACKAGE / "README.md")
ACCOUNT = {"SEND_IM_ADDRESS": "tosh@contoso.com", "SEND_IM_PASSWORD": "x"}
HANG = 120


@pytest.fixture(scope="module")
def url():
    """The URL of a sandbox in a process of its own."""
    command = swift_command(PACKAGE, ".build/debug/helper", "sandbox", "127.0.0.1:0")
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process.stdout.readline().strip()
    process.stdin.close()
    process.wait(timeout=HANG)


@pytest.fixture(scope="module")
def readme():
    """A package with one program for each of those of the README."""
    folder = PACKAGE / ".build" / "readme"
    shutil.rmtree(folder / "Sources", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    names = swift_package(folder, PACKAGE, PROGRAMS)
    build(folder)
    return folder, names


def ran(inside, url, *command, **more):
    environment = {**os.environ, **ACCOUNT, "SEND_IM_SERVER": url, **more}
    command = swift_command(inside, *command)
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=HANG)


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_each_program_of_the_readme_runs_and_the_first_greets_in_five_lines(number, readme, url):
    folder, names = readme
    done = ran(folder, url, f".build/debug/{names[number]}")
    assert (done.returncode, done.stderr) == (0, "")
    if number == 0:
        assert done.stdout == GREETING and len(PROGRAMS[0].strip().splitlines()) <= 5


@pytest.mark.parametrize(
    ("arguments", "environment", "code"),
    [
        (["lenea@contoso.com", "hello world"], {}, 0),
        (["lenea", "hello world"], {}, 2),
        (["lenea@contoso.com", "hello world"], {"SEND_IM_PASSWORD": "wrong"}, 3),
        (["busy@contoso.com", "hello world"], {}, 4),
        (["lenea@contoso.com"], {}, 2),
    ],
    ids=["sends", "bad address", "wrong password", "not delivered", "usage"],
)
def test_the_example_ends_with_a_sentence_and_the_exit_code(arguments, environment, code, url):
    done = ran(EXAMPLE, url, ".build/debug/send", *arguments, **environment)
    said, silent = (done.stderr, done.stdout) if code else (done.stdout, done.stderr)
    assert (done.returncode, silent, len(said.strip().splitlines())) == (code, "", 1)
    assert code or "lenea@contoso.com" in said
