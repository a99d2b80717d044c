"""The languages whose packages this machine may build, and the module of each.

A module has problem(), why it cannot run here, or None; toolchain(), which gets what is missing; run(), its tests; where there is
a package, package(), its artefacts in dist/, and clean_room(), which uses them in an empty place; perhaps lint(), what its
linters say; driver(), the command line of the scenarios' driver; example(), that of its example.
"""

import os
import sys

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
    names = names or os.environ.get("LANGS", "").split() or list(LANGUAGES)
    unknown = set(names) - set(LANGUAGES)
    if unknown:
        sys.exit(f"There is no {', '.join(sorted(unknown))}; there are {', '.join(LANGUAGES)}.")
    found = {}
    for name in names:
        if LANGUAGES[name] not in found.values():
            found[name] = LANGUAGES[name]
    return found
