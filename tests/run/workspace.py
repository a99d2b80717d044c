"""Where things are in this clone, and the Python environment the tests install into."""

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from outcome import Outcome, junit

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
REPORTS = ROOT / ".test"
OLDEST_PYTHON = (3, 9)

# The package is built in debug mode here: it shares its compiled dependencies with the other tests.
PIP_INSTALL = ["install", "--quiet", "--disable-pip-version-check", "--config-settings=build-args=--profile dev"]


def python_in(environment):
    """The interpreter of a virtual environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


PYTHON = python_in(VENV)


def run(*command, folder=ROOT, **options):
    """Runs a command in the clone; its output goes where ours goes."""
    sys.stdout.flush()
    program, *arguments = map(str, command)
    # Windows starts only programs by their bare names; mvn and npm are scripts there.
    found = shutil.which(program) if os.name == "nt" else None
    return subprocess.run([found or program, *arguments], cwd=folder, **options)


def target_dir() -> Path:
    """The folder cargo builds into."""
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def version():
    """The version of everything in the workspace."""
    return re.search(r'^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]


def command() -> Path:
    """The `send-im` command as a debug build makes it."""
    return target_dir() / "debug" / ("send-im.exe" if os.name == "nt" else "send-im")


def cargo_problem():
    """Why Rust cannot be built here, or None."""
    return None if shutil.which("cargo") else "no cargo on PATH (install Rust from rustup.rs)"


def python_problem():
    """Why Python cannot be tested here, or None."""
    if sys.version_info < OLDEST_PYTHON:
        return f"Python {sys.version_info[0]}.{sys.version_info[1]} is too old, 3.9 is the oldest"
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        return "this Python cannot make virtual environments (on Debian: apt install python3-venv)"
    return None


def install_pytest():
    """Puts pytest into the virtual environment in the clone: what it runs is no part of the Python package."""
    make_environment()
    run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pytest>=8,<10", check=True)


def pytest(folder, *options):
    """Runs tests that lie beside what they test and use the modules here; what they counted."""
    REPORTS.mkdir(exist_ok=True)
    report = REPORTS / f"{'-'.join([*folder.relative_to(ROOT).parts, *options[1:]])}.xml"
    report.unlink(missing_ok=True)
    environment = dict(os.environ, PYTHONPATH=str(ROOT / "tests" / "run"))
    command = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", folder, *options]
    ended = run(*command, env=environment)
    return (junit(report) if report.exists() else Outcome()).ended("pytest", ended.returncode)


def make_environment(folder=VENV):
    """Makes a virtual environment, if it is not there yet."""
    if not python_in(folder).exists():
        venv.create(folder, with_pip=True)


def install_python_package(extras=""):
    """Installs the package, as a user would, into a virtual environment in the clone."""
    make_environment()
    run(PYTHON, "-m", "pip", *PIP_INSTALL, f"{ROOT / 'bindings' / 'python'}{extras}", check=True)
