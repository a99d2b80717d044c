"""Runs every benchmark and writes BENCHMARKS.md: run.py [--quick] [--only PART …], as `make bench` calls it

Release builds first; the measurements themselves take less than a quarter of an hour. What is compared runs in turn, against the
same servers or fresh ones of the same kind. Nothing here is a test: tests count requests and never look at a clock.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import each_language
import report
import workspace

BENCH = workspace.ROOT / "tests" / "bench"
RESULTS = workspace.REPORTS / "bench.json"

# Milliseconds of round trip. 40 is what the first message is judged at: 20 ms each way.
FIRST_AT = 40
PLOTTED = [0, 5, 20, 50]
ROUND_TRIPS = sorted({*PLOTTED, FIRST_AT})
HANG = 600


class Quick:
    """How much is measured: fewer rounds where somebody only wants to see whether it runs."""

    def __init__(self, quick):
        self.quick = quick

    def __call__(self, count):
        return max(2, count // 10) if self.quick else count


def binary(name="send-im-bench"):
    return workspace.target_dir() / "release" / name


def measure(*arguments, env=None, program="send-im-bench"):
    """Makes one measurement; gives what it printed."""
    command = [str(binary(program)), *map(str, arguments)]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, timeout=HANG, check=True)
    return json.loads(done.stdout)


class Servers:
    """The sandboxes of a run, in a process of their own."""

    def __init__(self, round_trips, https=True, http1=False):
        self.folder = Path(tempfile.mkdtemp())
        self.ca = self.folder / "ca.pem" if https else None
        options = (["--ca-out", self.ca] if https else []) + (["--http1"] if http1 else [])
        distances = ",".join(map(str, round_trips))
        command = [str(binary()), "serve", *map(str, options), "--round-trips", distances]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.urls = dict(zip(round_trips, json.loads(self.process.stdout.readline())["urls"]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        shutil.rmtree(self.folder)

    def at(self, round_trip):
        """The options that name the server behind a link of this length."""
        return ["--server", self.urls[round_trip], *(["--ca", self.ca] if self.ca else [])]

    def traffic(self, round_trip):
        """Connections, bytes up, bytes down over this link since it was last asked."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        return dict(zip(("connections", "up", "down"), told[list(self.urls).index(round_trip)]))

    def environment(self, round_trip, name):
        """The account of a program in another language."""
        chosen = {n: v for n, v in os.environ.items() if not n.startswith("SEND_IM_")}
        chosen |= {
            "SEND_IM_SERVER": self.urls[round_trip],
            "SEND_IM_ADDRESS": f"{name}@contoso.com",
            "SEND_IM_PASSWORD": "x",
        }
        return chosen | ({"SEND_IM_CA_FILE": str(self.ca)} if self.ca else {})


def first(scale):
    """The first message at every distance, and what it sends over the link."""
    measured = {}
    with Servers(ROUND_TRIPS) as servers:
        for round_trip in ROUND_TRIPS:
            rounds = scale(40 if round_trip == 0 else 15)
            measured[round_trip] = measure("first", *servers.at(round_trip), "--rounds", rounds)
        # A program that has just been started has the authorities of the system to read as well.
        cold = []
        for number in range(scale(20)):
            servers.traffic(FIRST_AT)
            alone = measure("first", *servers.at(FIRST_AT), "--rounds", 1, "--from", 1000 + number, "--alone")
            cold.append(alone["ours"]["p50"])
        traffic = servers.traffic(FIRST_AT)
    with Servers([FIRST_AT], http1=True) as servers:
        http1 = measure("first", *servers.at(FIRST_AT), "--rounds", scale(15))
    return {
        "at": measured,
        "http1": http1,
        "cold": statistics.median(cold),
        "traffic": traffic,
        "netem": netem(scale),
    }


def netem(scale):
    """The same over a network that the kernel itself delays, in a namespace of its own; or why it cannot be measured."""
    if not (shutil.which("unshare") and shutil.which("tc") and shutil.which("ip")):
        return {"skipped": "no unshare, ip and tc here (on Debian: apt install iproute2)"}
    delayed = f"ip link set lo up && tc qdisc add dev lo root netem delay {FIRST_AT / 2}ms limit 100000"
    tried = subprocess.run(["unshare", "--net", "sh", "-c", delayed], capture_output=True, text=True)
    if tried.returncode:
        return {"skipped": "this kernel has no netem, or this account may not use it"}
    inside = ["unshare", "--net", "sh", "-c", f'{delayed} && exec "$@"', "sh"]
    script = (
        "import json, subprocess, sys; ca, bench, rounds = sys.argv[1:];"
        "s = subprocess.Popen([bench, 'serve', '--ca-out', ca], stdin=-1, stdout=-1, text=True);"
        "url = json.loads(s.stdout.readline())['urls'][0];"
        "subprocess.run([bench, 'first', '--server', url, '--ca', ca, '--rounds', rounds], check=True);"
        "s.stdin.close(); s.wait()"
    )
    with tempfile.TemporaryDirectory() as folder:
        command = [*inside, sys.executable, "-c", script, f"{folder}/ca.pem", str(binary()), str(scale(15))]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=HANG, check=True)
    return json.loads(done.stdout)


def following(scale):
    """The next message of an open session at every distance."""
    with Servers(ROUND_TRIPS) as servers:
        return {at: measure("next", *servers.at(at), "--rounds", scale(45)) for at in ROUND_TRIPS}


