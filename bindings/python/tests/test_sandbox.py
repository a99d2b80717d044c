"""The sandbox as users of it see it."""

import gc
import os

import pytest
from conftest import PASSWORD, SENDER

from send_im import ClientClosed, DeadlineExceeded, InvalidInput, Sandbox, SendImError, SignInError, send_im


def test_it_keeps_what_was_delivered(sandbox, account):
    send_im("lenea@contoso.com", "message one", subject="db7", importance="urgent", account=account)
    send_im("ada@contoso.com", "two", account=account)
    one, two = sandbox.messages()
    assert (one.number, one.sender, one.to, one.text) == (1, SENDER, "lenea@contoso.com", "message one")
    assert (one.subject, one.importance, one.format, one.via) == ("db7", "urgent", "plain", "invitation")
    assert one.received_at <= two.received_at
    assert one.received_at.tzinfo is not None
    assert sandbox.inbox("ADA@contoso.com") == [two]
    assert "message one" not in repr(one)


def test_wait_for_while_messages_arrive(script):
    """In a process of its own: waiting and delivering at the same time must not lock each other out."""
    done = script("""
        import threading
        from send_im import Client, Sandbox, SendImError
        with Sandbox() as sandbox, Client(sandbox.account("tosh@contoso.com")) as client:
            stop = threading.Event()
            def work(n):
                while not stop.is_set():
                    client.send(f"user{n}@contoso.com", "hi")
            threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(8)]
            for thread in threads:
                thread.start()
            for count in range(1, 300):
                assert len(sandbox.wait_for(count)) >= count
            stop.set()
            for thread in threads:
                thread.join()
    """)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_authority_is_a_file_that_goes_with_the_sandbox():
    with Sandbox(https=True) as sandbox:
        path = sandbox.ca_file
        with open(path) as file:
            assert "BEGIN CERTIFICATE" in file.read()
    assert not os.path.exists(path)
    forgotten = Sandbox(https=True).start()
    path = forgotten.ca_file
    del forgotten
    gc.collect()
    assert not os.path.exists(path)


def test_faults_come_and_go(sandbox, account):
    sandbox.add_fault("applications", {"status": {"http": 500}}, times=0)
    with pytest.raises(SendImError) as caught:
        send_im("lenea@contoso.com", "hi", timeout=5, account=account)
    assert caught.value.kind == "service_error"
    sandbox.clear_faults()
    send_im("lenea@contoso.com", "hi", account=account)
    told = "^This is not a fault: there is no action `explode`; the actions are status, "
    with pytest.raises(InvalidInput, match=told):
        sandbox.add_fault("start_messaging", "explode")


def test_its_options_reach_it(sandbox):
    with Sandbox(users={SENDER: PASSWORD}, layout="two-pools", host_name="localhost") as other:
        send_im("lenea@contoso.com", "hi", account=other.account(SENDER, PASSWORD))
        with pytest.raises(SignInError):
            send_im("lenea@contoso.com", "hi", account=other.account("ada@contoso.com"))
        assert other.url.startswith("http://localhost:")
        with pytest.raises(DeadlineExceeded, match="1 of 2"):
            other.wait_for(2, timeout=0.05)
    for options, error in [
        ({"layout": "three-pools"}, InvalidInput),
        ({"listen": "here"}, InvalidInput),
        ({"listen": sandbox.url.split("/")[2]}, ConnectionError),
    ]:
        with pytest.raises(error):
            Sandbox(**options).start()


def test_before_and_after_its_block():
    sandbox = Sandbox()
    assert repr(sandbox) == "<Sandbox not running>"
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.url
    with sandbox:
        url = sandbox.url
        assert repr(sandbox) == f"<Sandbox {url}>"
        assert sandbox.ca_file is None
    with pytest.raises(ClientClosed, match="stopped"):
        sandbox.messages()
    sandbox.stop()
    with sandbox:
        assert sandbox.messages() == []


def test_its_own_interface_can_be_asked(sandbox, account):
    sandbox.request("PUT", "recipients/lenea@contoso.com", {"forward_to": "ada@contoso.com"})
    assert send_im("lenea@contoso.com", "hi", account=account).accepted_by == "ada@contoso.com"
    assert sandbox.request("GET", "messages?to=ada@contoso.com")[0]["text"] == "hi"
    assert sandbox.request("DELETE", "messages") is None
    assert sandbox.messages() == []
    with pytest.raises(InvalidInput, match="no such resource or method"):
        sandbox.request("GET", "secrets")
