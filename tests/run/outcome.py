"""What a suite counted, and the reports of test runners that are counted."""

import re
import subprocess
from dataclasses import dataclass, field
from xml.etree import ElementTree


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

    def ended(self, command, code):
        """The same, but failed where the command failed though no test did, or where there was no test."""
        if self.failed == 0 and (code != 0 or self.passed == 0):
            self.failed = 1
            self.why.append(f"{command} ended with {code}, see above")
        return self


def shown(lines):
    """These lines, each of which is shown as it comes."""
    for line in lines:
        print(line, end="", flush=True)
        yield line


def junit(*files):
    """What reports in JUnit's format say."""
    outcome = Outcome()
    for file in files:
        for case in ElementTree.parse(file).iter("testcase"):
            skipped = case.find("skipped")
            if skipped is not None:
                outcome.skipped += 1
                outcome.why.append(skipped.get("message") or f"{case.get('name')} was skipped")
            elif case.find("failure") is not None or case.find("error") is not None:
                outcome.failed += 1
            else:
                outcome.passed += 1
    outcome.why = sorted(set(outcome.why))
    return outcome


def tap(lines):
    """What a report in TAP says, line by line as it comes. The results of all tests that it announces must be there."""
    outcome, planned = Outcome(), None
    for line in lines:
        if test := re.match(r"(not )?ok \b(?:.* # SKIP ?(.*))?", line):
            outcome.failed += bool(test[1])
            outcome.skipped += test[2] is not None
            outcome.passed += not test[1] and test[2] is None
            outcome.why += [test[2].strip()] if test[2] else []
        elif line.startswith("1.."):
            planned = int(line[3:])
    if planned != outcome.passed + outcome.failed + outcome.skipped:
        outcome.failed += 1
        outcome.why.append(f"the report announces {planned} tests and holds another number, see above")
    return outcome


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
