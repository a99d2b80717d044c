"""The traffic of the soak, from Python: soak.py URL SECONDS SEED. The README beside this tells what it prints."""

import gc
import json
import os
import random
import sys
import threading
import time
import traceback

from send_im import Client, Message, SendImError, send_im

WORKERS = 8
ACCOUNT = {"address": "python@contoso.com", "password": "any"}
telling = threading.Lock()


class Shared:
    """The client of all workers. A worker that signs in anew waits for the others' sends."""

    def __init__(self):
        self.client, self.using, self.changed = None, 0, threading.Condition()

    def __enter__(self):
        with self.changed:
            self.changed.wait_for(lambda: self.client)
            self.using += 1
            return self.client

    def __exit__(self, *_):
        with self.changed:
            self.using -= 1
            self.changed.notify_all()

    def renew(self):
        with self.changed:
            self.changed.wait_for(lambda: self.client)
            old, self.client = self.client, None
            self.changed.wait_for(lambda: self.using == 0)
        try:
            old.sign_out()
        except SendImError:
            pass
        new = signed_in()
        with self.changed:
            self.client = new
            self.changed.notify_all()


def signed_in():
    for _ in range(20):
        try:
            return Client.sign_in(**ACCOUNT, timeout=20)
        except SendImError:
            time.sleep(0.2)
    raise SystemExit("no sign-in any more")


class Worker(threading.Thread):
    def __init__(self, number, seed, shared, end):
        super().__init__(name=f"worker {number}")
        self.number, self.shared, self.end, self.sent = number, shared, end, 0
        self.chance = random.Random(f"{seed} python {number}")

    def run(self):
        ways = [self.by_the_client, self.by_one_call, self.as_a_list, self.hurried, self.sign_in_again]
        while time.monotonic() < self.end:
            self.chance.choices(ways, (60, 14, 10, 15, 1))[0]()
            time.sleep(self.chance.uniform(0, 0.4))

    def by_the_client(self, timeout=20):
        to, text = self.message()
        with self.shared as client:
            attempt(text, lambda: client.send(to, text, timeout=timeout))

    def by_one_call(self):
        to, text = self.message()
        attempt(text, lambda: send_im(to, text, timeout=20, **ACCOUNT))

    def as_a_list(self):
        messages = [self.message() for _ in range(10)]
        with self.shared as client:
            results = client.send_all([Message(to, text, timeout=20) for to, text in messages])
        for (_, text), result in zip(messages, results):
            tell(text, result.sent if isinstance(result, SendImError) else "delivered")

    def hurried(self):
        self.by_the_client(self.chance.uniform(0.02, 0.4))

    def sign_in_again(self):
        self.shared.renew()

    def message(self):
        self.sent += 1
        text = f"python {self.number} {self.sent}" + " long" * (200 if self.chance.randrange(4) == 0 else 0)
        special = ["busy", "declines", "echo", "slow", "offline", "forwards"]
        pick = self.chance.randrange(20)
        return f"{special[pick] if pick < 6 else f'user{self.chance.randrange(40)}'}@contoso.com", text


def attempt(text, send):
    try:
        send()
        tell(text, "delivered")
    except SendImError as error:
        if error.kind == "invalid_input":
            raise
        tell(text, error.sent)


def tell(text, outcome):
    with telling:
        print(json.dumps({"text": text, "outcome": outcome}), flush=True)


def state(when):
    gc.collect()
    with open("/proc/self/status") as file:
        status = dict(line.split(":", 1) for line in file)
    with open("/proc/self/net/tcp") as table:
        tcp = {f"socket:[{line.split()[9]}]" for line in table}
    connections = 0
    for fd in os.listdir("/proc/self/fd"):
        try:
            connections += os.readlink(f"/proc/self/fd/{fd}") in tcp
        except FileNotFoundError:
            pass
    kib, threads = int(status["VmRSS"].split()[0]), int(status["Threads"])
    with telling:
        print(json.dumps({"state": when, "kib": kib, "threads": threads, "connections": connections}), flush=True)


def given_up(failure):
    """A worker that ends before its time ends the program, which is then not what was expected."""
    traceback.print_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)
    os._exit(1)


def main():
    threading.excepthook = given_up
    url, seconds, seed = sys.argv[1:]
    ACCOUNT["server"] = url
    attempt("python first", lambda: send_im("first@contoso.com", "python first", **ACCOUNT))
    time.sleep(15)
    state("first")
    shared = Shared()
    shared.client = signed_in()
    workers = [Worker(n, seed, shared, time.monotonic() + int(seconds)) for n in range(WORKERS)]
    for worker in workers:
        worker.start()
    time.sleep(int(seconds) / 4)
    state("warm")
    for worker in workers:
        worker.join()
    state("busy")
    try:
        shared.client.sign_out()
    except SendImError:
        pass
    shared.client = None
    workers.clear()
    time.sleep(15)
    state("end")


main()
