"""The tests in Python beside a package, run by pytest with the modules here, of tests/packages and of examples: package_tests.py FOLDER."""

import os
import sys
from pathlib import Path

import workspace
from outcome import counted

PYTEST = "pytest>=8,<10"
MODULES = [workspace.ROOT / name for name in ("tests/run", "tests/packages", "examples")]


def run(folder, *options):
    """Runs those in this folder, or in this file; what they counted."""
    # Not the account of whoever runs this.
    kept = {name: os.environ[name] for name in ("SEND_IM_PROFILE", "SEND_IM_PICTURES") if name in os.environ}
    environment = workspace.clean() | kept | {"PYTHONPATH": os.pathsep.join(map(str, MODULES))}
    return counted(workspace.PYTHON, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", folder, *options, env=environment)


if __name__ == "__main__":
    workspace.pip(PYTEST)
    sys.exit(bool(run(Path(sys.argv[1]).resolve()).failed))
