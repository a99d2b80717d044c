"""Long-lived programs."""

import subprocess
import sys

from conftest import HANG

# Things are counted after each window of so many rounds. The first windows warm up.
WINDOWS, WARM_UP, ROUNDS = 7, 3, 25
# How many may come to be after the warm-up: objects that hold others, blocks of memory, allocations of the
# library. What is lost once a round makes 100. Blocks are also what the interpreter learns of a program; lost
# with each message they make 2,000.
BOUNDS = 50, 500, 50

# Sends in every way there is, and prints after each window what is alive: of Python and of the library.
SENDS = """
import asyncio
import contextlib
import gc
import sys
from send_im import Account, AsyncClient, Client, Message, NotDelivered
from send_im._native.send_im_uniffi import live_allocations

url, windows, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
account = Account("tosh@contoso.com", "any", server=url)
messages = [Message(f"user{n}@contoso.com", f"message {n}") for n in range(5)]

async def awaited(client):
    await client.send_all(messages)
    await asyncio.gather(*(client.send(message.to, message.text) for message in messages))

async def main():
    with Client(account, on_step=lambda step: None) as client:
        async with AsyncClient(account, on_step=lambda step: None) as other:
            for _ in range(windows):
                for _ in range(rounds):
                    results = client.send_all(messages)
                    assert all(hasattr(result, "accepted_by") for result in results), results
                    for message in messages:
                        client.send(message.to, message.text)
                    with contextlib.suppress(NotDelivered):
                        client.send("busy@contoso.com", "refused")
                    await awaited(other)
                del results
                gc.collect()
                print(len(gc.get_objects()), sys.getallocatedblocks(), live_allocations(), flush=True)

asyncio.run(main())
"""


def test_many_sends_on_one_session_leave_nothing_behind(outside):
    command = [sys.executable, "-c", SENDS, outside.url, str(WINDOWS), str(ROUNDS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG * 5, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(outside()[0]) == WINDOWS * ROUNDS * 20
    windows = [[int(count) for count in line.split()] for line in done.stdout.splitlines()]
    print(windows)
    assert windows[0][2] > 0, "the library does not count; this is no debug build"
    for warm, end, bound in zip(windows[WARM_UP - 1], windows[-1], BOUNDS):
        assert end - warm < bound, windows
