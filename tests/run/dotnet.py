"""The .NET package: its tests in C# and in Visual Basic, its NuGet package, and that used in an empty place."""

import os
import shutil
import subprocess
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path

import dotnet_docs
import powershell
import workspace
from dotnet_sdk import build, building, command, dotnet, environment, framework, target, toolchain  # noqa: F401
from dotnet_sdk import problem as sdk_problem
from outcome import shown, tap
from programs import empty_room

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
    process = subprocess.Popen(
        command(program),
        cwd=workspace.ROOT,
        env=environment(**clean()),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    outcome = tap(shown(process.stdout))
    return outcome.ended(project.stem, process.wait(timeout=HANG))


def clean():
    """Empty in the environment: an account of ours."""
    return {name: "" for name in os.environ if name.startswith("SEND_IM_") and name != "SEND_IM_TARGET"}


def run():
    """All tests in C#, those of the PowerShell module among them."""
    outcome = tests(CSHARP, "csharp") + tests(powershell.TESTS, "powershell")
    return outcome + workspace.pytest(PACKAGE / "tests", "-k", "csharp")


def run_vb():
    """All tests in Visual Basic."""
    return tests(VISUAL_BASIC, "vb") + workspace.pytest(PACKAGE / "tests", "-k", "vb")


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
    with empty_room(HOME=".", DOTNET_CLI_HOME=".", NUGET_PACKAGES="packages") as room:
        room.environment = environment(**clean(), **room.environment)
        sources = f'<clear /><add key="dist" value="{made.parent}" />'
        config = f"<configuration><packageSources>{sources}</packageSources></configuration>\n"
        (room.folder / "nuget.config").write_text(config)
        reference = f'<PackageReference Include="SendIm" Version="{workspace.version()}" />'
        for language in ("csharp", "vb"):
            project = dotnet_docs.write(language, room.folder / language, framework(), reference, count=1)
            out = room.folder / f"out-{language}"
            room.does(*command("build", project, "--output", out, "--nologo"))
            room.greets(*command(out / f"{project.stem}.dll", 0))
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
