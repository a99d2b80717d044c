"""Sends from Python: sends.py SENDS MANY. Prints one line of JSON, times in milliseconds."""

from time import perf_counter

began = perf_counter()
from send_im import Client, Message, SendImError  # noqa: E402

LOADED = perf_counter() - began

import json  # noqa: E402
import sys  # noqa: E402


def send(client):
    started = perf_counter()
    client.send("lenea@contoso.com", "disk full")
    return (perf_counter() - started) * 1000


def main():
    sends, many = map(int, sys.argv[1:])
    with Client() as client:
        for _ in range(sends // 10):
            send(client)
        times = sorted(send(client) for _ in range(sends))

        messages = [Message(f"user{n % 100}@contoso.com", "disk full") for n in range(many)]
        started = perf_counter()
        results = client.send_all(messages)
        elapsed = perf_counter() - started
    for result in results:
        if isinstance(result, SendImError):
            raise result
    send_ms = {"p50": times[sends // 2], "p99": times[sends * 99 // 100]}
    print(json.dumps({"load_ms": LOADED * 1000, "send": send_ms, "send_all_per_second": many / elapsed}))


main()
