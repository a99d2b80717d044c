"""How projects of .NET are built: for the framework of the SDK that is here, and nothing of it in the clone's own folders."""

from functools import lru_cache
from pathlib import Path

import dotnet_sdk
import package_tests
import workspace
from outcome import HANG, counted

PACKAGE = workspace.BINDINGS / "dotnet"
PROJECT = PACKAGE / "SendIm" / "SendIm.csproj"
TESTS = PACKAGE / "tests"
CSHARP, POWERSHELL = TESTS / "CSharp" / "SendIm.Tests.csproj", TESTS / "PowerShell" / "SendIm.Tests.PowerShell.csproj"
VISUAL_BASIC = TESTS / "VisualBasic" / "SendIm.Tests.VisualBasic.vbproj"
EXAMPLES = workspace.ROOT / "examples"
QUIET = ["--nologo", "--verbosity", "quiet", "-clp:NoSummary", "-m:1"]
# Where it builds into.
TARGET = workspace.target_dir() / "dotnet"


def framework():
    """The target framework of programs that this SDK runs, such as `netcoreapp3.1` or `net8.0`."""
    major, _ = dotnet_sdk.version()
    return f"net{major}.0" if major > 3 else "netcoreapp3.1"


def dotnet(action, project, *options, **variables):
    """Builds or packs a project. True where it succeeded."""
    environment = {**workspace.clean(), "SEND_IM_PROFILE": workspace.PROFILE, "SEND_IM_TARGET": str(TARGET), **variables}
    return workspace.run("dotnet", action, project, *QUIET, *options, env=environment).returncode == 0


def build(project, out, *more):
    """Compiles a project into the folder `out`, as a debug build."""
    chosen = ["--output", out, f"-p:DirectoryBuildPropsPath={PACKAGE / 'Directory.Build.props'}", f"-p:SendImFramework={framework()}"]
    if not dotnet("build", project, *chosen, *more):
        raise RuntimeError(f"{project} does not compile, see above")
    return Path(out)


@lru_cache(maxsize=None)
def built(project):
    """A program, built once."""
    return build(project, TARGET / "out" / project.stem) / f"{project.stem}.dll"


def tests(project):
    """Builds a program of tests, runs it and counts."""
    return counted("dotnet", built(project), timeout=HANG)


def csharp():
    """All tests in C#, those of the PowerShell module among them."""
    workspace.pip("tree-sitter==0.26.1", "tree-sitter-powershell==0.26.4")
    outside = package_tests.run(TESTS, "-k", "csharp") + package_tests.run(PACKAGE / "powershell" / "tests")
    return tests(CSHARP) + tests(POWERSHELL) + outside


def vb():
    """All tests in Visual Basic."""
    return tests(VISUAL_BASIC) + package_tests.run(TESTS, "-k", "vb")


def program(project, *arguments):
    """What gives the command line of a program, which is built before."""
    return lambda: ["dotnet", str(built(project)), *arguments]


def lint():
    """What the compilers find. Warnings are errors, undocumented public members too."""
    projects = [PROJECT, PACKAGE / "powershell" / "SendIm.PowerShell.csproj", *sorted(TESTS.glob("*/*.*proj"))]
    strict = ["--no-incremental", "-p:TreatWarningsAsErrors=true"]
    problems = []
    for project in [*projects, *sorted(EXAMPLES.glob("*/Send*.*proj"))]:
        try:
            build(project, TARGET / "lint" / project.stem, *strict)
        except RuntimeError:
            problems.append(f"{project.relative_to(workspace.ROOT)} does not compile without warnings, see above")
    return problems
