"""The one call."""

import inspect
import signal
import threading

import pytest
from conftest import PASSWORD, SENDER, eventually, journal, open_applications

import send_im as package
from send_im import InvalidInput, Receipt, Sandbox, Step, send_im, send_im_async


def test_the_receipt_says_who_accepted_and_why_we_know(sandbox, account):
    receipt = send_im("lenea@contoso.com", "hello world", **account)
    assert isinstance(receipt, Receipt)
    assert (receipt.to, receipt.accepted_by) == ("lenea@contoso.com", "lenea@contoso.com")
    assert (receipt.evidence, receipt.format) == ("invitation_accepted", "plain")
    assert [message.text for message in sandbox.inbox("sip:Lenea@contoso.com")] == ["hello world"]


def test_the_steps_of_the_receipt_tell_the_way_of_the_message(sandbox, account):
    receipt = send_im("lenea@contoso.com", "hi", **account)
    names = [step.step for step in receipt.steps]
    assert names[0] == "discover"
    assert {"sign_in", "open_session", "invite", "confirm"} <= set(names)
    assert all(step.host == sandbox.url.split("/")[2] and step.elapsed >= 0 for step in receipt.steps)


def test_every_option_reaches_the_recipient(sandbox, account):
    send_im("lenea@contoso.com", "<b>full</b>", subject="db7", importance="emergency", html=True, **account)
    (message,) = sandbox.messages()
    assert (message.subject, message.importance, message.format) == ("db7", "emergency", "html")


def test_it_signs_out(sandbox, account):
    send_im("lenea@contoso.com", "hi", **account)
    assert open_applications(sandbox) == 0


def test_submitted_does_not_wait_for_the_recipient(sandbox, account):
    receipt = send_im("slow@contoso.com", "hi", wait="submitted", **account)
    assert (receipt.evidence, receipt.accepted_by) == ("submitted", None)
    assert sandbox.messages() == []
    assert sandbox.wait_for(1)[0].text == "hi"


def test_https_with_the_authority_of_the_sandbox_in_a_file():
    with Sandbox(https=True) as sandbox:
        send_im(
            "lenea@contoso.com",
            "hi",
            address=SENDER,
            password=PASSWORD,
            server=sandbox.url,
            ca_file=sandbox.ca_file,
        )
        assert len(sandbox.messages()) == 1


def test_a_sandbox_as_the_server_brings_its_authority():
    with Sandbox(https=True) as sandbox:
        send_im("lenea@contoso.com", "hi", address=SENDER, password=PASSWORD, server=sandbox)
        assert len(sandbox.messages()) == 1


def test_on_step_is_called_on_this_thread_before_the_call_returns(account):
    seen = []
    receipt = send_im("a@contoso.com", "hi", on_step=lambda step: seen.append((step, threading.get_ident())), **account)
    steps = [step for step, _ in seen]
    assert {thread for _, thread in seen} == {threading.get_ident()}
    assert all(isinstance(step, Step) for step in steps)
    assert steps[: len(receipt.steps)] == list(receipt.steps)
    assert steps[-1].step == "sign_out"


def test_an_on_step_that_fails_does_not_fail_the_send(sandbox, account):
    def fail(step):
        raise RuntimeError("broken callback")

    assert send_im("a@contoso.com", "hi", on_step=fail, **account).accepted_by == "a@contoso.com"


def test_an_on_step_may_send_by_itself(sandbox, account):
    inner = []

    def on_step(step):
        if not inner:
            inner.append(None)
            inner[0] = send_im("b@contoso.com", "inner", **account)

    send_im("a@contoso.com", "outer", on_step=on_step, **account)
    assert inner[0].accepted_by == "b@contoso.com"
    assert {message.text for message in sandbox.messages()} == {"inner", "outer"}


def test_the_stored_account_is_used_where_none_is_given(sandbox, monkeypatch):
    monkeypatch.setenv("SEND_IM_ADDRESS", SENDER)
    monkeypatch.setenv("SEND_IM_PASSWORD", PASSWORD)
    monkeypatch.setenv("SEND_IM_SERVER", sandbox.url)
    send_im("lenea@contoso.com", "hi")
    assert sandbox.messages()[0].sender == SENDER


