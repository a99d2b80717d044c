"""The languages whose packages this machine may build, the module of each, and the rows of the table that `make test` ends with.

A module has problem(), why it cannot run here, or None; toolchain(), which gets what is missing; run(), its tests; where there is
a package, package(), its artefacts in dist/, and clean_room(), which uses them in an empty place; perhaps lint(), what its
linters say; driver(), the command line of the scenarios' driver; example(), that of its example.
"""

import os
import sys
from dataclasses import dataclass
from typing import Callable

import c
import dotnet
import golang
import http_service
import kotlin
import node
import php
import python
import ruby
import rust
import shell
import swift
import workspace

LANGUAGES = {
    "python": python,
    "ruby": ruby,
    "kotlin": kotlin,
    "java": kotlin,
    "swift": swift,
    "c": c,
    "dotnet": dotnet,
    "csharp": dotnet,
    "vb": dotnet,
    "php": php,
    "node": node,
    "go": golang,
    "http": http_service,
    "shell": shell,
}


@dataclass(frozen=True)
class Row:
    """A row of the table: why it cannot run here, or None; how it runs; what makes the command line of its driver of scenarios."""

    problem: Callable
    run: Callable
    driver: Callable = None


# The rows of a lane run one after the other, because they build into the same places; the two lanes run at the same time, because
# a row waits more than it works.
LANES = [
    {
        "rust": Row(rust.problem, rust.run, rust.driver),
        "shell": Row(shell.problem, shell.run, shell.driver),
        "python": Row(python.problem, python.run, python.driver),
        "ruby": Row(ruby.problem, ruby.run, ruby.driver),
        "kotlin": Row(kotlin.problem, kotlin.run_kotlin, kotlin.driver),
        "java": Row(kotlin.problem, kotlin.run_java, kotlin.driver_java),
        "swift": Row(swift.problem, swift.run, swift.driver),
    },
    {
        "fidelity": Row(workspace.cargo_problem, rust.fidelity),
        "go": Row(golang.problem, golang.run, golang.driver),
        "csharp": Row(dotnet.problem, dotnet.run, dotnet.driver),
        "vb": Row(dotnet.problem, dotnet.run_vb, dotnet.driver_vb),
        "php": Row(php.problem, php.run, php.driver),
        "node": Row(node.problem, node.run, node.driver),
        "c": Row(c.problem, c.run, c.driver),
        "http": Row(http_service.problem, http_service.run),
    },
]
ROWS = {name: row for lane in LANES for name, row in lane.items()}

# The programs of `make demo`: language, why it cannot run here, the command line of its example.
EXAMPLES = [
    ("Python", python.problem, python.example),
    ("Rust", rust.problem, rust.example),
    ("Ruby", ruby.problem, ruby.example),
    ("Kotlin", kotlin.problem, kotlin.example),
    ("Java", kotlin.problem, kotlin.example_java),
    ("Swift", swift.problem, swift.example),
    ("C", c.problem, c.example),
    ("C++", c.problem, c.example_cpp),
    ("C#", dotnet.problem, dotnet.example),
    ("VB", dotnet.problem, dotnet.example_vb),
    ("PHP", php.problem, php.example),
    ("Node", node.problem, node.example),
    ("Go", golang.problem, golang.example),
    ("jQuery", http_service.browser_problem, http_service.example_jquery),
]


def wanted(names):
    """Names and modules of these languages, or of those in LANGS, or of all; each module once."""
    found = {}
    for name in among(LANGUAGES, names or os.environ.get("LANGS", "").split()):
        if LANGUAGES[name] not in found.values():
            found[name] = LANGUAGES[name]
    return found


def among(known, names):
    """These names, or all that are known where there are none; each must be."""
    if unknown := set(names) - set(known):
        sys.exit(f"There is no {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
    return names or list(known)
