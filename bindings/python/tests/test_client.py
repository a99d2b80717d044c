"""The signed-in client."""

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor

from conftest import PASSWORD, SENDER, eventually, journal, open_applications

from send_im import Account, AsyncClient, Client, Message, NotDelivered, Receipt


def sign_ins(sandbox):
    return sum("oauthtoken" in exchange.path.lower() for exchange in journal(sandbox))


def test_signing_in_again_does_nothing(sandbox, account):
    with Client(account).sign_in() as client:
        assert client.sign_in() is client
    assert sign_ins(sandbox) == 1


def test_threads_that_sign_in_together_open_one_session(sandbox, account):
    client = Client(account)
    sandbox.add_fault("applications", {"delay": {"ms": 100}})
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: client.sign_in(), range(4))) == {client}
    assert (
        sum("POST" in exchange.method and exchange.path.endswith("applications") for exchange in journal(sandbox)) == 1
    )
    client.close()


def test_tasks_that_sign_in_together_open_one_session(sandbox, account):
    async def main():
        client = AsyncClient(account)
        await asyncio.gather(*(client.sign_in() for _ in range(4)))
        assert open_applications(sandbox) == 1
        await client.aclose()

    asyncio.run(main())
    assert open_applications(sandbox) == 0


def test_send_all_answers_in_order(sandbox, account):
    messages = [Message(f"user{n}@contoso.com", f"message {n}") for n in range(20)]
    messages[7] = Message("declines@contoso.com", "no")
    messages[9] = Message("nobody", "no address")
    messages[11] = Message("a@contoso.com", "bad", importance="huge")
    messages[12] = Message("a@contoso.com", "half \ud800")
    messages[13] = Message("a@contoso.com", "late", timeout=float("nan"))
    with Client(account) as client:
        results = client.send_all(iter(messages))
    kinds = [result.accepted_by if isinstance(result, Receipt) else result.kind for result in results]
    expected = [f"user{n}@contoso.com" for n in range(20)]
    expected[7] = "declined"
    expected[9] = expected[11] = expected[12] = expected[13] = "invalid_input"
    assert kinds == expected
    assert isinstance(results[7], NotDelivered)
    assert len(sandbox.messages()) == 15


def test_on_step_of_a_client_hears_every_send(account):
    seen = []
    with Client(account, on_step=lambda step: seen.append(step.step)) as client:
        assert seen[0] == "discover"
        seen.clear()
        client.send("lenea@contoso.com", "hi")
        assert "invite" in seen
    assert seen[-1] == "sign_out"


def test_a_client_nobody_refers_to_signs_out(sandbox, account):
    client = Client(account).sign_in()
    assert open_applications(sandbox) == 1
    del client
    gc.collect()
    assert eventually(lambda: open_applications(sandbox) == 0)


def test_what_a_client_holds_shows_no_secret(account):
    client = Client(account)
    assert PASSWORD not in f"{vars(client)} {client._options} {client._options!r}"
    with client:
        assert PASSWORD not in str([vars(each) for each in (client, client._session)])
        assert client._options is None


def test_repr_shows_who_and_no_secret():
    assert repr(Client(Account(SENDER, PASSWORD))) == f"<Client {SENDER}>"
    assert "stored" in repr(Client())
    account = Account(SENDER, PASSWORD, token=lambda request: PASSWORD)
    assert repr(account) == f"Account(address='{SENDER}')"
