"""The .NET package: its tests in C# and in Visual Basic, its NuGet package, and that used in an empty place.

On its own it builds the package.
"""

import os
import shutil
import subprocess
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path

import c
import dotnet_docs
import powershell
import workspace
from dotnet_sdk import build, building, command, dotnet, environment, framework, target, toolchain  # noqa: F401
from dotnet_sdk import problem as sdk_problem
from outcome import Outcome, checked
from targets import host

PACKAGE = workspace.ROOT / "bindings" / "dotnet"
PROJECT = PACKAGE / "SendIm" / "SendIm.csproj"
CSHARP = PACKAGE / "tests" / "CSharp" / "SendIm.Tests.csproj"
VISUAL_BASIC = PACKAGE / "tests" / "VisualBasic" / "SendIm.Tests.VisualBasic.vbproj"
EXAMPLES = workspace.ROOT / "examples"
DIST = workspace.ROOT / "dist"

# Seconds. No test takes so long unless it hangs.
HANG = 2400
LONGEST_LINE = 130


def problem():
    """Why the package cannot be built and tested here, or None."""
    return workspace.cargo_problem() or sdk_problem()


@lru_cache(maxsize=None)
def built_tests(project, out):
    return build(project, target() / out) / f"{project.stem}.dll"


def driver():
    """The command line of the scenarios' driver in C#, which is in the program of the tests."""
    return [*prefix(), *command(built_tests(CSHARP, "csharp"), "driver")]


def driver_vb():
    """The same in Visual Basic."""
    return [*prefix(), *command(built_tests(VISUAL_BASIC, "vb"), "driver")]


