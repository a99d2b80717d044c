"""What a suite counted."""

import subprocess
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """Tests passed, failed and skipped, why some did not run, and how many of those that passed are scenarios."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    why: list = field(default_factory=list)
    scenarios: int = 0

    def __add__(self, other):
        return Outcome(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.why + other.why,
            self.scenarios + other.scenarios,
        )


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