def throughput(scale):
    """Ten thousand messages over one session, and how that grows with what is under way."""
    everything = scale(10_000)
    few = min(100, everything)
    send_all, in_flight_rows = {}, []
    with Servers([0]) as servers:

        def run(who, messages, recipients, in_flight=32):
            options = ["--messages", messages, "--recipients", recipients, "--in-flight", in_flight]
            return measure("throughput", *servers.at(0), "--who", who, *options)

        for name, recipients in (("each", everything), ("few", few)):
            rounds = [
                {who: run(who, everything, recipients) for who in ("send-all", "bare")}
                for _ in range(1 if scale.quick else 3)
            ]
            send_all[name] = rounds
        for in_flight in (1, 10, 100, 1000):
            messages = everything if in_flight > 1 else max(20, everything // 20)
            row = {who: run(who, messages, messages, in_flight) for who in ("sends", "bare")}
            in_flight_rows.append({"in_flight": in_flight, **row})
    return {"send_all": send_all, "in_flight": in_flight_rows}


def accounts(scale):
    """A thousand signed-in accounts in one process: with a private authority, and with one the system knows."""
    measured = {}
    count = scale(1000)
    with Servers([0]) as servers:
        measured["ca_file"] = measure("accounts", *servers.at(0), "--count", count)
        system = dict(os.environ, SSL_CERT_FILE=str(servers.ca))
        measured["system"] = measure("accounts", *servers.at(0), "--count", count, "--system-ca", env=system)
    with Servers([0], http1=True) as servers:
        measured["http1"] = measure("accounts", *servers.at(0), "--count", count)
    with Servers([0], https=False) as servers:
        measured["http"] = measure("accounts", *servers.at(0), "--count", count)
    return measured


def memory(scale):
    """Allocations of a send, and what stays of it."""
    with Servers([0]) as servers:
        return measure("--messages", scale(1000), *servers.at(0), program="send-im-bench-memory")


def languages(scale):
    """What each language makes of the library, beside Rust."""
    return each_language.run(lambda: Servers([0], https=False), scale)


def today(scale):
    """What people send with today, next to us."""
    requests = today_python()
    clients = {
        "ours, Rust": lambda servers, at, n: measure("first", *servers.at(at), "--rounds", n, "--from", 5000, "--alone")[
            "ours"
        ]["p50"],
        **{f"Python requests, {kind}": requests and walker([requests, BENCH / "today" / "walk.py"], kind) for kind in KINDS},
        **{f"PHP curl, {kind}": today_php() and walker(["php", BENCH / "today" / "walk.php"], kind) for kind in KINDS},
    }
    measured, traffic = {name: {} for name in clients}, {}
    with Servers(ROUND_TRIPS) as servers:
        for at in ROUND_TRIPS:
            for name, client in clients.items():
                if client:
                    measured[name][at] = client(servers, at, scale(20 if at == 0 else 5))
        for name, client in clients.items():
            if client:
                servers.traffic(FIRST_AT)
                client(servers, FIRST_AT, 1)
                traffic[name] = servers.traffic(FIRST_AT)
    skipped = {}
    if not requests:
        skipped["Python requests"] = "the package requests could not be installed"
    if not today_php():
        skipped["PHP curl"] = "no php with curl on PATH (on Debian: apt install php-cli php-curl)"
    return {"ms": measured, "traffic": traffic, "skipped": skipped}


KINDS = ("new connections", "kept alive")


def walker(command, kind):
    """A client that walks through the vendor's steps in a process of its own; the median of its sends in milliseconds."""

    def walk(servers, at, rounds):
        environment = servers.environment(at, "walker")
        arguments = [*map(str, command), "keep" if kind == KINDS[1] else "new", str(rounds)]
        done = subprocess.run(arguments, env=environment, stdout=subprocess.PIPE, text=True, timeout=HANG, check=True)
        return json.loads(done.stdout)["p50"]

    return walk


def today_python():
    """A Python with requests, or None."""
    workspace.make_environment()
    asked = [workspace.PYTHON, "-c", "import requests"]
    if subprocess.run(list(map(str, asked)), capture_output=True).returncode:
        workspace.run(
            workspace.PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "requests>=2.31,<3"
        )
    return workspace.PYTHON if not subprocess.run(list(map(str, asked)), capture_output=True).returncode else None


def today_php():
    """True where PHP has curl."""
    if not shutil.which("php"):
        return False
    return "curl" in subprocess.run(["php", "-m"], capture_output=True, text=True).stdout.split()


PARTS = {
    "first": first,
    "next": following,
    "throughput": throughput,
    "accounts": accounts,
    "memory": memory,
    "languages": languages,
    "today": today,
}


@contextmanager
def told(name):
    """Says what is under way and how long it took."""
    print(f"bench: {name} …", file=sys.stderr, flush=True)
    started = time.monotonic()
    yield
    print(f"bench: {name} took {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds: only to see whether it runs")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="these parts alone; the others keep their last figures")
    parser.add_argument("--report", action="store_true", help="write BENCHMARKS.md anew from the last figures")
    chosen = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() and (chosen.only or chosen.report) else {}
    if not chosen.report:
        if missing := workspace.cargo_problem():
            sys.exit(f"bench: {missing}")
        with told("build"):
            workspace.run("cargo", "build", "--quiet", "--release", "-p", "send-im-bench", check=True)
            parts = chosen.only or list(PARTS)
            if "languages" in parts:
                each_language.prepare()
        for name in parts:
            with told(name):
                # Through JSON, so that a run and a report from kept figures see the same.
                results[name] = json.loads(json.dumps(PARTS[name](Quick(chosen.quick))))
            workspace.REPORTS.mkdir(exist_ok=True)
            RESULTS.write_text(json.dumps(results, indent=1))
    report.write(results)


if __name__ == "__main__":
    main()
