"""Hostile connections against the HTTP service while honest callers send; every honest message must arrive.

MINUTES=5 SEED=… make siege

tests/siege/README.md says who besieges, and what must hold.
"""

import contextlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter, defaultdict
from pathlib import Path

import workspace

SIEGE = workspace.target_dir() / "debug" / "siege"
WHO = {"SEND_IM_ADDRESS": "tosh@contoso.com", "SEND_IM_PASSWORD": "x"}
TOKEN = "t0ken-that-nobody-guesses"

# Connections of each kind, against each of the services. All of them together are more than twice what a service keeps open.
BESIEGERS = {
    "silent of one": 2100,
    "silent of many": 1600,
    "half a handshake": 200,
    "silent after the handshake": 200,
    "lingering": 200,
    "slow head": 100,
    "huge head": 100,
    "slow body": 100,
    "unread": 100,
    "forged": 10,
    "wrong token": 10,
    "half a preface": 100,
    "HTTP/2 pings": 100,
    "HTTP/2 unread": 20,
    "HTTP/2 many streams": 20,
    "HTTP/2 resets": 5,
    "HTTP/2 endless head": 5,
}
ADDRESSES = [f"127.0.1.{number}" for number in range(1, 65)]
ADDRESS_OF_ONE = "127.0.0.9"
ADDRESS_OF_CALLERS = "127.0.0.2"
# Messages a second of each of the eight callers.
PACE = 1
# Seconds before and after the besiegers in which the callers are alone.
CALM = 10
# Seconds a caller waits for an answer; whoever waits so long has none.
PATIENCE = 30

# Descriptors a service may open: the connections that it keeps at most, those to its server, and what it has from the start.
DESCRIPTORS = 2048 + 100
# What the processes may open, so that it is the service that says no.
ALLOWED = 16_384
# Resident memory it may take more than before the siege, in MiB; and its most in the second half more than in the first half.
# What is freed mostly stays with the process, so that after the siege there is nothing to be seen.
GROWTH, GROWTH_IN_SECOND_HALF = 150, 40
# Descriptors it may have more than before the siege, once the last connection had time to end: at most this many seconds.
LEFT_OPEN, TIDYING = 10, 180


