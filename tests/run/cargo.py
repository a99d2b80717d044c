"""Runs tests of the workspace's crates, and what reports as they do."""

import re
import subprocess
import sys
from pathlib import Path

import workspace
from outcome import Outcome


def test(*arguments):
    """Runs `cargo test` and counts."""
    return counted("cargo", "test", "--no-fail-fast", *arguments)


def counted(*command, **options):
    """Runs a program that reports as `cargo test` does, shows its output as it comes, and counts."""
    outcome = Outcome()
    process = subprocess.Popen(
        list(map(str, command)),
        cwd=workspace.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        **options,
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
        outcome.why.append(f"{Path(command[0]).name} failed though no test did, see above")
    return outcome
