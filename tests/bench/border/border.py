"""What a call costs from Python: border.py REFUSED SENT. Prints one line of JSON, times in milliseconds."""

import time

began = time.perf_counter_ns()
import send_im  # noqa: E402

LOADED = time.perf_counter_ns() - began

import json  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402


def refused(client, calls):
    """Sends that are refused without a request: the recipient is no address."""
    times = []
    for _ in range(calls):
        started = time.perf_counter_ns()
        try:
            client.send("nobody", "disk full")
        except send_im.InvalidInput:
            times.append(time.perf_counter_ns() - started)
    return times


def together(client, calls):
    """The same from eight threads at once."""
    times = []
    threads = [threading.Thread(target=lambda: times.extend(refused(client, calls // 8))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def sent(client, calls):
    times = []
    for _ in range(calls):
        started = time.perf_counter_ns()
        client.send("kept@contoso.com", "disk full")
        times.append(time.perf_counter_ns() - started)
    return times


def summary(times):
    times.sort()
    return {name: times[len(times) * percent // 100] / 1e6 for name, percent in (("p50", 50), ("p99", 99))}


def main():
    calls, sends = map(int, sys.argv[1:])
    with send_im.Client() as client:
        refused(client, calls // 10)
        told = {"load_ms": LOADED / 1e6, "refused_1": summary(refused(client, calls))}
        told["refused_8"] = summary(together(client, calls))
        told["sent"] = summary(sent(client, sends))
    print(json.dumps(told))


main()
