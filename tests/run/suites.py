"""Runs the tests of every language and ends with one table.

LANGS picks rows ("rust shell"); REQUIRE_ALL=1 makes a missing toolchain a failure.
"""

import os
import re
import signal
import subprocess
import sys
import time

import c
import kotlin
import python
import ruby
import swift
import workspace
from outcome import Outcome


def cargo_test(*arguments):
    """Runs `cargo test`, shows its output as it comes, and counts."""
    outcome = Outcome()
    process = subprocess.Popen(
        ["cargo", "test", "--no-fail-fast", *arguments],
        cwd=workspace.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    for line in process.stdout:
        sys.stdout.write(line)
        counts = re.match(r"test result: .* (\d+) passed; (\d+) failed; (\d+) ignored", line)
        if counts:
            outcome.passed += int(counts[1])
            outcome.failed += int(counts[2])
            outcome.skipped += int(counts[3])
        elif re.match(r"test .* \.\.\. ignored", line):
            outcome.why.append(line.partition("ignored")[2].strip(" ,()\n") or "ignored, see above")
        elif line.startswith("skipped"):
            outcome.skipped += 1
            outcome.why.append(line.partition(":")[2].strip() or line.strip())
    if process.wait() != 0 and outcome.failed == 0:
        outcome.failed = 1
        outcome.why.append("cargo test failed before any test did, see above")
    return outcome


def rust():
    client = cargo_test("-p", "send-im", "-p", "send-im-sandbox", "-p", "send-im-uniffi", "-p", "send-im-runtime")
    return client + cargo_test("-p", "send-im-scenarios", "--test", "rust")


def fidelity():
    return cargo_test("-p", "send-im-fidelity")


def shell():
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", check=True)
    command = cargo_test("-p", "send-im-cli")
    return command + cargo_test("-p", "send-im-scenarios", "--test", "shell")


# Name, why it cannot run here (or None), how it runs.
ALWAYS = [
    ("rust", workspace.cargo_problem, rust),
    ("fidelity", workspace.cargo_problem, fidelity),
    ("shell", workspace.cargo_problem, shell),
    ("python", python.problem, python.run),
]
# These packages are still being made: they run when LANGS names them.
NAMED = [
    ("ruby", ruby.problem, ruby.run),
    ("kotlin", kotlin.problem, kotlin.run_kotlin),
    ("java", kotlin.problem, kotlin.run_java),
    ("swift", swift.problem, swift.run),
    ("c", c.problem, c.run),
]


def main():
    # In the background Ctrl-C is ignored, and programs under test would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    wanted = os.environ.get("LANGS", "").split()
    suites = ALWAYS + NAMED
    unknown = set(wanted) - {name for name, _, _ in suites}
    if unknown:
        sys.exit(f"LANGS: there is no {', '.join(sorted(unknown))}; there are {', '.join(n for n, _, _ in suites)}.")
    require_all = os.environ.get("REQUIRE_ALL") == "1"
    rows = []
    for name, problem, suite in [s for s in suites if s[0] in wanted] or ALWAYS:
        print(f"\n== {name} ==", flush=True)
        missing = problem()
        started = time.monotonic()
        if missing:
            print(f"skipped {name}: {missing}")
            outcome = Outcome(failed=1, why=[missing]) if require_all else Outcome(skipped=1, why=[missing])
        else:
            try:
                outcome = suite()
            except subprocess.CalledProcessError as error:
                outcome = Outcome(failed=1, why=[f"{' '.join(map(str, error.cmd[:3]))} … ended with {error.returncode}"])
        rows.append((name, outcome, time.monotonic() - started))
    print(f"\n{'language':<10} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}  why")
    for name, outcome, seconds in rows:
        why = "; ".join(outcome.why)
        print(f"{name:<10} {outcome.passed:>7} {outcome.failed:>7} {outcome.skipped:>8} {seconds:>8.0f}  {why}".rstrip())
    if not wanted:
        print(f'Not run unless named, as in LANGS="ruby c": {" ".join(name for name, _, _ in NAMED)}')
    sys.exit(1 if any(outcome.failed or not (outcome.passed or outcome.skipped) for _, outcome, _ in rows) else 0)


if __name__ == "__main__":
    main()
