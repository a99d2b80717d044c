"""The programs that README.md shows, the examples, and what the loader says: run by pytest, with the modules of tests/run."""

import shutil

import pytest
from commands import example
from consumers import dotnet_project, of_readme
from dotnet import EXAMPLES, PROJECT, TARGET, build
from dotnet import built as built_program
from languages import DOTNET
from programs import GREETING, Sandbox, ended
from workspace import clean, run

LANGUAGES = ["csharp", "vb"]
PROGRAMS = [(language, number) for language in LANGUAGES for number in range(len(of_readme(DOTNET, language)))]


@pytest.fixture
def sandbox():
    with Sandbox() as started:
        yield started


@pytest.fixture(scope="module")
def built():
    """Makes the programs of a language ready, once."""
    made = {}

    def build_once(language):
        if language not in made:
            project = dotnet_project(language, TARGET / "docs" / language)
            out = build(project, TARGET / f"docs-{language}", "-p:TreatWarningsAsErrors=true", f"-p:SendImProject={PROJECT}")
            made[language] = out / f"{project.stem}.dll"
        return made[language]

    return build_once


def stored(sandbox=None):
    """The environment of a program, with an account of this sandbox or with none."""
    return sandbox.account if sandbox else clean()


@pytest.mark.parametrize(("language", "number"), PROGRAMS)
def test_each_program_of_the_readme_runs_and_the_first_lines_greet(language, number, built, sandbox):
    done = ended(["dotnet", built(language), number], stored(sandbox))
    assert (done.returncode, done.stderr) == (0, "")
    assert number or done.stdout == GREETING


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_example_sends_and_ends_with_the_exit_code(name, sandbox):
    done = ended(example(name, "lenea@contoso.com", "disk full"), stored(sandbox))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "lenea@contoso.com accepted the message (InvitationAccepted).\n"
    for code, recipient, password in ((2, "lenea", "x"), (3, "lenea@contoso.com", "wrong"), (4, "busy@contoso.com", "x")):
        failed = ended(example(name, recipient, "disk full"), dict(stored(sandbox), SEND_IM_PASSWORD=password))
        assert (failed.returncode, failed.stdout, failed.stderr.count("\n")) == (code, "", 1)
    assert ended(example(name), stored(sandbox)).returncode == 2
    assert sandbox.texts() == ["disk full"]


STRANGERS = {
    "{}: there is no such file": None,
    "{}: it is no library of this version of send-im": "int nothing;",
    "it has interface 99, this package needs 1": "unsigned send_im_abi_version(void) { return 99; }",
}


@pytest.mark.parametrize(("said", "source"), STRANGERS.items(), ids=["csharp, none", "csharp, a stranger", "csharp, another interface"])
def test_the_loader_says_what_is_wrong(said, source, tmp_path):
    program = built_program(EXAMPLES / "csharp" / "Send.csproj")
    room = tmp_path / "room"
    shutil.copytree(program.parent, room)
    library = next(room.glob("*send_im.[sd]*"))
    library.unlink()
    if source:
        (tmp_path / "other.c").write_text(source)
        run("cc", "-shared", "-fPIC", tmp_path / "other.c", "-o", library, check=True)
    done = ended(["dotnet", room / program.name, "lenea@contoso.com", "hi"], stored())
    assert done.returncode != 0 and "DllNotFoundException" in done.stderr
    assert said.format(library) in done.stderr
