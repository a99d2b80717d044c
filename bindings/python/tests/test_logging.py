"""The logger ``send_im``."""

import logging

import pytest
from conftest import PASSWORD, SENDER

from send_im import SendImError, send_im

TEXT = "the text of the message, which is secret"


def test_each_step_is_a_debug_record(account, caplog):
    with caplog.at_level(logging.DEBUG, logger="send_im"):
        receipt = send_im("lenea@contoso.com", "hi", account=account)
    records = [record for record in caplog.records if record.name == "send_im"]
    assert [record.step for record in records][: len(receipt.steps)] == [step.step for step in receipt.steps]
    first = records[0]
    assert first.levelno == logging.DEBUG
    assert first.threadName == "MainThread"
    assert (first.step, first.status) == ("discover", 200)
    assert first.host.startswith("127.0.0.1:")
    assert first.elapsed_ms >= 0
    assert first.host in first.getMessage()


def test_nothing_is_said_above_debug(account, caplog):
    with caplog.at_level(logging.INFO, logger="send_im"):
        send_im("lenea@contoso.com", "hi", account=account)
    assert caplog.records == []


def test_a_failing_callback_is_a_warning_with_its_traceback(account, caplog):
    def fail(step):
        raise RuntimeError("broken callback")

    send_im("lenea@contoso.com", "hi", on_step=fail, account=account)
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings
    assert all(record.exc_info[0] is RuntimeError for record in warnings)


@pytest.mark.parametrize("level", range(1, 51, 7))
def test_no_secret_at_any_level(sandbox, account, caplog, level):
    with caplog.at_level(level):
        send_im("lenea@contoso.com", TEXT, subject="a secret subject", account=account)
        for to, sender in [
            ("declines@contoso.com", account),
            ("lenea@contoso.com", sandbox.account(SENDER, "wrong")),
            ("lenea", account),
        ]:
            with pytest.raises(SendImError):
                send_im(to, TEXT, subject="a secret subject", account=sender)
    shown = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    for secret in (PASSWORD, TEXT, "a secret subject", "cwt="):
        assert secret not in shown


def test_a_library_is_silent_by_itself(script):
    done = script("""
        from send_im import Sandbox, SendImError, send_im
        with Sandbox() as sandbox:
            send_im("lenea@contoso.com", "hi", account=sandbox.account("tosh@contoso.com"))
            try:
                send_im("declines@contoso.com", "hi", account=sandbox.account("tosh@contoso.com"),
                        on_step=lambda step: 1 / 0)
            except SendImError:
                pass
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
