"""Gets the toolchains that this machine lacks: python3 tests/run/toolchains.py [LANGUAGE …]

Debian's packages are installed where Debian has them; Swift goes into the user's cache folder. Nothing is written into the
clone. What is there already is left as it is.
"""

import os
import re
import shutil
import subprocess
import sys

import workspace

SWIFT = workspace.ROOT / "tests" / "run" / "swift-toolchain.sh"
OLDEST_SWIFT = 6


def has_swift():
    """True if Swift itself is on PATH. OpenStack has a command of that name too."""
    if not shutil.which("swift"):
        return False
    told = subprocess.run(["swift", "--version"], capture_output=True, text=True)
    version = re.search(r"Swift version (\d+)", told.stdout)
    return bool(version) and int(version[1]) >= OLDEST_SWIFT


def get_swift():
    """Swift 6 for Debian machines without one."""
    if not has_swift():
        workspace.run(SWIFT, "make", check=True)


def swift_problem():
    """Why no Swift program can be built here, or None."""
    if has_swift():
        return None
    told = subprocess.run([SWIFT, "problem"], capture_output=True, text=True)
    return told.stdout.strip() or told.stderr.strip() or None


def swift_command(folder, inside, *command):
    """The command line that runs `command` in `inside`, a folder in `folder`, where Swift is.

    Without a Swift on PATH the command sees no other folder of this machine than `folder`.
    """
    arguments = [str(part) for part in command]
    if has_swift():
        return ["sh", "-c", 'cd "$1"; shift; exec "$@"', "sh", str(inside), *arguments]
    return [str(SWIFT), "run", str(folder), str(inside), *arguments]


def debian(*packages):
    """Installs packages of Debian or Ubuntu, where this is one of them and we may."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        sys.exit(f"toolchains: as root on Debian this would run: apt-get install {' '.join(packages)}")
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    workspace.run("apt-get", "update", "-qq", check=True, env=quiet)
    workspace.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages, check=True, env=quiet)


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