class Process:
    """A process of the siege. What it prints is read line by line."""

    def __init__(self, *command, take=None, nice=0, **environment):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SEND_IM_")}
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [str(part) for part in command],
            # A backtrace would take memory of its own.
            env={**clean, "RUST_BACKTRACE": "0", **environment},
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            preexec_fn=lambda: (resource.setrlimit(resource.RLIMIT_NOFILE, (ALLOWED, ALLOWED)), os.nice(nice)),
        )
        self.first = "" if take else self.process.stdout.readline().strip()
        self.reader = threading.Thread(target=lambda: [take and take(line) for line in self.process.stdout], daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=120)

    def end(self, seconds):
        """Waits for its own end, which must be a good one."""
        code = self.process.wait(timeout=seconds)
        self.reader.join()
        if code:
            self.log.seek(0)
            sys.exit(f"siege: {' '.join(self.process.args[:2])} ended with {code}: {self.log.read()[-2000:]}")

    def panics(self):
        """What it panicked at. In debug builds h2 does where a connection ends before its streams, and nothing comes of it."""
        self.log.seek(0)
        places = (line.partition("panicked at ")[2].strip() for line in self.log)
        return Counter(place for place in places if place and "/h2-" not in place)

    def memory(self):
        """Resident memory in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) // 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class Watched:
    """What a service takes: memory and descriptors before the siege, at most in either half of it, and at the end."""

    def __init__(self, name, process):
        self.name, self.process = name, process
        self.before, self.halves, self.after = (0, 0), [(0, 0), (0, 0)], (0, 0)

    def now(self):
        return self.process.memory(), self.process.descriptors()

    def look(self, half):
        self.halves[half] = tuple(map(max, self.halves[half], self.now()))

    def settle(self):
        """Waits until what the besiegers had open is closed."""
        until = time.monotonic() + TIDYING
        while self.now()[1] > self.before[1] + LEFT_OPEN and time.monotonic() < until:
            time.sleep(1)
        self.after = self.now()

    def problems(self):
        memory, descriptors = zip(self.before, *self.halves, self.after)
        for what, found in (("MiB", memory), ("descriptors", descriptors)):
            print(f"{self.name}: {found[0]} {what} before, {found[1]} and {found[2]} at most in the halves, {found[3]} after")
        if max(memory) > memory[0] + GROWTH:
            yield f"memory: {self.name} has {max(memory)} MiB, {memory[0]} before"
        if memory[2] > memory[1] + GROWTH_IN_SECOND_HALF:
            yield f"memory: {self.name} has {memory[2]} MiB in the second half, {memory[1]} in the first"
        if max(descriptors) > DESCRIPTORS:
            yield f"descriptors: {self.name} has {max(descriptors)}"
        if descriptors[3] > descriptors[0] + LEFT_OPEN:
            yield f"descriptors: {self.name} has {descriptors[3]} after it, {descriptors[0]} before"
        yield from (f"panic: {self.name} at {where}, {times} times" for where, times in self.process.panics().items())


@contextlib.contextmanager
def services(work, sandbox):
    """One that speaks http to this machine, and one that speaks https and asks for a token."""
    serve = [workspace.command(), "serve", "--listen", "127.0.0.1:0", "--server", sandbox]
    tls = ["--tls-cert", f"{work}/im.pem", "--tls-key", f"{work}/im.key"]
    with Process(*serve, **WHO) as http, Process(*serve, *tls, SEND_IM_HTTP_TOKEN=TOKEN, **WHO) as https:
        plans = [
            {"name": "http", "address": http.first.split("/")[2]},
            {"name": "https", "address": https.first.split("/")[2], "ca_file": f"{work}/ca.pem", "token": TOKEN},
        ]
        yield plans, [Watched("http", http), Watched("https", https)]


def accounts(said, delivered):
    """Compares what the callers were told with what arrived."""
    for text, answer in said.items():
        if answer != "200":
            yield f"refused: {text!r} was answered with {answer[:300]}"
        if delivered[text] != 1:
            yield f"arrived: {text!r} arrived {delivered[text]} times"
    yield from (f"forged: {text!r} arrived {times} times" for text, times in delivered.items() if text not in said)


def besieged(service, kinds):
    """Whether the siege of this service took place."""
    for name in (f"{service} {kind}" for kind in BESIEGERS):
        kind = kinds.get(name, Counter())
        print(f"{name}: {kind['opened']} connections, {kind['ended']} ended by the service, {kind['refused']} not made")
        if not kind["opened"]:
            yield f"siege: no connection of {name} came about"


def main():
    if not sys.platform.startswith("linux"):
        sys.exit("siege: only Linux has addresses enough on loopback, and /proc")
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", "-p", "send-im-siege", check=True)
    seconds = round(float(os.environ.get("MINUTES", "5")) * 60)
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 31))
    print(f"SEED={seed}, {seconds / 60:g} minutes", flush=True)
    said, health, kinds = {}, defaultdict(Counter), {}

    def take(line):
        told = json.loads(line)
        if "text" in told:
            said[told["text"]] = told["said"]
        elif "health" in told:
            health[told["health"]][told["said"]] += 1
        else:
            kinds[told.pop("kind")] = told

    with tempfile.TemporaryDirectory() as work, Process(workspace.command(), "sandbox", "--answer-after", "0s") as sandbox:
        subprocess.run([SIEGE, "certificate", work], check=True)
        os.chmod(f"{work}/im.key", 0o600)
        with services(work, sandbox.first) as (targets, watched):
            plan = {"services": targets, "seed": seed}
            calls = {**plan, "address": ADDRESS_OF_CALLERS, "pace": PACE, "patience": PATIENCE, "seconds": seconds + 2 * CALM}
            mischief = {**plan, "address": ADDRESS_OF_ONE, "addresses": ADDRESSES, "besiegers": BESIEGERS, "seconds": seconds}
            with Process(SIEGE, "call", json.dumps(calls), take=take) as callers:
                time.sleep(CALM)
                for each in watched:
                    each.before = each.now()
                # It is not to be a matter of who gets the processor.
                with Process(SIEGE, "besiege", json.dumps(mischief), take=take, nice=10) as besiegers:
                    begun = time.monotonic()
                    while besiegers.process.poll() is None:
                        for each in watched:
                            each.look(time.monotonic() - begun > seconds / 2)
                        time.sleep(1)
                    besiegers.end(PATIENCE)
                print("the siege is over", flush=True)
                callers.end(2 * CALM + 2 * PATIENCE)
            for each in watched:
                each.settle()
            problems = [problem for each in watched for problem in each.problems()]
            with urllib.request.urlopen(f"{sandbox.first}sandbox/api/messages") as answer:
                delivered = Counter(message["text"] for message in json.load(answer))
    problems += accounts(said, delivered)
    for name in (target["name"] for target in targets):
        answers = health[name] or {"nothing": 1}
        print(f"{name} /healthz: {dict(answers)}")
        problems += besieged(name, kinds)
        problems += [f"health: {name} said {text[:200]}, {times} times" for text, times in answers.items() if text != "200"]
    print(f"{len(said)} honest messages, {sum(delivered.values())} delivered")
    print(f"problems: {dict(Counter(problem.partition(':')[0] for problem in problems))}")
    for problem in problems[:40]:
        print(f"not so: {problem}")
    sys.exit(1 if problems or not said else 0)


if __name__ == "__main__":
    main()
