"""The tests in Python beside a package, run by pytest with the modules here and of tests/packages: package_tests.py FOLDER."""

import os
import sys
from pathlib import Path

import workspace
from outcome import counted

PYTEST = "pytest>=8,<10"
MODULES = (workspace.ROOT / "tests" / "run", workspace.ROOT / "tests" / "packages")


def run(folder, *options):
    """Runs those in this folder, or in this file; what they counted."""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(map(str, MODULES)))
    return counted(workspace.PYTHON, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", folder, *options, env=environment)


if __name__ == "__main__":
    workspace.pip(PYTEST)
    sys.exit(bool(run(Path(sys.argv[1]).resolve()).failed))
