"""The one call."""

import inspect
import threading
from dataclasses import replace

import pytest
from conftest import PASSWORD, SENDER, journal

from send_im import Account, Client, InvalidInput, Step, send_im, send_im_async


def test_on_step_is_called_on_this_thread_before_the_call_returns(account):
    seen = []
    receipt = send_im(
        "a@contoso.com", "hi", on_step=lambda step: seen.append((step, threading.get_ident())), account=account
    )
    steps = [step for step, _ in seen]
    assert {thread for _, thread in seen} == {threading.get_ident()}
    assert all(isinstance(step, Step) for step in steps)
    assert steps[: len(receipt.steps)] == list(receipt.steps)
    assert steps[-1].step == "sign_out"


def test_an_on_step_may_send_by_itself(sandbox, account):
    inner = []

    def on_step(step):
        if not inner:
            inner.append(None)
            inner[0] = send_im("b@contoso.com", "inner", account=account)

    send_im("a@contoso.com", "outer", on_step=on_step, account=account)
    assert inner[0].accepted_by == "b@contoso.com"
    assert {message.text for message in sandbox.messages()} == {"inner", "outer"}


def test_without_any_account_the_error_says_what_to_set(monkeypatch, tmp_path):
    monkeypatch.delenv("SEND_IM_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(InvalidInput, match="SEND_IM_ADDRESS"):
        send_im("lenea@contoso.com", "hi")


def test_the_password_of_the_environment_completes_an_address(sandbox, monkeypatch):
    monkeypatch.setenv("SEND_IM_PASSWORD", PASSWORD)
    send_im("lenea@contoso.com", "hi", account=Account(SENDER, server=sandbox.url))
    monkeypatch.delenv("SEND_IM_PASSWORD")
    with pytest.raises(InvalidInput, match="SEND_IM_PASSWORD"):
        send_im("lenea@contoso.com", "hi", account=Account(SENDER, server=sandbox.url))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"importance": "huge"}, "importance"),
        ({"wait": "forever"}, "wait"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": -1}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"subject": "a\nb"}, "subject"),
        ({"subject": "half \ud800"}, "subject"),
    ],
)
def test_bad_options_are_refused_before_any_request(sandbox, account, arguments, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        send_im("lenea@contoso.com", "hi", account=account, **arguments)
    assert journal(sandbox) == []


@pytest.mark.parametrize(
    ("options", "complaint"),
    [({"tls": "old"}, "current or compatible"), ({"token": lambda request: "t"}, "one of them")],
)
def test_a_bad_account_is_refused(sandbox, account, options, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        send_im("lenea@contoso.com", "hi", account=replace(account, **options))
    assert journal(sandbox) == []


@pytest.mark.parametrize("options", [{"ca_file": 7}, {"tls": 7}, {"trusted_domains": "contoso.com"}])
def test_a_wrong_type_is_a_type_error(account, options):
    with pytest.raises(TypeError):
        Client(replace(account, **options))
    with pytest.raises(TypeError):
        send_im(None, "hi", account=account)
    with pytest.raises(TypeError):
        send_im("lenea@contoso.com", "hi", subject=7, account=account)


def test_the_domains_of_an_account_can_come_from_anywhere():
    account = Account(SENDER, trusted_domains=(domain for domain in ["contoso.net", "contoso.org"]))
    assert account.trusted_domains == ("contoso.net", "contoso.org")


def test_an_endless_timeout_is_taken(account):
    assert send_im("lenea@contoso.com", "hi", timeout=float("inf"), account=account).accepted_by


def test_the_async_call_takes_the_same_arguments():
    blocking, awaited = (inspect.signature(call).parameters for call in (send_im, send_im_async))
    assert list(blocking) == list(awaited)
    assert {n: p.default for n, p in blocking.items()} == {n: p.default for n, p in awaited.items()}
