"""Runs the tests of every language, two rows at a time, and ends with one table.

LANGS picks rows ("rust shell"); REQUIRE_ALL=1 makes a missing toolchain a failure.
"""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import c
import cargo
import dotnet
import front_page
import golang
import http_service
import kotlin
import node
import php
import python
import ruby
import scenarios
import shell
import swift
import workspace
from outcome import Outcome
from recording import Recording, made_for_now


def rust():
    packages = (
        "send-im-ucwa", "send-im", "send-im-sandbox", "send-im-scenarios", "send-im-uniffi", "send-im-runtime", "send-im-fuzz",
        "send-im-example",
    )
    return cargo.test(*[word for package in packages for word in ("-p", package)])


def fidelity():
    return cargo.test("-p", "send-im-fidelity")


def command():
    missing = shell.missing()
    if not missing:
        return cargo.test("-p", "send-im-cli") + shell.checks()
    others = ["--bins", *(word for test in shell.TESTS.glob("*.rs") if test.stem != "proxies" for word in ("--test", test.stem))]
    why = f"no proxies or nothing that reads a manual here (on Debian: apt install {' '.join(missing)})"
    return cargo.test("-p", "send-im-cli", *others) + Outcome(skipped=1, why=[why])


# Name, why it cannot run here (or None), how it runs. The rows of a lane run one after the other, because they build into
# the same places; the two lanes run at the same time, because a row waits more than it works.
LANES = [
    [
        ("rust", workspace.cargo_problem, rust),
        ("shell", shell.problem, command),
        ("python", python.problem, python.run),
        ("ruby", ruby.problem, ruby.run),
        ("kotlin", kotlin.problem, kotlin.run_kotlin),
        ("java", kotlin.problem, kotlin.run_java),
        ("swift", swift.problem, swift.run),
    ],
    [
        ("fidelity", workspace.cargo_problem, fidelity),
        ("go", golang.problem, golang.run),
        ("csharp", dotnet.problem, dotnet.run),
        ("vb", dotnet.problem, dotnet.run_vb),
        ("php", php.problem, php.run),
        ("node", node.problem, node.run),
        ("c", c.problem, c.run),
        ("http", http_service.problem, http_service.run),
    ],
]
# These rows have tests of another kind.
WITHOUT_SCENARIOS = {"fidelity", "http"}
# Recorded traffic of real servers is not in the repository.
MAY_SKIP = {"fidelity"}


def main():
    # In the background Ctrl-C is ignored, and programs under test would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.argv[1:]:
        return one_row(*sys.argv[1:])
    wanted = os.environ.get("LANGS", "").split()
    known = [name for lane in LANES for name, _, _ in lane]
    if unknown := set(wanted) - set(known):
        sys.exit(f"LANGS: there is no {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
    if not workspace.python_problem():
        workspace.install_pytest()
    lanes = [[name for name, _, _ in lane if name in (wanted or known)] for lane in LANES]
    with ThreadPoolExecutor(len(lanes)) as both:
        try:
            rows = [row for lane in both.map(lambda names: [apart(name) for name in names], lanes) for row in lane]
        except KeyboardInterrupt:
            # The rows under way have got it too; the others are not to begin.
            os._exit(128 + signal.SIGINT)
    for row in rows:
        row.recording.shown()
    same_scenarios([row.outcome for row in rows if row.name not in WITHOUT_SCENARIOS])
    for row in rows:
        if row.outcome.failed:
            print(f"\n== what failed: {row.name} ==", *row.recording.failures(), sep="\n")
    table(rows)
    sys.exit(1 if any(row.outcome.failed or not (row.outcome.passed or row.outcome.skipped) for row in rows) else 0)


@dataclasses.dataclass
class Row:
    """A row of the table, and what its tests printed."""

    name: str
    outcome: Outcome
    seconds: float
    recording: Recording


def apart(name):
    """Runs a row in a process of its own, whose output is kept together."""
    started = time.monotonic()
    print(f"-- {name} begins", flush=True)
    told = Path(made_for_now()) / "counted"
    recording = Recording(name, [sys.executable, __file__, name, str(told)], workspace.ROOT)
    ended = recording.process.wait()
    counted = told.read_text() if told.exists() else ""
    outcome = Outcome(**json.loads(counted)) if counted else Outcome(failed=1, why=[f"its runner ended with {ended}"])
    seconds = time.monotonic() - started
    print(f"-- {name} has ended: {outcome.passed} passed, {outcome.failed} failed, {seconds:.0f} s", flush=True)
    return Row(name, outcome, seconds, recording)


def one_row(name, told):
    """What the process of a row does: it writes what was counted into the file `told`."""
    sys.stdout.reconfigure(line_buffering=True)
    (outcome,) = [ran(*row) for lane in LANES for row in lane if row[0] == name]
    with open(told, "w") as file:
        json.dump(dataclasses.asdict(outcome), file)


def ran(name, problem, suite):
    """What a suite counted, or why it did not run."""
    require_all = os.environ.get("REQUIRE_ALL") == "1"
    missing = problem()
    if missing:
        print(f"skipped {name}: {missing}")
        return Outcome(failed=1, why=[missing]) if require_all else Outcome(skipped=1, why=[missing])
    try:
        outcome = suite() + scenarios.judged(name) + front_page.compared(name)
    except subprocess.CalledProcessError as error:
        return Outcome(failed=1, why=[f"{' '.join(map(str, error.cmd[:3]))} … ended with {error.returncode}"])
    except Exception as error:  # the other languages still run, and the table is shown
        traceback.print_exc()
        return Outcome(failed=1, why=[f"{type(error).__name__}: {str(error)[:200]}"])
    if require_all and outcome.skipped and name not in MAY_SKIP:
        outcome.failed += 1
        outcome.why.append("REQUIRE_ALL=1 allows no skipped test")
    return outcome


def same_scenarios(outcomes):
    """A language that ran fewer scenarios than another has failed. One that did not run at all is not asked."""
    most = max((outcome.scenarios for outcome in outcomes), default=0)
    for outcome in outcomes:
        if outcome.scenarios < most and outcome.passed and not outcome.failed:
            outcome.failed = 1
            outcome.why.append(f"{most - outcome.scenarios} scenarios did not run")


def table(rows):
    """What is shown at the end."""
    heads = ("passed", "failed", "skipped", "scenarios", "seconds")
    print(f"\n{'language':<10} {' '.join(f'{head:>9}' for head in heads)}  why")
    for row in rows:
        outcome = row.outcome
        counts = (outcome.passed, outcome.failed, outcome.skipped, outcome.scenarios or "", round(row.seconds))
        print(f"{row.name:<10} {' '.join(f'{count:>9}' for count in counts)}  {'; '.join(outcome.why)}".rstrip())


if __name__ == "__main__":
    main()
