"""Mixed traffic under random faults, with every message accounted for: MINUTES=30 SEED=… LANGS="rust python ruby" soak.py

tests/soak/README.md says what is sent and what must hold.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter

import python
import ruby
import workspace

PROGRAMS = workspace.ROOT / "tests" / "soak"
# Seconds without faults at the end, in which the last sends end as they should.
CALM = 25
# KiB by which a program may grow after its first quarter. It sends some thousand messages a minute.
GROWTH = 24 * 1024
# Seconds a program may take beyond its time before it counts as hanging.
PATIENCE = 180

ROUTES = ("discovery", "user", "token", "applications", "events", "start_messaging", "send_message", "delete_application")
ANSWERS = (
    {"status": {"http": 401}},
    {"status": {"http": 403}},
    {"status": {"http": 404}},
    {"status": {"http": 409}},
    {"status": {"http": 429, "retry_after": 1}},
    {"status": {"http": 500}},
    {"status": {"http": 500, "diagnostics": '28032;reason="The web ticket is invalid."'}},
    {"status": {"http": 502, "body": "html"}},
    {"status": {"http": 503}},
    {"gateway_error": {"http": 502}},
    {"gateway_error": {"http": 504}},
    {"delay": {"ms": 700}},
    "drop_before",
    "drop_after",
    "cut_body",
    "html_instead",
    "wrong_content_type",
)
# After these the client has no way to close a session, so none is left to be closed: tests/matrix/expected.txt, [delete].
FINAL = (403, 404)
EVENTS = ("duplicate_events", {"delay_events": {"ms": 300}}, "bare_events", "early_events", "skip_states")
ACTS = ("revoke-tokens", "drop-applications", "resync", "resume", "end-conversations", "disconnect-messaging")


class Sandbox:
    """The server of all programs, in a process of its own, and what is asked of it."""

    def __enter__(self):
        command = [str(workspace.command()), "sandbox"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()
        # What it tells of each delivery is not needed, and a full pipe would stop it.
        threading.Thread(target=self.drain, daemon=True).start()
        return self

    def drain(self):
        for _ in self.process.stdout:
            pass

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}sandbox/api/{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=300) as answer:
            text = answer.read()
        return json.loads(text) if text else None


class Program:
    """One language's traffic."""

    def __init__(self, language, command, sandbox, seconds, seed):
        self.language, self.outcomes, self.states, self.lines = language, [], {}, 0
        self.process = subprocess.Popen(
            [*map(str, command), sandbox.url, str(seconds), str(seed)], stdout=subprocess.PIPE, text=True
        )
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            told = json.loads(line)
            if "state" in told:
                self.states[told.pop("state")] = told
                print(f"{self.language}: {line.strip()}", flush=True)
            else:
                self.outcomes.append((told["text"], told["outcome"]))

    def problems(self):
        """What does not hold for the program itself."""
        if self.process.returncode or set(self.states) != {"first", "warm", "busy", "end"}:
            yield f"{self.language} ended with {self.process.returncode} after {sorted(self.states)}"
            return
        first, warm, busy, end = (self.states[name] for name in ("first", "warm", "busy", "end"))
        if busy["kib"] - warm["kib"] > GROWTH:
            yield f"{self.language} grew from {warm['kib']} to {busy['kib']} KiB"
        for what in ("threads", "connections"):
            if end[what] > first[what]:
                yield f"{self.language} is left with {end[what]} {what}, {first[what]} after the first send"


def never_named(sandbox):
    """Empties the journal. Gives how many sessions were made whose address was lost with the answer: none can close them."""
    journal = sandbox.ask("GET", "journal")
    sandbox.ask("DELETE", "journal")
    made = [each for each in journal if each["method"] == "POST" and each["path"].partition("?")[0].endswith("/applications")]
    return sum(each["status"] is None or each["status"] >= 500 for each in made)


