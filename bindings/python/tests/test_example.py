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


@pytest.mark.parametrize(
    ("arguments", "password", "code"),
    [
        (["lenea@contoso.com", "hello world"], PASSWORD, 0),
        (["lenea", "hello world"], PASSWORD, 2),
        (["lenea@contoso.com"], PASSWORD, 2),
        (["lenea@contoso.com", "hello world"], "wrong", 3),
        (["busy@contoso.com", "hello world"], PASSWORD, 4),
    ],
)
def test_it_ends_with_a_sentence_and_the_exit_code(sandbox, arguments, password, code):
    done = run(sandbox, *arguments, password=password)
    said, silent = (done.stderr, done.stdout) if code else (done.stdout, done.stderr)
    assert (done.returncode, silent) == (code, "")
    assert len(said.strip().splitlines()) == 1
    assert [message.text for message in sandbox.messages()] == ([] if code else ["hello world"])
