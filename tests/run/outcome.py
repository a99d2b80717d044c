"""What a suite counted, and how the reports of test runners are counted."""

import os
import re
import signal
import subprocess
import threading
from dataclasses import dataclass, field

import workspace

# How runners tell of one test: TAP, Go, XCTest.
ONE = re.compile(r"(ok) \b(?!.* # SKIP)|(not ok) \b|ok .* # (SKIP)|\s*--- (PASS|FAIL|SKIP): |Test Case '.*' (passed|failed|skipped) \(")
RESULTS = {"ok": "passed", "not ok": "failed", "PASS": "passed", "FAIL": "failed", "SKIP": "skipped"}
# And of many, as passed, failed and skipped.
MANY = {
    r"test result: .* (\d+) passed; (\d+) failed; (\d+) ignored": lambda *counts: counts,  # cargo
    r"(\d+) runs, \d+ assertions, (\d+) failures, (\d+) errors, (\d+) skips": lambda a, f, e, s: (a - f - e - s, f + e, s),  # minitest
    r"\[\w+\] Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)$": lambda a, f, e, s: (a - f - e - s, f + e, s),  # Maven
    r"OK \((\d+) tests?, ": lambda passed: (passed,),  # PHPUnit
    r"Tests: (\d+), Assertions: \d+(?:, Errors: (\d+))?(?:, Failures: (\d+))?(?:, Warnings: (\d+))?(?:, Skipped: (\d+))?": (
        lambda a, e, f, w, s: (a - e - f - w - s, e + f + w, s)
    ),
    r"ℹ pass (\d+)": lambda passed: (passed,),  # Node
    r"ℹ fail (\d+)": lambda failed: (0, failed),
    r"ℹ skipped (\d+)": lambda skipped: (0, 0, skipped),
}
# Why a test did not run.
WHY = re.compile(
    r"test .* \.\.\. ignored[, (]*([^)]*)|ok .* # SKIP (.+)|.*: Test skipped - (.+)|SKIPPED \[\d+\] \S+ (.+)|skipped[^:]*: (.+)"
)
# Seconds. No suite takes so long unless it hangs.
HANG = 2400


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
        if self.failed == 0 and (code != 0 or self.passed + self.skipped == 0):
            self.failed = 1
            self.why.append(f"{command} ended with {code}, see above")
        return self


def counted(*command, timeout=None, **options):
    """Runs tests, shows what they say as it comes, and counts. What takes longer than these seconds is killed."""
    command = workspace.line(command)
    options = {"cwd": workspace.ROOT, "env": workspace.clean(), "start_new_session": bool(timeout), **options}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace", **options
    )
    kill = (lambda: os.killpg(process.pid, signal.SIGKILL)) if timeout and os.name != "nt" else process.kill
    watchdog = threading.Timer(timeout or threading.TIMEOUT_MAX, kill)
    watchdog.daemon = True
    watchdog.start()
    try:
        outcome = read(process.stdout)
        return outcome.ended(" ".join(command[:3]), process.wait())
    finally:
        watchdog.cancel()
        if process.poll() is None:
            kill()


def read(lines):
    """What these lines say; each is shown."""
    outcome, planned, told = Outcome(), 0, 0
    for shown in lines:
        print(shown, end="", flush=True)
        line = shown.rstrip()
        if test := ONE.match(line):
            result = next(filter(None, test.groups()))
            result = RESULTS.get(result, result)
            setattr(outcome, result, getattr(outcome, result) + 1)
            told += line.startswith(("ok", "not ok"))
        elif line.startswith("skipped"):
            outcome.skipped += 1
        elif plan := re.match(r"1\.\.(\d+)$", line):
            planned += int(plan[1])
        elif re.match(r"(=+ )?\d+ \w+.* in [\d.]+s\b", line):
            # pytest names only what there is.
            for count, result in re.findall(r"(\d+) (passed|failed|skipped|error)", line):
                outcome += Outcome(**{"failed" if result == "error" else result: int(count)})
        for pattern, counts in MANY.items():
            if many := re.match(pattern, line):
                outcome += Outcome(*counts(*(int(count or 0) for count in many.groups())))
        if why := WHY.match(line):
            outcome.why.append(next(filter(None, why.groups()), "ignored, see above").strip())
    if planned and planned != told:
        outcome.failed += 1
        outcome.why.append(f"the report announces {planned} tests and holds {told}, see above")
    return outcome
