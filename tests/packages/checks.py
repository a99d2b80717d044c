"""Functions that raise where something is wrong, as tests that are counted."""

import subprocess

from outcome import Outcome


def checked(checks):
    """Runs functions that raise where something is wrong, each given with its name, and counts."""
    outcome = Outcome()
    for name, check in checks:
        try:
            check()
            outcome.passed += 1
            print(f"ok - {name}", flush=True)
        except (AssertionError, RuntimeError, subprocess.SubprocessError, OSError, ValueError) as error:
            outcome.failed += 1
            print(f"not ok - {name}: {error}", flush=True)
    return outcome


def tests_in(names):
    """The functions among the names of a module, `globals()`, that begin with `test_`."""
    return [(name.removeprefix("test_"), names[name]) for name in sorted(names) if name.startswith("test_")]
