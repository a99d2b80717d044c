"""The traffic of the soak, from Python: soak.py HTTP HTTPS CA_FILE SECONDS SEED. The README beside this tells what it prints."""

import gc
import itertools
import json
import os
import random
import sys
import threading
import time
import traceback
from dataclasses import replace

from send_im import Account, Client, Message, SendImError, send_im

WORKERS = 8
# What fails so often in a row does not fail because of a fault.
ATTEMPTS = 20
# Seconds between two attempts, times the number of the attempt. A name that was refused three times rests for a minute; all
# attempts together take longer.
PAUSE = 0.5
SENDER = Account("python@contoso.com", "any")
telling = threading.Lock()


class Shared:
    """The client of half of the workers. A worker that signs in anew waits for the others' sends."""

    def __init__(self, account):
        self.account, self.using, self.changed = account, 0, threading.Condition()
        self.client = self.signed_in()

    def __enter__(self):
        with self.changed:
            self.changed.wait_for(lambda: self.client)
            self.using += 1
            return self.client

    def __exit__(self, *_):
        with self.changed:
            self.using -= 1
            self.changed.notify_all()

    def renew(self, still_delivers):
        with self.changed:
            self.changed.wait_for(lambda: self.client)
            old, self.client = self.client, None
            self.changed.wait_for(lambda: self.using == 0)
        still_delivers(old)
        sign_out(old)
        new = self.signed_in()
        with self.changed:
            self.client = new
            self.changed.notify_all()

    def signed_in(self):
        """Whatever goes wrong, the password is right."""
        for attempts in itertools.count(1):
            try:
                return Client(self.account, sign_in_timeout=20).sign_in()
            except SendImError as error:
                if attempts == ATTEMPTS:
                    print_line({"dead": str(error)})
            time.sleep(PAUSE * attempts)


def sign_out(client):
    try:
        client.sign_out()
    except SendImError:
        pass


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
        attempt(text, lambda: send_im(to, text, timeout=20, account=self.shared.account))

    def as_a_list(self):
        messages = [self.message() for _ in range(10)]
        with self.shared as client:
            results = client.send_all([Message(to, text, timeout=20) for to, text in messages])
        for (_, text), result in zip(messages, results):
            tell(text, result.sent if isinstance(result, SendImError) else "delivered")

    def hurried(self):
        self.by_the_client(self.chance.uniform(0.02, 0.4))

    def sign_in_again(self):
        self.shared.renew(self.still_delivers)

    def still_delivers(self, client):
        """Whatever has happened, a client whose password is right delivers again after a while."""
        for attempts in range(1, ATTEMPTS + 1):
            _, text = self.message()
            last = attempt(text, lambda: client.send("user0@contoso.com", text, timeout=5))
            if last is None:
                return
            time.sleep(PAUSE * attempts)
        print_line({"dead": str(last)})

    def message(self):
        self.sent += 1
        text = f"python {self.number} {self.sent}" + " long" * (200 if self.chance.randrange(4) == 0 else 0)
        special = ["busy", "declines", "echo", "slow", "offline", "forwards"]
        pick = self.chance.randrange(20)
        return f"{special[pick] if pick < 6 else f'user{self.chance.randrange(40)}'}@contoso.com", text


def attempt(text, send):
    """Tells what came of a send. Gives what went wrong, if anything did."""
    try:
        send()
        tell(text, "delivered")
    except SendImError as error:
        tell(text, error.sent)
        return error


def tell(text, outcome):
    print_line({"text": text, "outcome": outcome})


def print_line(told):
    with telling:
        print(json.dumps(told), flush=True)


def state(when):
    gc.collect()
    live = len(gc.get_objects())
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
    threads = int(status["Threads"])
    print_line({"state": when, "live": live, "threads": threads, "connections": connections})


def given_up(failure):
    """A worker that ends before its time ends the program, which is then not what was expected."""
    traceback.print_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)
    os._exit(1)


def main():
    threading.excepthook = given_up
    http, https, ca_file, seconds, seed = sys.argv[1:]
    accounts = [replace(SENDER, server=http), replace(SENDER, server=https, ca_file=ca_file)]
    for account, text in zip(accounts, ("python first", "python second")):
        attempt(text, lambda: send_im("first@contoso.com", text, account=account))
    time.sleep(15)
    state("first")
    shared = [Shared(account) for account in accounts]
    end = time.monotonic() + int(seconds)
    workers = [Worker(n, seed, shared[n % 2], end) for n in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for n, each in enumerate(shared):
        Worker(WORKERS + n, seed, each, end).still_delivers(each.client)
        sign_out(each.client)
    del workers, worker, shared, each
    time.sleep(15)
    state("end")


main()
