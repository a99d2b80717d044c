"""Long-lived programs."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HANG

# The sandbox keeps what it delivers, so it is in a process of its own.
SANDBOX = """
import sys
from send_im import Sandbox
with Sandbox() as sandbox:
    print(sandbox.url, flush=True)
    sys.stdin.read()
    print(len(sandbox.messages()))
"""

# Sends 20,000 messages on one session, in lists and one by one, and prints the resident KiB after each quarter.
SENDS = """
import gc
import sys
from send_im import Client, Message

def resident():
    gc.collect()
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))

with Client(address="tosh@contoso.com", password="any", server=sys.argv[1]) as client:
    for quarter in range(4):
        for _ in range(25):
            results = client.send_all([Message(f"user{n}@contoso.com", f"message {n}") for n in range(150)])
            assert all(hasattr(result, "accepted_by") for result in results), results
            for n in range(50):
                client.send(f"user{n}@contoso.com", f"single {n}")
        print(resident(), flush=True)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="resident memory is read from /proc")
def test_twenty_thousand_sends_on_one_session_leave_nothing_behind():
    outside = subprocess.Popen(
        [sys.executable, "-c", SANDBOX], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        url = outside.stdout.readline().strip()
        done = subprocess.run(
            [sys.executable, "-c", SENDS, url], capture_output=True, text=True, timeout=HANG * 5, check=False
        )
        delivered = outside.communicate("", timeout=HANG)[0]
    finally:
        outside.kill()
        outside.wait()
    assert (done.returncode, done.stderr) == (0, "")
    assert int(delivered) == 20_000
    quarters = [int(line) for line in done.stdout.split()]
    # The first quarter warms up. A leak of one KiB a send would add 15,000.
    assert quarters[-1] - quarters[0] < 6 * 1024, quarters
