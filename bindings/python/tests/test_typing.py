"""The types are complete, and say what they should."""

import subprocess
import sys

import pytest
from conftest import HANG, PACKAGE

USE = """
from __future__ import annotations

from pathlib import Path
from typing import Literal, Optional, Union

from typing_extensions import assert_type

from send_im import Account, AsyncClient, BearerToken, Client, Kind, Message, NotDelivered, Receipt, Sandbox
from send_im import SendImError, StepName, TokenRequest, send_im, send_im_async


def blocking() -> None:
    with Sandbox() as sandbox, Client(sandbox.account("a@b.c")) as client:
        assert_type(send_im("a@b.c", "hi", account=sandbox.account("a@b.c")), Receipt)
        assert_type(client.send("a@b.c", "hi", importance="urgent").accepted_by, Optional[str])
        assert_type(client.send_all([Message("a@b.c", "hi")]), list[Union[Receipt, SendImError]])
        assert_type(sandbox.inbox("a@b.c")[0].text, str)
        assert_type(sandbox.ca_file, Optional[str])
        client.close(timeout=5)
        client.cancel_all()


async def awaited() -> None:
    async with Sandbox() as sandbox, AsyncClient(sandbox.account("a@b.c")) as client:
        assert_type(await send_im_async("a@b.c", "hi"), Receipt)
        assert_type(await client.send("a@b.c", "hi"), Receipt)
        await client.aclose(timeout=5)
        client.cancel_all()


def caught(error: SendImError) -> None:
    assert_type(error.retry_after, Optional[float])
    assert_type(error.exit_code, int)
    assert_type(error.kind, Kind)
    assert_type(error.sent, Literal["no", "maybe"])
    assert_type(error.step, Optional[StepName])


async def given(request: TokenRequest) -> BearerToken:
    return BearerToken(request.origin)


def made() -> None:
    account = Account("a@b.c", token=given, ca_file=Path("ca.pem"), trusted_domains=["b.d"])
    assert_type(Client(account).sign_in(), Client)
    raise NotDelivered(str(Receipt("a@b.c").accepted_by), kind="busy")
"""

MISUSE = """
from send_im import NotDelivered, OutcomeUnknown, Sandbox, send_im
send_im("a@b.c", "hi", importance="huge")
send_im("a@b.c", "hi", wait="forever")
send_im(1, "hi")
send_im("a@b.c", "hi", address="a@b.c")
NotDelivered("No.", kind="decliend")
late = OutcomeUnknown("?").sent == "perhaps"
send_im("a@b.c")
Sandbox("two-pools")
"""


def mypy(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "mypy", *arguments],
        cwd=PACKAGE,
        capture_output=True,
        text=True,
        timeout=HANG * 2,
        check=False,
    )


pytest.importorskip("mypy")


def test_a_program_sees_the_types(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(USE)
    done = mypy("--strict", str(file))
    assert done.returncode == 0, done.stdout


def test_a_program_is_told_of_its_mistakes(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(MISUSE)
    done = mypy("--strict", str(file))
    lines = {line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line}
    assert lines == {"3", "4", "5", "6", "7", "8", "9", "10"}, done.stdout
