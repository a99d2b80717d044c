"""What reads manual pages has nothing against those of the command: run by pytest, with the modules of tests/run."""

import os
import subprocess

import recipes


def said(*command):
    """How a program ended, and what it printed."""
    plainly = {**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, text=True, env=plainly)
    return done.returncode, done.stdout, done.stderr


def test_the_manual_is_well_formed(tmp_path):
    recipes.pages(tmp_path)
    for page in sorted((tmp_path / "man").iterdir()):
        code, shown, problems = said("man", "--warnings", "-l", page)
        assert (code, problems) == (0, "") and page.stem in shown, page.name
        assert said("mandoc", "-T", "lint", "-W", "error", page) == (0, "", ""), page.name
