"""The example program, as a person runs it."""

import subprocess
import sys

import pytest
from conftest import HANG, PASSWORD, ROOT, SENDER


def run(sandbox, *arguments, password=PASSWORD):
    environment = {"SEND_IM_ADDRESS": SENDER, "SEND_IM_PASSWORD": password, "SEND_IM_SERVER": sandbox.url}
    return subprocess.run(
        [sys.executable, str(ROOT / "examples" / "python" / "send.py"), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,
    )


def test_it_sends(sandbox):
    done = run(sandbox, "lenea@contoso.com", "hello world")
    assert (done.returncode, done.stderr) == (0, "")
    assert "lenea@contoso.com" in done.stdout
    assert [message.text for message in sandbox.messages()] == ["hello world"]


@pytest.mark.parametrize(
    ("to", "password", "code"),
    [("lenea", PASSWORD, 2), ("lenea@contoso.com", "wrong", 3), ("busy@contoso.com", PASSWORD, 4)],
)
def test_it_ends_with_the_sentence_and_the_exit_code_of_the_error(sandbox, to, password, code):
    done = run(sandbox, to, "hello world", password=password)
    assert (done.returncode, done.stdout) == (code, "")
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.strip().endswith(".")


def test_it_says_how_it_is_used(sandbox):
    assert run(sandbox, "lenea@contoso.com").returncode == 2