def test_a_profile_file_is_used_where_the_environment_is_silent(sandbox, monkeypatch, tmp_path):
    profile = tmp_path / "send-im" / "config.toml"
    profile.parent.mkdir()
    profile.write_text(f'address = "{SENDER}"\npassword = "{PASSWORD}"\nserver = "{sandbox.url}"\n')
    profile.chmod(0o600)
    monkeypatch.delenv("SEND_IM_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    send_im("lenea@contoso.com", "hi")
    assert sandbox.messages()[0].sender == SENDER


def test_without_any_account_the_error_says_what_to_set(monkeypatch, tmp_path):
    monkeypatch.delenv("SEND_IM_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(InvalidInput, match="SEND_IM_ADDRESS"):
        send_im("lenea@contoso.com", "hi")


def test_the_password_of_the_environment_completes_an_address(sandbox, monkeypatch):
    monkeypatch.setenv("SEND_IM_PASSWORD", PASSWORD)
    send_im("lenea@contoso.com", "hi", address=SENDER, server=sandbox)
    monkeypatch.delenv("SEND_IM_PASSWORD")
    with pytest.raises(InvalidInput, match="SEND_IM_PASSWORD"):
        send_im("lenea@contoso.com", "hi", address=SENDER, server=sandbox)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"importance": "huge"}, "importance"),
        ({"wait": "forever"}, "wait"),
        ({"tls": "old"}, "current or compatible"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": -1}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"subject": "a\nb"}, "subject"),
        ({"subject": "half \ud800"}, "subject"),
        ({"token": lambda request: "t"}, "one of them"),
    ],
)
def test_bad_options_are_refused_before_any_request(sandbox, account, arguments, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        send_im("lenea@contoso.com", "hi", **account, **arguments)
    assert journal(sandbox) == []


@pytest.mark.parametrize("arguments", [{"subject": 7}, {"ca_file": 7}, {"tls": 7}, {"trusted_domains": "contoso.com"}])
def test_a_wrong_type_is_a_type_error(account, arguments):
    with pytest.raises(TypeError):
        send_im("lenea@contoso.com", "hi", **account, **arguments)
    with pytest.raises(TypeError):
        send_im(None, "hi", **account)


def test_tls_of_the_call_goes_before_that_of_the_environment(account, monkeypatch):
    monkeypatch.setenv("SEND_IM_TLS", "old")
    assert send_im("lenea@contoso.com", "hi", tls="compatible", **account).accepted_by
    with pytest.raises(InvalidInput, match="SEND_IM_TLS"):
        send_im("lenea@contoso.com", "hi", **account)


def test_an_endless_timeout_is_taken(account):
    assert send_im("lenea@contoso.com", "hi", timeout=float("inf"), **account).accepted_by


def test_the_async_call_takes_the_same_arguments():
    blocking, awaited = (inspect.signature(call).parameters for call in (send_im, send_im_async))
    assert list(blocking) == list(awaited)
    assert {n: p.default for n, p in blocking.items()} == {n: p.default for n, p in awaited.items()}


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals between threads on this system")
def test_ctrl_c_ends_the_wait_and_the_session(sandbox, account):
    def interrupt():
        eventually(lambda: any("messagingInvitations" in e.path for e in journal(sandbox)))
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    helper = threading.Thread(target=interrupt)
    helper.start()
    with pytest.raises(KeyboardInterrupt):
        send_im("silent@contoso.com", "hi", **account)
    helper.join()
    assert eventually(lambda: open_applications(sandbox) == 0)
    assert sandbox.messages() == []


def test_everything_public_is_documented():
    for name in package.__all__:
        thing = getattr(package, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert inspect.getdoc(thing), name
            for member, value in vars(thing).items() if inspect.isclass(thing) else ():
                if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                    assert inspect.getdoc(value), f"{name}.{member}"
