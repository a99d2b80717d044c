"""The cases that every language passes: each row's driver before the judge of tests/scenarios.

On its own: scenarios.py LANGUAGE [PART OF A NAME].
"""

import os
import sys

import c
import cargo
import dotnet
import golang
import kotlin
import node
import php
import python
import ruby
import rust
import shell
import swift
import workspace
from outcome import Outcome

# What makes the command line of a row's driver.
DRIVERS = {
    "rust": rust.driver,
    "shell": shell.driver,
    "python": python.driver,
    "ruby": ruby.driver,
    "kotlin": kotlin.driver,
    "java": kotlin.driver_java,
    "swift": swift.driver,
    "c": c.driver,
    "go": golang.driver,
    "csharp": dotnet.driver,
    "vb": dotnet.driver_vb,
    "php": php.driver,
    "node": node.driver,
}


def judged(row, *options):
    """The cases through the driver of this row of the table."""
    if row not in DRIVERS:
        return Outcome()
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-scenarios", check=True)
    command = DRIVERS[row]()
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
    outcome = cargo.counted(program, *options, "--", *command, env=environment)
    outcome.scenarios = outcome.passed
    return outcome


if __name__ == "__main__":
    if not sys.argv[1:] or sys.argv[1] not in DRIVERS:
        sys.exit(f"scenarios.py LANGUAGE [PART OF A NAME]; the languages are {', '.join(DRIVERS)}")
    sys.exit(1 if judged(*sys.argv[1:]).failed else 0)