def tests(project, out):
    """Builds a program of tests, runs it, shows what it says and counts."""
    program = built_tests(project, out)
    outcome, planned = Outcome(), None
    process = subprocess.Popen(
        command(program),
        env=environment(**clean(), SEND_IM_ROOT=workspace.ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    for line in process.stdout:
        print(line, end="", flush=True)
        outcome.passed += line.startswith("ok ")
        outcome.failed += line.startswith("not ok ")
        if line.startswith("1.."):
            planned = int(line[3:])
    if process.wait(timeout=HANG) != 0 and outcome.failed == 0 or planned != outcome.passed + outcome.failed:
        outcome.failed = outcome.failed or 1
        outcome.why.append(f"{project.stem} ended with {process.returncode}, see above")
    return outcome


def clean():
    """Empty in the environment: an account of ours."""
    return {name: "" for name in os.environ if name.startswith("SEND_IM_") and name != "SEND_IM_TARGET"}


def same(got, wanted):
    if got != wanted:
        raise AssertionError(f"got {got!r}, wanted {wanted!r}")


def ended(arguments, **more):
    """Runs a program with an account in its environment; how it ended."""
    done = subprocess.run(arguments, env=environment(**clean(), **more), capture_output=True, text=True, timeout=HANG)
    return done.returncode, done.stdout, done.stderr


def stored(sandbox):
    """The variables of an account of this sandbox."""
    return {name: value for name, value in sandbox.account.items() if name.startswith("SEND_IM_")}


def documents(language):
    """Tests: each program of the README runs, the first lines greet."""
    reference = f'<ProjectReference Include="{PROJECT}" />'
    folder = target() / "docs" / language
    project = dotnet_docs.write(language, folder, framework(), reference)
    program = build(project, target() / f"docs-{language}", "-p:TreatWarningsAsErrors=true") / f"{project.stem}.dll"

    def run_one(number):
        with c.Sandbox() as sandbox:
            code, out, error = ended(command(program, number), **stored(sandbox))
        same((code, error), (0, ""))
        if number == 0:
            same(out, dotnet_docs.GREETING)

    count = len(dotnet_docs.snippets(language))
    return [(f"README in {language}, program {n}", lambda n=n: run_one(n)) for n in range(count)]


def the_example_sends_and_ends_with_the_exit_code(chosen):
    with c.Sandbox() as sandbox:
        account = stored(sandbox)
        sent = ended(chosen(["lenea@contoso.com", "disk full"]), **account)
        same(sent, (0, "lenea@contoso.com accepted the message (InvitationAccepted).\n", ""))
        for code, recipient, password in ((2, "lenea", "x"), (3, "lenea@contoso.com", "wrong"), (4, "busy@contoso.com", "x")):
            failed = ended(chosen([recipient, "disk full"]), **dict(account, SEND_IM_PASSWORD=password))
            same((failed[0], failed[1], failed[2].count("\n")), (code, "", 1))
        same(ended(chosen([]), **account)[0], 2)
        same(sandbox.texts(), ["disk full"])


def the_loader_says_what_is_wrong():
    """With no library, with a stranger of the same name, and with one of another interface."""
    program = built_example("csharp", "Send.csproj")
    with tempfile.TemporaryDirectory() as work:
        room = Path(work) / "room"
        shutil.copytree(program.parent, room)
        library = next(room.glob("*send_im.[sd]*"))
        run = command(room / program.name, "lenea@contoso.com", "hi")
        source = Path(work) / "other.c"
        for text, said in (
            (None, f"{library}: there is no such file"),
            ("int nothing;", f"{library}: it is no library of this version of send-im"),
            ("unsigned send_im_abi_version(void) { return 99; }", "it has interface 99, this package needs 1"),
        ):
            library.unlink(missing_ok=True)
            if text:
                source.write_text(text)
                subprocess.run(["cc", "-shared", "-fPIC", source, "-o", library], check=True)
            code, _, error = ended(run)
            if code == 0 or "DllNotFoundException" not in error or said not in error:
                raise AssertionError(f"{said!r} is not in {error!r}")


def run():
    """All tests in C#, those of the PowerShell module among them."""
    outcome = tests(CSHARP, "csharp") + tests(powershell.TESTS, "powershell")
    more = [
        ("the example in C#", lambda: the_example_sends_and_ends_with_the_exit_code(example)),
        ("the loader says what is wrong", the_loader_says_what_is_wrong),
    ]
    return outcome + checked([*documents("csharp"), *more])


def run_vb():
    """All tests in Visual Basic."""
    outcome = tests(VISUAL_BASIC, "vb")
    more = ("the example in Visual Basic", lambda: the_example_sends_and_ends_with_the_exit_code(example_vb))
    return outcome + checked([*documents("vb"), more])


@lru_cache(maxsize=None)
def built_example(folder, project):
    return build(EXAMPLES / folder / project, target() / f"example-{folder}") / f"{Path(project).stem}.dll"


def example(arguments, environment=None):
    """The command line that runs the example in C#, which is built before; its account is in the environment."""
    return [*prefix(), *command(built_example("csharp", "Send.csproj"), *arguments)]


def example_vb(arguments, environment=None):
    """The same for the example in Visual Basic."""
    return [*prefix(), *command(built_example("vb", "SendVb.vbproj"), *arguments)]


def prefix():
    """What makes a command line good outside `environment()`."""
    needed = {name: value for name, value in environment().items() if os.environ.get(name) != value}
    return ["env", *(f"{name}={value}" for name, value in needed.items())] if needed else []


def package(machines, profile):
    """Builds the NuGet package and the PowerShell module, with the native libraries of these machines inside."""
    DIST.mkdir(exist_ok=True)
    made = DIST / f"SendIm.{workspace.version()}.nupkg"
    made.unlink(missing_ok=True)
    quiet = ["--nologo", "--verbosity", "quiet", "-clp:NoSummary", "-m:1"]
    with tempfile.TemporaryDirectory() as work:
        chosen = dict(building(), SEND_IM_PROFILE=profile)
        others = [machine for machine in machines if not machine.native]
        for machine in others:
            place = Path(work) / machine.dotnet / "native"
            place.mkdir(parents=True)
            shutil.copy(machine.build(profile) / machine.library(), place)
        if others:
            chosen |= {"SendImRuntimes": work, "SEND_IM_PROFILE": "dev"}
        dotnet("pack", PROJECT, "--configuration", "Release", "--output", DIST, *quiet, env=chosen, check=True)
    return [made, powershell.package(machines, profile)]


def clean_room():
    """Uses what was built in an empty place, with a package folder of its own: both languages greet, and so does the module."""
    powershell.clean_room()
    made = DIST / f"SendIm.{workspace.version()}.nupkg"
    with zipfile.ZipFile(made) as packed:
        names = {name for name in packed.namelist() if name.startswith(("lib/", "runtimes/", "build"))}
        if any(b"send_im_panic_for_tests" in packed.read(name) for name in names):
            raise RuntimeError("the package holds the test library")
    runtimes = {name for name in names if name.startswith("runtimes/")}
    frameworks = ("netstandard2.0", "netstandard2.1")
    libraries = {f"lib/{name}/SendIm.{suffix}" for name in frameworks for suffix in ("dll", "xml")}
    targets = {"build/SendIm.targets", "buildTransitive/SendIm.targets"}
    if names - runtimes != libraries | targets or not runtimes:
        raise RuntimeError(f"the package holds {sorted(names)}")
    with tempfile.TemporaryDirectory() as work:
        room = Path(work).resolve()
        sources = f'<clear /><add key="dist" value="{made.parent}" />'
        (room / "nuget.config").write_text(f"<configuration><packageSources>{sources}</packageSources></configuration>\n")
        chosen = environment(**clean(), HOME=room, DOTNET_CLI_HOME=room, NUGET_PACKAGES=room / "packages")
        reference = f'<PackageReference Include="SendIm" Version="{workspace.version()}" />'
        for language in ("csharp", "vb"):
            project = dotnet_docs.write(language, room / language, framework(), reference, count=1)
            out = room / f"out-{language}"
            told = subprocess.run(
                command("build", project, "--output", out, "--nologo"), env=chosen, cwd=room, capture_output=True, text=True
            )
            if told.returncode:
                raise RuntimeError(f"the clean room: dotnet build failed: {told.stdout}")
            done = subprocess.run(command(out / f"{project.stem}.dll", 0), env=chosen, cwd=room, capture_output=True, text=True)
            if (done.returncode, done.stdout, done.stderr) != (0, dotnet_docs.GREETING, ""):
                raise RuntimeError(f"the README's lines in the clean room did not greet: {done}")
            if not list(out.glob("runtimes/*/native/*send_im.*")):
                raise RuntimeError("the clean room did not use the library of the package")


def lint():
    """What the compilers and a look at the lines find. Warnings are errors, undocumented public members too."""
    problems = powershell.lint()
    projects = [PROJECT, powershell.PROJECT, *sorted(PACKAGE.glob("tests/*/*.*proj")), *sorted(EXAMPLES.glob("*/Send*.*proj"))]
    for project in projects:
        strict = ["--no-incremental", "-p:TreatWarningsAsErrors=true", "--nologo", "-v", "quiet", "-clp:NoSummary", "-m:1"]
        shared = f"-p:DirectoryBuildPropsPath={PACKAGE / 'Directory.Build.props'}"
        if dotnet("build", project, *strict, shared, f"-p:SendImFramework={framework()}", env=building()).returncode:
            problems.append(f"{project.relative_to(workspace.ROOT)} does not compile without warnings, see above")
    for folder in (PACKAGE, EXAMPLES / "csharp", EXAMPLES / "vb"):
        for path in (path for suffix in ("cs", "vb") for path in sorted(folder.rglob(f"*.{suffix}"))):
            if {"bin", "obj"} & set(path.relative_to(folder).parts):
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if len(line) > LONGEST_LINE or line != line.rstrip() or "\t" in line:
                    problems.append(f"{path.relative_to(workspace.ROOT)}:{number}: too long, a tab, or blanks at the end")
    return problems


if __name__ == "__main__":
    for path in package([host()], os.environ.get("SEND_IM_PROFILE", "release")):
        print(path)
