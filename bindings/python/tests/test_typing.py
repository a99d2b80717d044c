"""The types are complete, and say what they should."""

import subprocess
import sys

import pytest
from conftest import HANG, PACKAGE

USE = """
from __future__ import annotations

from typing import Optional, Union

from typing_extensions import assert_type

from send_im import AsyncClient, Client, Message, NotDelivered, Receipt, Sandbox, SendImError, send_im, send_im_async


def blocking() -> None:
    with Sandbox() as sandbox, Client("a@b.c", password="x", server=sandbox) as client:
        assert_type(send_im("a@b.c", "hi", server=sandbox), Receipt)
        assert_type(client.send("a@b.c", "hi", importance="urgent").accepted_by, Optional[str])
        assert_type(client.send_all([Message("a@b.c", "hi")]), list[Union[Receipt, SendImError]])
        assert_type(sandbox.inbox("a@b.c")[0].text, str)
        assert_type(sandbox.ca_file, Optional[str])
        client.close(timeout=5)
        client.cancel_all()


async def awaited() -> None:
    async with Sandbox() as sandbox, AsyncClient("a@b.c", password="x", server=sandbox) as client:
        assert_type(await send_im_async("a@b.c", "hi"), Receipt)
        assert_type(await client.send("a@b.c", "hi"), Receipt)
        await client.close(timeout=5)
        client.cancel_all()


def caught(error: SendImError) -> None:
    assert_type(error.retry_after, Optional[float])
    assert_type(error.exit_code, int)
    assert_type(error.kind, str)


def made() -> None:
    raise NotDelivered(str(Receipt("a@b.c").accepted_by), kind="busy")
"""

MISUSE = """
from send_im import send_im
send_im("a@b.c", "hi", importance="huge")
send_im("a@b.c", "hi", wait="forever")
send_im(1, "hi")
send_im("a@b.c")
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


def test_the_package_is_strictly_typed():
    done = mypy("--strict")
    assert done.returncode == 0, done.stdout


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
    assert lines == {"3", "4", "5", "6"}, done.stdout


def test_the_code_is_in_order():
    pytest.importorskip("ruff")
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "."],
            cwd=PACKAGE,
            capture_output=True,
            text=True,
            timeout=HANG,
            check=False,
        )
        assert done.returncode == 0, done.stdout