def trouble(sandbox, chance, until):
    """Switches faults on at random. None lasts longer than some seconds."""
    switched, unnamed = Counter(), 0
    while time.monotonic() < until:
        roll = chance.random()
        if roll < 0.04:
            act = chance.choice(ACTS)
            sandbox.ask("POST", f"actions/{act}")
            switched[act] += 1
        else:
            about_events = roll < 0.2
            route = chance.choice(("start_messaging", "send_message")) if about_events else chance.choice(ROUTES)
            action = chance.choice(EVENTS if about_events else ANSWERS)
            if route == "delete_application" and isinstance(action, dict) and action.get("status", {}).get("http") in FINAL:
                continue
            fault = {"route": route, "times": chance.randint(1, 4), "skip": chance.randint(0, 10), "action": action}
            sandbox.ask("POST", "faults", fault)
            switched[action if isinstance(action, str) else next(iter(action))] += 1
        if chance.random() < 0.05:
            sandbox.ask("DELETE", "faults")
        if chance.random() < 0.02:
            # The journal of half an hour would be long.
            unnamed += never_named(sandbox)
        time.sleep(chance.uniform(0.05, 0.8))
    sandbox.ask("DELETE", "faults")
    return switched, unnamed


def accounts(programs, delivered):
    """Compares what was said with what arrived."""
    allowed = {"delivered": (1, 1), "no": (0, 0), "maybe": (0, 1)}
    told = set()
    for program in programs:
        for text, outcome in program.outcomes:
            told.add(text)
            least, most = allowed[outcome]
            if not least <= delivered[text] <= most:
                yield f"{text[:40]!r} was reported as {outcome} and is {delivered[text]} times in the inbox"
    for text, times in delivered.items():
        if text not in told:
            yield f"{text[:40]!r} is {times} times in the inbox and was never reported"


def commands(languages):
    """How the traffic of each language is started."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", "-p", "send-im-soak", check=True)
    if "rust" in languages:
        yield "rust", [workspace.target_dir() / "debug" / "soak"]
    if "python" in languages:
        workspace.install_python_package()
        yield "python", [workspace.PYTHON, PROGRAMS / "soak.py"]
    if "ruby" in languages:
        environment = dict(os.environ, SEND_IM_PROFILE="dev")
        workspace.run("rake", "--quiet", "compile", folder=ruby.PACKAGE, env=environment, check=True)
        yield "ruby", ["ruby", "-I", ruby.PACKAGE / "lib", PROGRAMS / "soak.rb"]


def main():
    languages = os.environ.get("LANGS", "rust python ruby").split()
    for missing in filter(None, (python.problem(), ruby.problem() if "ruby" in languages else None)):
        sys.exit(f"soak: {missing}")
    seconds = round(float(os.environ.get("MINUTES", "30")) * 60)
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 31))
    print(f"SEED={seed}, {seconds / 60:g} minutes, {' '.join(languages)}", flush=True)
    with Sandbox() as sandbox:
        programs = [Program(name, command, sandbox, seconds, seed) for name, command in commands(languages)]
        # Each begins with a send that must succeed.
        time.sleep(18)
        switched, unnamed = trouble(sandbox, random.Random(seed), time.monotonic() + max(5, seconds - 18 - CALM))
        print("calm", flush=True)
        for program in programs:
            try:
                program.process.wait(timeout=CALM + PATIENCE)
            except subprocess.TimeoutExpired:
                program.process.kill()
            program.reader.join()
        problems = [problem for program in programs for problem in program.problems()]
        state = sandbox.ask("GET", "state")
        unnamed += never_named(sandbox)
        if state["open_applications"] > unnamed:
            problems.append(f"{state['open_applications']} sessions are still open, {unnamed} answers that named one were lost")
        delivered = Counter(message["text"] for message in sandbox.ask("GET", "messages"))
    problems += accounts(programs, delivered)
    for program in programs:
        counts = Counter(outcome for _, outcome in program.outcomes)
        print(f"{program.language}: {sum(counts.values())} messages, {dict(counts)}")
    print(f"faults: {dict(switched)}")
    print(f"{state['open_applications']} sessions open; {unnamed} answers that named a new session were lost")
    for problem in problems[:40]:
        print(f"not so: {problem}")
    print(f"{len(problems)} problems; {sum(delivered.values())} deliveries, none twice" if not problems else f"{len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
