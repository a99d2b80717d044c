"""The cases that every language passes: each row's driver before the judge of tests/scenarios.

On its own: scenarios.py LANGUAGE [PART OF A NAME].
"""

import os
import sys

import languages
import workspace
from outcome import Outcome, counted


def judged(row, *options):
    """The cases through the driver of this row of the table."""
    language, steps = languages.ROWS[row].language, languages.ROWS[row].driver
    if not steps:  # it has tests of another kind
        return Outcome()
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-scenarios", check=True)
    command = language.program(steps)
    if row != "shell":
        return judge(command, *options)
    # It starts a process for each message: once as programs use it and once as people do.
    person = judge(command, "--processes", "--sentence", *options)
    person.scenarios = 0
    return judge([*command, "--json"], "--processes", *options) + person


def judge(command, *options):
    """The cases through this driver."""
    program = workspace.target_dir() / "debug" / f"scenarios{workspace.command().suffix}"
    workspace.REPORTS.mkdir(exist_ok=True)
    # Where Swift comes from the cache folder, its programs see files of this clone alone.
    environment = dict(os.environ, TMPDIR=str(workspace.REPORTS))
    outcome = counted(program, *options, "--", *command, env=environment)
    outcome.scenarios = outcome.passed
    return outcome


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit(__doc__)
    languages.among([name for name, row in languages.ROWS.items() if row.driver], sys.argv[1:2])
    sys.exit(1 if judged(*sys.argv[1:]).failed else 0)
