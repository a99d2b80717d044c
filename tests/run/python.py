"""The Python package: its tests, its wheels, and a wheel used in an empty place."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import toolchains
import workspace
from outcome import counted
from programs import empty_room, snippets
from workspace import DIST

PACKAGE = workspace.ROOT / "bindings" / "python"
EXAMPLE = workspace.ROOT / "examples" / "python" / "send.py"
# Where programs in Python lie that make runs.
RUNNERS = [
    *(workspace.ROOT / "tests" / name for name in ("run", "bench", "fuzz", "platforms", "sanitize", "siege", "soak/run.py")),
    *(workspace.ROOT / "bindings").glob("*/[tT]ests/test_*.py"),
    *(workspace.ROOT / "bindings" / name for name in ("go/build_test.py", "dotnet/powershell/tests")),
]
# Whether what make runs calls what there is, with as many arguments: no test runs the benchmark.
CALLS = "no-value-for-parameter,too-many-function-args,unexpected-keyword-arg,undefined-variable,no-name-in-module,no-member"
TOOLS = ["wheel==0.45.1", "maturin==1.16.0"]


def problem():
    """Why the package cannot be tested here, or None."""
    return workspace.cargo_problem() or workspace.python_problem()


def toolchain():
    """Virtual environments. The rest comes from PyPI into the clone."""
    if workspace.python_problem():
        toolchains.debian("python3", "python3-venv")


def run():
    """Installs the package into a virtual environment in the clone and runs its tests there."""
    workspace.install_python_package("[test]")
    return counted(workspace.PYTHON, "-m", "pytest", cwd=PACKAGE)


def driver():
    """The command line of the scenarios' driver."""
    workspace.install_python_package()
    return [workspace.PYTHON, PACKAGE / "tests" / "driver.py"]


def package(machines, profile):
    """Builds a wheel for each machine, with the native library inside, and the archive of the sources."""
    workspace.pip(*TOOLS)
    for old in DIST.glob("send_im-*.whl"):
        old.unlink()
    with tempfile.TemporaryDirectory() as work:
        # In those of other machines only Python's part of this one is kept.
        own = profile if any(machine.native for machine in machines) else "dev"
        maturin("build", "--profile", own, "--compatibility", "linux", "--out", work)
        (wheel,) = Path(work).glob("*.whl")
        for machine in machines:
            made = wheel if machine.native else wheel_for(machine, profile, wheel)
            yield Path(shutil.copy(made, DIST))
    yield sources()


def maturin(*arguments):
    """Runs maturin on the package, which takes the texts of the licences from its own folder."""
    for text in workspace.ROOT.glob("LICENSE-*"):
        shutil.copy(text, PACKAGE)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    workspace.run(workspace.PYTHON, "-m", "maturin", *arguments, folder=PACKAGE, check=True, **quiet)


def wheel_for(machine, profile, wheel):
    """This wheel with the library of another machine."""
    work = wheel.parent / machine.name
    tool = [workspace.PYTHON, "-m", "wheel"]
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    workspace.run(*tool, "unpack", "--dest", work, wheel, **quiet)
    (content,) = work.iterdir()
    for old in content.glob("send_im/_native/*"):
        if old.suffix in (".so", ".dylib", ".dll"):
            old.unlink()
    shutil.copy(machine.build(profile) / machine.library("send_im_uniffi"), content / "send_im" / "_native")
    workspace.run(*tool, "pack", "--dest-dir", work, content, **quiet)
    (packed,) = work.glob("*.whl")
    workspace.run(*tool, "tags", "--remove", "--platform-tag", machine.wheel, packed, **quiet)
    (packed,) = work.glob("*.whl")
    return packed


def sources():
    """The archive that pip builds where no wheel fits; it needs Rust."""
    workspace.pip(*TOOLS)
    maturin("sdist", "--out", DIST)
    return DIST / f"send_im-{workspace.version()}.tar.gz"


def clean_room():
    """Installs the built wheel in an empty place and runs the README's lines and the example with it."""
    installed("--no-index", "--find-links", DIST, "--only-binary", ":all:", "send-im")


def clean_room_of_sources():
    """Builds the source archive in an empty place, where cargo has fetched nothing yet, and runs the same with it."""
    chosen = ("--no-cache-dir", "--config-settings=build-args=--profile dev", sources())
    installed(*chosen, CARGO_HOME="cargo", CARGO_TARGET_DIR="target")


def installed(*chosen, **environment):
    """Installs what was chosen in an empty place, where the README's first lines greet."""
    with empty_room(**environment) as room:
        workspace.make_environment(room.folder / "venv")
        python = workspace.python_in(room.folder / "venv")
        room.does(python, "-m", "pip", "install", "--quiet", *chosen)
        if len(list(room.folder.rglob("send_im-*.dist-info/**/LICENSE-*"))) != 3:
            raise RuntimeError("the package lacks the texts of its licences")
        room.greets(python, "-c", greeting())
        room.asks_for_an_account(python, EXAMPLE)


def greeting():
    """The first lines of the README."""
    return snippets(PACKAGE / "README.md", "python")[0]


def lint():
    """What ruff, mypy and pylint have to say, as one sentence each; they have said more before."""
    workspace.install_python_package("[test]")
    checks = {
        "ruff check": ["ruff", "check", "."],
        "ruff format": ["ruff", "format", "--check", "."],
        "ruff check of the example": ["ruff", "check", "--ignore", "D", EXAMPLE.parent],
        "ruff check of what make runs": ["ruff", "check", "--select", "E,F,W,B", "--line-length", "140", *RUNNERS],
        "mypy": ["mypy"],
    }
    found = []
    for name, command in checks.items():
        # From the package's folder, where its configuration and the paths in it hold.
        options = ["--quiet", "--config", "pyproject.toml"] if command[0] == "ruff" else []
        if workspace.run(workspace.PYTHON, "-m", *command, *options, folder=PACKAGE).returncode:
            found.append(f"{name} failed, see above")
    paths = os.pathsep.join(str(workspace.ROOT / name) for name in ("tests/run", "core"))
    files = [file for runner in RUNNERS for file in (runner.glob("*.py") if runner.is_dir() else [runner])]
    pylint = ["pylint", "--score=n", "--disable=all", f"--enable={CALLS}", *files]
    if workspace.run(workspace.PYTHON, "-m", *pylint, env=dict(os.environ, PYTHONPATH=paths)).returncode:
        found.append("pylint of what make runs failed, see above")
    return found


def example(arguments):
    """The command line that runs the example. It takes its account from the environment."""
    workspace.install_python_package()
    return [workspace.PYTHON, EXAMPLE, *arguments]
