"""Where things are in this clone, and the Python environment the tests install into."""

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

if sys.version_info < (3, 9):
    sys.exit("Python 3.9 is the oldest that runs this")
ROOT = Path(__file__).resolve().parents[2]
BINDINGS = ROOT / "bindings"
VENV = ROOT / ".venv"
REPORTS = ROOT / ".test"
DIST = ROOT / "dist"
# Toolchains that a machine lacks, and their commands.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "send-im"
BIN = CACHE / "bin"
# The profile of cargo that everything is built by.
PROFILE = os.environ.get("SEND_IM_PROFILE", "dev")
# That of everything in the workspace.
VERSION = re.search(r'^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]

# What every program that make runs finds.
os.environ |= {
    "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    # Go stays the one it is.
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
    # Composer otherwise asks whether root means it.
    "COMPOSER_ALLOW_SUPERUSER": "1",
    # No server of .NET stays behind, nothing is told to anybody, and nothing is written into the home folder.
    "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
    "DOTNET_SKIP_FIRST_TIME_EXPERIENCE": "1",
    "DOTNET_GENERATE_ASPNET_CERTIFICATE": "false",
    "DOTNET_NOLOGO": "1",
    "DOTNET_CLI_HOME": str(CACHE),
    "NUGET_PACKAGES": str(CACHE / "nuget"),
    "MSBUILDDISABLENODEREUSE": "1",
    "UseSharedCompilation": "false",
}


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


def tracked(*patterns):
    """The files of the repository, those that are new among them."""
    listed = run("git", "ls-files", "-co", "--exclude-standard", *patterns, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def clean():
    """The environment without an account of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SEND_IM_", "RUST_"))}


def target_dir() -> Path:
    """The folder cargo builds into."""
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def command() -> Path:
    """The `send-im` command as a debug build makes it."""
    return target_dir() / "debug" / ("send-im.exe" if os.name == "nt" else "send-im")


def cargo_problem():
    """Why Rust cannot be built here, or None."""
    return None if shutil.which("cargo") else "no cargo on PATH (install Rust from rustup.rs)"


def python_problem():
    """Why Python cannot be tested here, or None."""
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
