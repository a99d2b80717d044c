"""What the languages need of this machine, and how a Debian machine gets it: python3 tests/run/toolchains.py [LANGUAGE …]

Debian's packages are installed where Debian has them; what it lacks goes into the user's cache folder. Nothing is written into
the clone. What is there already is left as it is.
"""

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import workspace
from workspace import CACHE


def lacks(tools):
    """Why nothing can be built here without these commands, each with Debian's package of it; None where all are here."""
    if missing := workspace.cargo_problem():
        return missing
    for tool, package in tools.items():
        if not shutil.which(tool):
            return f"no {tool} on PATH (on Debian: apt install {package})"
    return None


def said(*command):
    """What this command prints; nothing where it fails or is not here."""
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(workspace.line(command), capture_output=True, text=True)
    return "" if done.returncode else done.stdout + done.stderr


def too_old(what, oldest, *command):
    """Why the version that this command prints will not do, or None."""
    found = re.search(r"\d+(\.\d+)*", said(*command))
    if found and tuple(map(int, found[0].split("."))) >= oldest:
        return None
    return f"{what} is too old, {'.'.join(map(str, oldest))} is the oldest"


def get(tools, *more):
    """Installs Debian's packages of the commands that are missing, and these, which come with them."""
    if missing := [package for tool, package in tools.items() if not shutil.which(tool)]:
        debian(*missing, *more)


def debian(*packages):
    """Installs packages of Debian or Ubuntu, where this is one of them and we may."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        sys.exit(f"toolchains: as root on Debian this would run: apt-get install {' '.join(packages)}")
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    # Somebody else may be installing, such as the system itself.
    apt = ("apt-get", "-o", "DPkg::Lock::Timeout=600")
    workspace.run(*apt, "update", "-qq", check=True, env=quiet)
    workspace.run(*apt, "install", "-y", "-qq", "--no-install-recommends", *packages, check=True, env=quiet)


def unpack(suite, architecture, folder, *packages):
    """Puts the files of packages of a Debian, and of what they need, into this folder. apt checks the signatures; nothing is installed."""
    codename = re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(), re.MULTILINE)[1]
    ask = ["apt-get", "indextargets", "Created-By: Packages", f"Release: {codename}", "--format", "$(REPO_URI)"]
    # From the archive of this machine's own Debian alone: of those that mmdebstrap would add, one or the other is often just being changed.
    mirror = min(subprocess.run(ask, capture_output=True, text=True, check=True).stdout.split())
    choice = [f"--architectures={architecture}", "--variant=extract", f"--include={','.join(packages)}"]
    workspace.run("mmdebstrap", "--quiet", *choice, suite, folder, mirror, check=True)


@contextmanager
def locked(name):
    """One process at a time makes this toolchain."""
    # Not on Windows, which gets none.
    import fcntl

    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main():
    import languages

    for name, language in languages.wanted(sys.argv[1:]).items():
        try:
            language.toolchain()
        except subprocess.CalledProcessError as error:
            sys.exit(f"toolchains: {name} failed ({error.returncode}), see above")
        missing = language.problem()
        if missing:
            sys.exit(f"toolchains: {name}: {missing}")
        print(f"{name}: ready", flush=True)


if __name__ == "__main__":
    main()
