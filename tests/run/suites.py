"""Runs the tests of every language, two rows at a time, and ends with one table.

LANGS picks rows ("rust shell"); REQUIRE_ALL=1 makes a missing toolchain a failure. What a row prints is kept in .test/ROW.log and
shown as soon as it has ended; that of a single row is shown as it comes.
"""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import failures
import package_tests
import scenarios
import workspace
from languages import LANES, ROWS, among
from outcome import Outcome

# Recorded traffic of real servers is not in the repository.
MAY_SKIP = {"fidelity"}
# One row is shown at a time.
SCREEN = threading.Lock()


def main():
    # In the background Ctrl-C is ignored, and programs under test would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.argv[1:]:
        kept(sys.argv[1], "json").write_text(json.dumps(dataclasses.asdict(ran(sys.argv[1]))))
        return
    wanted = among(ROWS, os.environ.get("LANGS", "").split())
    workspace.REPORTS.mkdir(exist_ok=True)
    if not workspace.python_problem():
        workspace.pip(package_tests.PYTEST)
    if len(wanted) == 1:
        rows = [(wanted[0], *timed(ran, wanted[0]))]
    else:
        rows = in_lanes([[name for name in lane if name in wanted] for lane in LANES])
    same_scenarios([outcome for name, outcome, _ in rows if ROWS[name].driver])
    for name, outcome, _ in rows:
        if outcome.failed and len(rows) > 1:
            print(f"\n== what failed: {name} ==", *failures.told(kept(name, "log")), sep="\n")
    table(rows)
    sys.exit(1 if any(outcome.failed or not (outcome.passed or outcome.skipped) for _, outcome, _ in rows) else 0)


def kept(name, kind):
    """Where the process of a row leaves what it printed (log) and counted (json)."""
    return workspace.REPORTS / f"{name}.{kind}"


def timed(what, name):
    """What that gives for this row, and the seconds it took."""
    started = time.monotonic()
    return what(name), time.monotonic() - started


def in_lanes(lanes):
    """The rows of these lanes, which run at the same time."""
    with ThreadPoolExecutor(len(lanes)) as both:
        try:
            return [row for lane in both.map(lambda names: [(name, *timed(apart, name)) for name in names], lanes) for row in lane]
        except KeyboardInterrupt:
            # The rows under way have got it too; the others are not to begin.
            os._exit(128 + signal.SIGINT)


def apart(name):
    """Runs a row in a process of its own, and shows what it has printed."""
    log, counted = kept(name, "log"), kept(name, "json")
    print(f"-- {name} begins: {log.relative_to(workspace.ROOT)}", flush=True)
    # A file and no pipe: a daemon that a program leaves behind would hold a pipe open.
    with open(log, "wb") as output:
        ended = subprocess.run([sys.executable, __file__, name], stdout=output, stderr=subprocess.STDOUT, cwd=workspace.ROOT)
    outcome = Outcome(failed=1, why=[f"its runner ended with {ended.returncode}"])
    if not ended.returncode:
        outcome = Outcome(**json.loads(counted.read_text()))
    with SCREEN:
        print(f"\n== {name} ==", flush=True)
        sys.stdout.buffer.write(log.read_bytes())
        print(f"-- {name} has ended: {outcome.passed} passed, {outcome.failed} failed", flush=True)
    return outcome


def ran(name):
    """What a row counted, or why it did not run."""
    sys.stdout.reconfigure(line_buffering=True, errors="replace")
    require_all = os.environ.get("REQUIRE_ALL") == "1"
    row = ROWS[name]
    if missing := row.language.problem():
        print(f"skipped {name}: {missing}")
        return Outcome(failed=1, why=[missing]) if require_all else Outcome(skipped=1, why=[missing])
    try:
        outcome = row.run() + scenarios.judged(name)
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
    for name, outcome, seconds in rows:
        counts = (outcome.passed, outcome.failed, outcome.skipped, outcome.scenarios or "", round(seconds))
        print(f"{name:<10} {' '.join(f'{count:>9}' for count in counts)}  {'; '.join(outcome.why)}".rstrip())


if __name__ == "__main__":
    main()
