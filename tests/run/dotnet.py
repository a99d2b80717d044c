"""The .NET package: its tests in C# and in Visual Basic, and its NuGet package used in an empty place."""

import os
import re
import shutil
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path

import package_tests
import powershell
import programs
import targets
import workspace
from dotnet_sdk import build, building, command, dotnet, environment, framework, target
from dotnet_sdk import problem as sdk_problem
from dotnet_sdk import toolchain  # noqa: F401
from outcome import HANG, counted
from workspace import DIST

PACKAGE = workspace.ROOT / "bindings" / "dotnet"
PROJECT = PACKAGE / "SendIm" / "SendIm.csproj"
CSHARP = PACKAGE / "tests" / "CSharp" / "SendIm.Tests.csproj"
VISUAL_BASIC = PACKAGE / "tests" / "VisualBasic" / "SendIm.Tests.VisualBasic.vbproj"
POWERSHELL = PACKAGE / "tests" / "PowerShell" / "SendIm.Tests.PowerShell.csproj"
EXAMPLES = workspace.ROOT / "examples"
QUIET = ["--nologo", "--verbosity", "quiet", "-clp:NoSummary", "-m:1"]


def problem():
    """Why the package cannot be built and tested here, or None."""
    return workspace.cargo_problem() or sdk_problem()


@lru_cache(maxsize=None)
def built(project):
    """A program, built once."""
    return build(project, target() / "out" / project.stem) / f"{project.stem}.dll"


def driver():
    """The command line of the scenarios' driver in C#, which is in the program of the tests."""
    return [*prefix(), *command(built(CSHARP), "driver")]


def driver_vb():
    """The same in Visual Basic."""
    return [*prefix(), *command(built(VISUAL_BASIC), "driver")]


def tests(project):
    """Builds a program of tests, runs it and counts."""
    return counted(*command(built(project)), timeout=HANG, env=environment())


def run():
    """All tests in C#, those of the PowerShell module among them."""
    workspace.pip("tree-sitter==0.26.1", "tree-sitter-powershell==0.26.4")
    outside = package_tests.run(PACKAGE / "tests", "-k", "csharp") + package_tests.run(powershell.MODULE / "tests")
    return tests(CSHARP) + tests(POWERSHELL) + outside


def run_vb():
    """All tests in Visual Basic."""
    return tests(VISUAL_BASIC) + package_tests.run(PACKAGE / "tests", "-k", "vb")


def example(arguments):
    """The command line that runs the example in C#, which is built before; its account is in the environment."""
    return [*prefix(), *command(built(EXAMPLES / "csharp" / "Send.csproj"), *arguments)]


def example_vb(arguments):
    """The same for the example in Visual Basic."""
    return [*prefix(), *command(built(EXAMPLES / "vb" / "SendVb.vbproj"), *arguments)]


def prefix():
    """What makes a command line good outside `environment()`."""
    needed = {name: value for name, value in environment().items() if os.environ.get(name) != value}
    return ["env", *(f"{name}={value}" for name, value in needed.items())] if needed else []


def snippets(language):
    """The programs of the README in `csharp` or `vb`."""
    return programs.snippets(PACKAGE / "README.md", language)


def readme(language, folder, count=None):
    """Makes a project in a folder from the first programs of the README; its argument is the number of the one to run."""
    suffix, name = {"csharp": ("cs", "ReadmeCSharp"), "vb": ("vb", "ReadmeVb")}[language]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in (PACKAGE / "tests" / "Readme").glob(f"*.{suffix}*"):
        shutil.copy(file, folder)
    for number, snippet in enumerate(snippets(language)[:count]):
        # What is imported stays on top; lines of C# become a method.
        imported = r"using [\w.]+;" if suffix == "cs" else "Imports .*"
        head = [line for line in snippet.splitlines() if re.fullmatch(imported, line)]
        body = "\n".join(line for line in snippet.splitlines() if line not in head)
        if suffix == "cs":
            usual = [f"using {name};" for name in ("System", "System.Linq", "System.Threading", "System.Threading.Tasks")]
            head += [line for line in usual if line not in head]
            body = f"namespace Snippet{number}\n{{\nstatic class Program\n{{\npublic static async Task Main()\n{{\n{body}\n}}\n}}\n}}\n"
        else:
            body = f"Namespace Snippet{number}\n{body}\nEnd Namespace\n"
        (folder / f"Snippet{number}.{suffix}").write_text("\n".join([*head, body]))
    return folder / f"{name}.{suffix}proj"


def package(machines, profile):
    """Builds the NuGet package and the PowerShell module, with the native libraries of these machines inside."""
    made = DIST / f"SendIm.{workspace.version()}.nupkg"
    made.unlink(missing_ok=True)
    own = profile if any(machine.native for machine in machines) else "dev"
    with tempfile.TemporaryDirectory() as work:
        targets.place(machines, profile, "dotnet", "send_im", Path(work), "native")
        chosen = dict(building(), SEND_IM_PROFILE=own, SendImRuntimes=work)
        dotnet("pack", PROJECT, "--configuration", "Release", "--output", DIST, *QUIET, env=chosen, check=True)
        return [made, powershell.package(work)]


def clean_room():
    """Uses what was built in an empty place, with a package folder of its own: both languages greet, and so does the module."""
    powershell.clean_room()
    with zipfile.ZipFile(DIST / f"SendIm.{workspace.version()}.nupkg") as packed:
        # The programs below need the first of these frameworks alone.
        others = ["lib/netstandard2.0/SendIm.dll", "lib/netstandard2.0/SendIm.xml", "buildTransitive/SendIm.targets"]
        if lacking := set(others) - set(packed.namelist()):
            raise RuntimeError(f"the package lacks {lacking}")
    with programs.empty_room(HOME=".", DOTNET_CLI_HOME=".", NUGET_PACKAGES="packages") as room:
        room.environment = environment(**room.environment)
        for language in ("csharp", "vb"):
            room.greets(*command(built_from_package(room.folder, language, room.environment), 0))


def built_from_package(room, language, environment):
    """The program of the README's first lines, with the built package as the only source of packages."""
    sources = f'<clear /><add key="dist" value="{DIST}" />'
    (room / "nuget.config").write_text(f"<configuration><packageSources>{sources}</packageSources></configuration>\n")
    project = readme(language, room / language, count=1)
    chosen = [f"-p:SendImFramework={framework()}", f"-p:SendImVersion={workspace.version()}"]
    out = room / f"out-{language}"
    done = programs.ended(command("build", project, "--output", out, *QUIET, *chosen), environment, cwd=room)
    if done.returncode:
        raise RuntimeError(f"the README's first lines do not compile with the package: {done.stdout}")
    return out / f"{project.stem}.dll"


def lint():
    """What the compilers find. Warnings are errors, undocumented public members too."""
    problems = []
    projects = [PROJECT, powershell.PROJECT, *sorted(PACKAGE.glob("tests/*/*.*proj")), *sorted(EXAMPLES.glob("*/Send*.*proj"))]
    for project in projects:
        strict = ["--no-incremental", "-p:TreatWarningsAsErrors=true", *QUIET, f"-p:SendImFramework={framework()}"]
        shared = f"-p:DirectoryBuildPropsPath={PACKAGE / 'Directory.Build.props'}"
        if dotnet("build", project, *strict, shared, env=building()).returncode:
            problems.append(f"{project.relative_to(workspace.ROOT)} does not compile without warnings, see above")
    return problems
