"""Where things are in this clone, and the Python environment the tests install into."""

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
REPORTS = ROOT / ".test"
DIST = ROOT / "dist"
OLDEST_PYTHON = (3, 9)


def python_in(environment):
    """The interpreter of a virtual environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


PYTHON = python_in(VENV)


def line(command):
    """The command line of a program. Windows starts only programs by their bare names; mvn and npm are scripts there."""
    program, *arguments = map(str, command)
    return [shutil.which(program) or program if os.name == "nt" else program, *arguments]


def run(*command, folder=ROOT, **options):
    """Runs a command in the clone; its output goes where ours goes."""
    sys.stdout.flush()
    return subprocess.run(line(command), cwd=folder, **options)


def clean():
    """The environment without an account of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SEND_IM_", "RUST_"))}


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


def make_environment(folder=VENV):
    """Makes a virtual environment, if it is not there yet."""
    if not python_in(folder).exists():
        venv.create(folder, with_pip=True)


def pip(*packages):
    """Installs these into the environment of the clone."""
    make_environment()
    run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages, check=True)


def install_python_package(extras=""):
    """Installs the package, as a user would, but in debug mode: it shares its compiled dependencies with the other tests."""
    pip("--config-settings=build-args=--profile dev", f"{ROOT / 'bindings' / 'python'}{extras}")
