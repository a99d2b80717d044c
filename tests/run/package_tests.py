"""The tests in Python beside a package, run by pytest with the modules here: package_tests.py FOLDER."""

import os
import sys
from pathlib import Path

import workspace
from outcome import counted

PYTEST = "pytest>=8,<10"


def run(folder, *options):
    """Runs those in this folder, or in this file; what they counted."""
    environment = dict(os.environ, PYTHONPATH=str(Path(__file__).parent))
    return counted(workspace.PYTHON, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", folder, *options, env=environment)


if __name__ == "__main__":
    workspace.pip(PYTEST)
    sys.exit(bool(run(Path(sys.argv[1]).resolve()).failed))
