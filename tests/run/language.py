"""A language: what it needs of this machine, what its own tools are told, and the rows of the joint table that are its.

A step is a command, a function without arguments, or a path to tests in Python beside the package. Commands run in the folder of
the package. In them {here} is that folder, {root} the clone, {target} cargo's folder, {profile} its profile, {exe} what names of
programs end with here, {sep} what stands between paths, {python} the interpreter of the clone, {scripts} its folder, and
{this} the interpreter that runs this.
"""

import os
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import package_tests
import toolchains
import workspace
from outcome import HANG, Outcome, counted

PLACES = {
    "root": workspace.ROOT,
    "target": workspace.target_dir(),
    "exe": workspace.command().suffix,
    "sep": os.pathsep,
    "python": workspace.PYTHON,
    "scripts": workspace.PYTHON.parent,
    "this": sys.executable,
    "profile": workspace.PROFILE,
}


@dataclass(eq=False)
class Language:
    folder: Path
    # Commands without which nothing goes, and others that `make toolchains` gets; each with Debian's package of it.
    tools: dict = field(default_factory=dict)
    extras: dict = field(default_factory=dict)
    # Debian's packages that are got where there is a problem nevertheless.
    more: tuple = ()
    # What it is called, the oldest version that will do, and the command that prints the one here.
    oldest: tuple = ()
    # Why else it cannot be used here, or None; what gets it where Debian does not.
    check: Callable = lambda: None
    fetch: Callable = lambda: None
    # What makes the package ready for its tests, drivers and examples, and what finds faults with its style.
    ready: tuple = ()
    lint: tuple = ()

    def __post_init__(self):
        self.undone = list(self.ready)

    def problem(self):
        """Why the package cannot be built and tested here, or None."""
        return toolchains.lacks(self.tools) or (self.oldest and toolchains.too_old(*self.oldest)) or self.check() or None

    def toolchain(self):
        """Gets what is missing."""
        toolchains.get({**self.tools, **self.extras})
        if self.more and self.problem():
            toolchains.debian(*self.more)
        self.fetch()

    def words(self, command):
        """The words of a command, with its places."""
        return [word.format(here=self.folder, **PLACES) for word in shlex.split(command)]

    def do(self, step, **options):
        """Does a step, which must succeed."""
        if callable(step):
            return step()
        return workspace.run(*self.words(step), folder=self.folder, **{"check": True, **options})

    def prepare(self):
        """Makes the package ready, once a process."""
        while self.undone:
            self.do(self.undone[0])
            del self.undone[0]

    def program(self, steps):
        """The command line of a program, after the steps that lead to it."""
        self.prepare()
        *before, last = steps
        for step in before:
            self.do(step)
        return last() if callable(last) else self.words(last)

    def faults(self):
        """What the linters find, a sentence each; they have said more before."""
        self.prepare()
        return [fault for step in self.lint for fault in self.faults_of(step)]

    def faults_of(self, step):
        """What a step of the linters finds."""
        if callable(step):
            return step()
        return [f"{step} failed, see above"] if self.do(step, check=False).returncode else []


@dataclass
class Row:
    """A row of the table that `make test` ends with."""

    language: Language
    test: tuple
    # What leads to the driver of the scenarios, and its command.
    driver: tuple = ()

    def run(self):
        """What the tests counted."""
        self.language.prepare()
        return sum((self.counted(step) for step in self.test), Outcome())

    def counted(self, step):
        """What this step counted."""
        if callable(step):
            return step()
        if isinstance(step, Path):
            return package_tests.run(step)
        return counted(*self.language.words(step), cwd=self.language.folder, timeout=HANG)
