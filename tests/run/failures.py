"""Finds in what the tests of a language printed what tells of failures."""

import re

# How the runners of the languages begin to tell of a failure.
FAILURE = re.compile(
    r"""^\s*(
        test\ .*\.\.\.\ FAILED | ----\ .*\ ---- | .*\bpanicked\ at\b |   # cargo
        FAILED\ | ERROR\ | E\ \  |                                       # pytest
        not\ ok\b | ✖ |                                                  # TAP, node
        ---\ FAIL: | FAIL\b |                                            # go
        \d+\)\  |                                                        # minitest, PHPUnit
        \[ERROR\] |                                                      # Maven
        .*\berror:\  | error\[ |                                         # XCTest and compilers
        .*\bERROR:\ [A-Z]                                              # sanitizers
    )""",
    re.VERBOSE,
)
# Lines shown from the beginning of a failure, and of one suite.
REST = 20
MOST = 120


def told(file):
    """The lines that tell what failed. Where none looks like it, the last ones."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    found, until = [], 0
    for number, line in enumerate(lines):
        if FAILURE.match(line):
            until = number + REST
        if number < until:
            found.append(line)
    return (found or lines[-REST:])[-MOST:]
