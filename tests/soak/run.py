"""Mixed traffic under random faults, with every message accounted for.

MINUTES=30 SEED=… LANGS="rust python ruby" FAULTS="answer cut delay truncate late swallow pool" make soak

tests/soak/README.md says what is sent, what goes wrong and what must hold.
"""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from urllib.parse import quote

import workspace
from languages import PYTHON, ROWS, RUBY, among

PROGRAMS = workspace.ROOT / "tests" / "soak"
SOAK = workspace.target_dir() / "debug" / "soak"
# Seconds without faults at the end, in which the last sends end as they should.
CALM = 30
# Seconds a program may take beyond its time before it counts as hanging.
PATIENCE = 180
# By how much what a program keeps may have grown once everything is closed: bytes in use in Rust, live objects in Python and
# Ruby. In half an hour each sends tens of thousands of messages, so a leak of one object or three bytes per message is found.
GROWTH = {"rust": 64 * 1024, "python": 2000, "ruby": 5000}


class Server:
    """The sandbox with the proxy before it, in one process."""

    def __init__(self, ca_file, seed, faults):
        command = [SOAK, "server", ca_file, str(seed), faults]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.urls = json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def say(self, command):
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()

    def report(self):
        self.say("report")
        return json.loads(self.process.stdout.readline())


# A client that the pool refuses to let close a session asks at least so often.
LEAST_DELETES = 4


class Program:
    """One language's traffic."""

    def __init__(self, language, command, arguments):
        self.language, self.outcomes, self.states, self.dead = language, [], {}, []
        self.begun = threading.Event()
        self.process = subprocess.Popen([*map(str, command), *map(str, arguments)], stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            told = json.loads(line)
            if "state" in told:
                self.states[told.pop("state")] = told
                print(f"{self.language}: {line.strip()}", flush=True)
                self.begun.set()
            elif "dead" in told:
                self.dead.append(told["dead"])
            else:
                self.outcomes.append((told["text"], told["outcome"]))
        self.begun.set()

    def end(self):
        try:
            self.process.wait(timeout=CALM + PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.reader.join()

    def problems(self):
        """What does not hold for the program itself."""
        for why in self.dead:
            yield f"dead: a client of {self.language} does not deliver any more: {why}"
        if self.process.returncode or set(self.states) != {"first", "end"}:
            yield f"ended: {self.language} ended with {self.process.returncode} after {sorted(self.states)}"
            return
        first, end = self.states["first"], self.states["end"]
        for what, more in (("threads", 0), ("connections", 0), ("live", GROWTH[self.language])):
            if end[what] > first[what] + more:
                yield f"growth: {self.language} has {end[what]} {what} at the end, {first[what]} after its first sends"


def accounts(programs, report):
    """Compares what was reported with what arrived, and says which faults the message met."""
    allowed = {"delivered": (1, 1), "no": (0, 0), "maybe": (0, 1)}
    delivered = Counter(report["delivered"])
    told = set()
    for program in programs:
        for text, outcome in program.outcomes:
            told.add(text)
            least, most = allowed[outcome]
            if not least <= delivered[text] <= most:
                carries = re.compile(re.escape(quote(text[:30])) + r"(?!\d)|" + re.escape(text[:30]) + r"(?!\d)").search
                faults = "; ".join(fault for fault, body in report["record"]["messages"] if carries(body))
                wrong = "twice" if delivered[text] > 1 else "untrue"
                yield f"{wrong}: {text[:30]!r} was reported as {outcome} and arrived {delivered[text]} times ({faults or 'no fault'})"
    for text, times in delivered.items():
        if text not in told:
            yield f"unreported: {text[:30]!r} arrived {times} times"


def left_open(report):
    """Sessions beyond those that no client could close: each answer that named them was lost, or the pool refused to."""
    sessions = report["record"]["sessions"].values()
    named = [session for session in sessions if session["named"]]
    # Its token service gives no token for a while, and three seconds of trying are over.
    refused = [session for session in named if len(session["refused_deletes"]) >= LEAST_DELETES]
    excused = len(sessions) - len(named) + len(refused)
    print(
        f"{report['open']} sessions are open; the answers that named {len(sessions) - len(named)} were lost, "
        f"and to close {len(refused)} the pool itself refused {LEAST_DELETES} times or more"
    )
    if report["open"] > excused:
        for session in named:
            faults = "; ".join([*session["failed_deletes"], *map(str, session["refused_deletes"])]) or "no fault"
            yield f"open: a session was not closed by {session['deletes']} DELETEs ({faults})"


def commands(languages):
    """How the traffic of each language is started."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-soak", check=True)
    if "rust" in languages:
        yield "rust", [SOAK, "traffic"]
    if "python" in languages:
        PYTHON.prepare()
        yield "python", [workspace.PYTHON, PROGRAMS / "soak.py"]
    if "ruby" in languages:
        RUBY.prepare()
        yield "ruby", ["ruby", "-I", RUBY.folder / "lib", PROGRAMS / "soak.rb"]


def main():
    languages = among(GROWTH, os.environ.get("LANGS", "").split())
    for missing in filter(None, (ROWS[language].language.problem() for language in languages)):
        sys.exit(f"soak: {missing}")
    seconds = round(float(os.environ.get("MINUTES", "30")) * 60)
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 31))
    faults = os.environ.get("FAULTS", "all")
    ways = list(commands(languages))
    print(f"SEED={seed}, {seconds / 60:g} minutes, {' '.join(languages)}, faults: {faults}", flush=True)
    with tempfile.TemporaryDirectory() as work, Server(f"{work}/ca.pem", seed, faults) as server:
        arguments = [server.urls["http"], server.urls["https"], f"{work}/ca.pem", seconds, seed]
        programs = [Program(name, command, arguments) for name, command in ways]
        # Each begins with sends that must succeed.
        for program in programs:
            program.begun.wait(timeout=PATIENCE)
        length = max(5, seconds - CALM)
        server.say(f"on {length}")
        time.sleep(length)
        server.say("off")
        print("calm", flush=True)
        for program in programs:
            program.end()
        report = server.report()
    problems = [problem for program in programs for problem in program.problems()]
    problems += [*left_open(report), *accounts(programs, report)]
    for program in programs:
        counts = Counter(outcome for _, outcome in program.outcomes)
        print(f"{program.language}: {sum(counts.values())} messages, {dict(counts)}")
    print(f"requests: {report['record']['requests']}")
    print(f"faults: {report['record']['faults']}")
    print(f"problems: {dict(Counter(problem.partition(':')[0] for problem in problems))}")
    for problem in problems[:40]:
        print(f"not so: {problem}")
    print(f"{len(report['delivered'])} deliveries, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
