"""The Python package: its tests, its wheel, and the wheel used in an empty place."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import toolchains
import workspace
from outcome import Outcome, junit
from programs import empty_room, snippets

PACKAGE = workspace.ROOT / "bindings" / "python"
EXAMPLE = workspace.ROOT / "examples" / "python" / "send.py"
# Where programs in Python lie that make runs.
RUNNERS = [
    *(workspace.ROOT / "tests" / name for name in ("run", "bench", "fuzz", "siege", "soak/run.py")),
    *(workspace.ROOT / "bindings").glob("*/[tT]ests/test_*.py"),
    workspace.ROOT / "bindings" / "go" / "build_test.py",
]
DIST = workspace.ROOT / "dist"
# Whether what make runs calls what there is, with as many arguments: no test runs the benchmark. Nothing there declares types.
UNTYPED = "arg-type assignment func-returns-value index list-item misc operator union-attr var-annotated"
CALLS = ["--check-untyped-defs", "--ignore-missing-imports", *(f"--disable-error-code={code}" for code in UNTYPED.split())]
WHEEL = "wheel==0.45.1"
MATURIN = "maturin==1.16.0"


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
    workspace.REPORTS.mkdir(exist_ok=True)
    report = workspace.REPORTS / "python.xml"
    report.unlink(missing_ok=True)
    tests = workspace.run(workspace.PYTHON, "-m", "pytest", f"--junitxml={report}", folder=PACKAGE)
    return (junit(report) if report.exists() else Outcome()).ended("pytest", tests.returncode)


def driver():
    """The command line of the scenarios' driver."""
    workspace.install_python_package()
    return [workspace.PYTHON, PACKAGE / "tests" / "driver.py"]


def package(machines, profile):
    """Builds a wheel for each machine, with the native library inside, and the archive of the sources."""
    DIST.mkdir(exist_ok=True)
    workspace.make_environment()
    place_licences()
    for old in DIST.glob("send_im-*.whl"):
        old.unlink()
    others = [machine for machine in machines if not machine.native]
    with tempfile.TemporaryDirectory() as work:
        # In those of other machines only Python's part of this one is kept.
        own = profile if len(others) < len(machines) else "dev"
        options = [f"--config-settings=build-args=--profile {own}", "--wheel-dir", work, PACKAGE]
        workspace.run(workspace.PYTHON, "-m", "pip", "wheel", "--quiet", "--no-deps", *options, check=True)
        (wheel,) = Path(work).glob("*.whl")
        made = [Path(shutil.copy(wheel, DIST))] if len(others) < len(machines) else []
        return [*made, *(wheel_for(machine, profile, wheel) for machine in others), sources()]


def place_licences():
    """Puts the texts where the packages take them from."""
    for text in workspace.ROOT.glob("LICENSE-*"):
        shutil.copy(text, PACKAGE)


def wheel_for(machine, profile, wheel):
    """This wheel with the library of another machine."""
    library = machine.build(profile) / machine.library("send_im_uniffi")
    workspace.run(workspace.PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WHEEL, check=True)
    with tempfile.TemporaryDirectory() as work:
        tool = [workspace.PYTHON, "-m", "wheel"]
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        workspace.run(*tool, "unpack", "--dest", work, wheel, **quiet)
        (content,) = Path(work).iterdir()
        native = content / "send_im" / "_native"
        for old in (old for suffix in ("so", "dylib", "dll") for old in native.glob(f"*.{suffix}")):
            old.unlink()
        shutil.copy(library, native)
        workspace.run(*tool, "pack", "--dest-dir", work, content, **quiet)
        (packed,) = Path(work).glob("*.whl")
        workspace.run(*tool, "tags", "--remove", "--platform-tag", machine.wheel, packed, **quiet)
        (packed,) = Path(work).glob("*.whl")
        return Path(shutil.copy(packed, DIST))


def sources():
    """The archive that pip builds where no wheel fits; it needs Rust."""
    workspace.make_environment()
    place_licences()
    workspace.run(workspace.PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", MATURIN, check=True)
    made = [workspace.PYTHON, "-m", "maturin", "sdist", "--out", DIST]
    workspace.run(*made, folder=PACKAGE, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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
        if len(list(room.folder.rglob("send_im-*.dist-info/**/LICENSE-*"))) != 2:
            raise RuntimeError("the package lacks the texts of its licences")
        room.greets(python, "-c", greeting())
        room.asks_for_an_account(python, EXAMPLE)


def greeting():
    """The first lines of the README."""
    return snippets(PACKAGE / "README.md", "python")[0]


def lint():
    """What ruff and mypy have to say, as one sentence each; they have said more before."""
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
    calling = dict(os.environ, MYPYPATH=str(workspace.ROOT / "tests" / "run"))
    for folder in ("bench", "fuzz", "siege", "soak"):
        files = [file for name in ("run", folder) for file in (workspace.ROOT / "tests" / name).glob("*.py")]
        if workspace.run(workspace.PYTHON, "-m", "mypy", "--config-file=", *CALLS, *files, env=calling).returncode:
            found.append(f"mypy of tests/{folder} failed, see above")
    return found


def example(arguments, environment=None):
    """The command line that runs the example. It takes its account from the environment."""
    workspace.install_python_package()
    return [workspace.PYTHON, EXAMPLE, *arguments]
