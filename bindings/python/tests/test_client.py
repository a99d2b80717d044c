"""The signed-in client."""

import gc
import threading

import pytest
from conftest import PASSWORD, SENDER, eventually, journal, open_applications

from send_im import Client, ClientClosed, Message, NotDelivered, Receipt, Sandbox, SignInError


def sign_ins(sandbox):
    return sum("oauthtoken" in exchange.path.lower() for exchange in journal(sandbox))


def test_signs_in_once_for_many_messages(sandbox, account):
    with Client(**account) as client:
        for n in range(5):
            client.send("lenea@contoso.com", f"message {n}")
    assert [message.text for message in sandbox.messages()] == [f"message {n}" for n in range(5)]
    assert sign_ins(sandbox) == 1
    assert open_applications(sandbox) == 0


def test_sign_in_without_a_block(sandbox, account):
    client = Client.sign_in(**account)
    assert open_applications(sandbox) == 1
    client.send("lenea@contoso.com", "hi")
    client.close()
    client.sign_out()
    assert open_applications(sandbox) == 0


def test_a_client_that_never_signed_in_or_is_signed_out_says_so(account):
    client = Client(**account)
    client.sign_out()
    with pytest.raises(ClientClosed, match="not signed in") as caught:
        client.send("lenea@contoso.com", "hi")
    assert caught.value.kind == "closed"
    with client:
        pass
    with pytest.raises(ClientClosed) as caught:
        client.send("lenea@contoso.com", "hi")
    assert (caught.value.kind, caught.value.sent) == ("closed", "no")


def test_nothing_happens_before_it_is_entered(sandbox, account):
    Client(**account)
    assert journal(sandbox) == []


def test_a_refused_sign_in_leaves_nothing_open(sandbox):
    with pytest.raises(SignInError), Client(SENDER, password="wrong", server=sandbox):
        pytest.fail("it must not sign in")
    assert open_applications(sandbox) == 0


def test_it_cannot_be_entered_twice(account):
    with Client(**account) as client, pytest.raises(RuntimeError, match="signs in once"):
        client.__enter__()


def test_an_error_in_the_block_is_not_hidden_and_signs_out(sandbox, account):
    with pytest.raises(ZeroDivisionError), Client(**account):
        _ = 1 / 0
    assert open_applications(sandbox) == 0


def test_a_failing_sign_out_does_not_undo_the_block(account):
    sandbox = account["server"]
    with Client(**account) as client:
        client.send("lenea@contoso.com", "hi")
        sandbox.add_fault("delete_application", {"status": {"http": 400}}, times=0)
    assert len(sandbox.messages()) == 1


def test_send_all_answers_in_order(sandbox, account):
    messages = [Message(f"user{n}@contoso.com", f"message {n}") for n in range(20)]
    messages[7] = Message("declines@contoso.com", "no")
    messages[9] = Message("nobody", "no address")
    messages[11] = Message("a@contoso.com", "bad", importance="huge")
    with Client(**account) as client:
        results = client.send_all(iter(messages))
    kinds = [result.accepted_by if isinstance(result, Receipt) else result.kind for result in results]
    expected = [f"user{n}@contoso.com" for n in range(20)]
    expected[7], expected[9], expected[11] = "declined", "invalid_input", "invalid_input"
    assert kinds == expected
    assert isinstance(results[7], NotDelivered)
    assert len(sandbox.messages()) == 17


def test_send_all_of_nothing(account):
    with Client(**account) as client:
        assert client.send_all([]) == []


def test_fifty_threads_and_a_thousand_messages_on_one_client(sandbox, account):
    accepted = {}
    with Client(**account) as client:
        begin = threading.Barrier(50)

        def work(t):
            begin.wait()
            sends = [client.send(f"user{t}@contoso.com", f"message {t}/{n}") for n in range(20)]
            accepted[t] = {receipt.accepted_by for receipt in sends}

        threads = [threading.Thread(target=work, args=(t,)) for t in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # What is tidied up after the end may sign in once more.
        assert sign_ins(sandbox) == 1
    assert accepted == {t: {f"user{t}@contoso.com"} for t in range(50)}
    assert len(sandbox.messages()) == 1000
    for t in range(50):
        texts = [message.text for message in sandbox.inbox(f"user{t}@contoso.com")]
        assert texts == [f"message {t}/{n}" for n in range(20)], "in order, each once"


def test_a_blocked_send_does_not_block_other_threads(account):
    """The interpreter lock is free while a call waits."""
    done = threading.Event()
    with Client(**account) as client:
        slow = threading.Thread(target=lambda: (client.send("slow@contoso.com", "hi"), done.set()))
        slow.start()
        ticks = 0
        while not done.is_set():
            client.send("lenea@contoso.com", "hi")
            ticks += 1
        slow.join()
    assert ticks > 1


def test_on_step_of_a_client_hears_every_send(account):
    seen = []
    with Client(**account, on_step=lambda step: seen.append(step.step)) as client:
        assert seen[0] == "discover"
        seen.clear()
        client.send("lenea@contoso.com", "hi")
        assert "invite" in seen
    assert seen[-1] == "sign_out"


def test_a_client_nobody_refers_to_signs_out(sandbox, account):
    client = Client.sign_in(**account)
    assert open_applications(sandbox) == 1
    del client
    gc.collect()
    assert eventually(lambda: open_applications(sandbox) == 0)


def test_a_session_the_server_dropped_is_opened_again(sandbox, account):
    with Client(**account) as client:
        client.send("lenea@contoso.com", "before")
        sandbox.request("POST", "actions/drop-applications")
        client.send("lenea@contoso.com", "after")
    assert [message.text for message in sandbox.messages()] == ["before", "after"]


def test_what_a_client_holds_shows_no_secret(account):
    client = Client(**{**account, "password": PASSWORD})
    assert PASSWORD not in f"{vars(client)} {client._options} {client._options!r}"
    with client:
        assert PASSWORD not in str([vars(each) for each in (client, client._session)])
        assert client._options is None


def test_repr_shows_who_and_no_secret():
    with Sandbox() as sandbox:
        client = Client(SENDER, password=PASSWORD, server=sandbox)
        assert repr(client) == f"<Client {SENDER}>"
        assert "stored" in repr(Client(server=sandbox))
