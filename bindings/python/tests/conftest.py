"""What the tests share: a sandbox, who sends, and a script in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from send_im import Account, Sandbox

ROOT = Path(__file__).resolve().parents[3]
"""The folder of the whole project."""

PACKAGE = ROOT / "bindings" / "python"

HANG = 120
"""Seconds after which a process counts as hanging. No test asserts on a shorter time."""

SENDER = "tosh@contoso.com"
PASSWORD = "s3cret-of-tosh"

OUTSIDE = """
import sys
from send_im import Sandbox
with Sandbox() as sandbox:
    print(sandbox.url, flush=True)
    sys.stdin.read()
    for message in sandbox.messages():
        print(message.text)
    print(sandbox.request("GET", "state")["open_applications"], "open")
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    """Sends through the sandbox."""
    return sandbox.account(SENDER, PASSWORD)


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs Python code in a process of its own and gives back how it ended."""

    def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "script.py"
        file.write_text(textwrap.dedent(code))
        return subprocess.run(
            [sys.executable, "-X", "faulthandler", str(file), *arguments],
            capture_output=True,
            text=True,
            timeout=HANG,
            check=False,
        )

    return run


@pytest.fixture
def outside() -> Iterator[Callable[[], tuple[list[str], str]]]:
    """A sandbox in a process of its own; a call of it ends it and tells the texts it delivered and what is open."""
    process = subprocess.Popen(
        [sys.executable, "-c", OUTSIDE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:

        def end() -> tuple[list[str], str]:
            seen = process.communicate(timeout=HANG)[0].splitlines()
            return sorted(seen[:-1]), seen[-1]

        end.url = process.stdout.readline().strip()
        assert end.url, "the sandbox has not started"
        yield end
        if process.poll() is None:
            process.communicate(timeout=HANG)


def ends(done: subprocess.CompletedProcess[str], code: int = 0, out: str = "") -> None:
    """The process has ended in this way, and without a word on its error output."""
    assert (done.returncode, done.stdout, done.stderr) == (code, out, ""), done


def eventually(condition: Callable[[], bool]) -> bool:
    """True as soon as the condition holds; False if it does not for very long."""
    deadline = time.monotonic() + HANG / 4
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def journal(sandbox: Sandbox) -> list[SimpleNamespace]:
    """Every request the sandbox received, oldest first."""
    return [SimpleNamespace(**exchange) for exchange in sandbox.request("GET", "journal")]


def open_applications(sandbox: Sandbox) -> int:
    """How many sessions are open on the server."""
    return sandbox.request("GET", "state")["open_applications"]


def issue_token(sandbox: Sandbox, address: str) -> str:
    """A bearer token that the sandbox accepts for this address."""
    return sandbox.request("POST", f"tokens/{address}")["token"]
