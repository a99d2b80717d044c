"""What closing promises, of the client for threads and of the one for an event loop."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import HANG, PASSWORD, SENDER, eventually, journal, open_applications

from send_im import AsyncClient, Cancelled, Client, ClientClosed, Message, Sandbox


class Blocking:
    """A client, used from other threads."""

    def __init__(self, account):
        self.client = Client(account).sign_in()
        self.pool = ThreadPoolExecutor()

    def begin(self, method, *arguments, **options):
        return self.pool.submit(getattr(self.client, method), *arguments, **options)

    def end(self):
        self.pool.shutdown()


class Awaited:
    """An asynchronous client, whose event loop runs on another thread."""

    def __init__(self, account):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.client = self.wait(AsyncClient(account).sign_in())

    def wait(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(HANG)

    def begin(self, method, *arguments, **options):
        return asyncio.run_coroutine_threadsafe(getattr(self.client, method)(*arguments, **options), self.loop)

    def end(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def sandbox():
    """Its ``silent@`` rings for an hour: what waited for an answer would count as hanging."""
    with Sandbox(ring=3600, slow=1) as running:
        yield running


@pytest.fixture(params=[Blocking, Awaited])
def signed_in(request, sandbox):
    user = request.param(sandbox.account(SENDER, PASSWORD))
    yield user
    user.client.cancel_all()
    user.end()


def send(user, to, **options):
    return user.begin("send", to, "hi", **{"timeout": 2 * HANG, **options})


def close(user, **options):
    return user.begin("sign_out", **options).result(HANG)


def requests(sandbox, method, part):
    return [e for e in journal(sandbox) if e.method == method and part in e.path]


def ringing(sandbox, count=1):
    return eventually(lambda: len(requests(sandbox, "POST", "messagingInvitations")) >= count)


def failed(future, kind):
    error = future.exception(HANG)
    assert type(error) is kind, repr(error)
    return error


def test_it_waits_for_what_is_under_way(sandbox, signed_in):
    slow = send(signed_in, "slow@contoso.com")
    assert ringing(sandbox)
    close(signed_in)
    assert slow.result(HANG).accepted_by == "slow@contoso.com"
    assert open_applications(sandbox) == 0
    close(signed_in, timeout=1)
    late = failed(send(signed_in, "lenea@contoso.com"), ClientClosed)
    assert (late.kind, late.sent) == ("closed", "no")


@pytest.mark.parametrize("bound", [0, 0.3])
def test_what_has_not_ended_at_the_bound_is_cancelled(sandbox, signed_in, bound):
    silent = send(signed_in, "silent@contoso.com")
    assert ringing(sandbox)
    close(signed_in, timeout=bound)
    error = failed(silent, Cancelled)
    assert (error.kind, error.sent, error.exit_code) == ("cancelled", "maybe", 130)
    assert open_applications(sandbox) == 0
    assert sandbox.messages() == []


def test_cancel_all_ends_every_send_and_says_whether_it_can_have_arrived(sandbox, signed_in):
    text = send(signed_in, "silent@contoso.com")
    html = send(signed_in, "silent@d1.contoso.com", html=True)  # goes out once somebody has accepted
    many = signed_in.begin("send_all", [Message("silent@d2.contoso.com", "hi", timeout=2 * HANG)])
    assert ringing(sandbox, 3)
    signed_in.client.cancel_all()
    assert failed(text, Cancelled).sent == "maybe"
    assert failed(html, Cancelled).sent == "no"
    assert [type(result) for result in many.result(HANG)] == [Cancelled]
    failed(send(signed_in, "lenea@contoso.com"), ClientClosed)
    close(signed_in)
    assert open_applications(sandbox) == 0
    assert sandbox.messages() == []


def test_a_client_that_never_signed_in_has_nothing_to_close(account):
    client = Client(account)
    client.cancel_all()
    client.close(timeout=1)
    with pytest.raises(ClientClosed, match="not signed in"):
        client.send("lenea@contoso.com", "hi")
    asynchronous = AsyncClient(account)
    asynchronous.cancel_all()
    asyncio.run(asynchronous.aclose(timeout=1))
    with pytest.raises(ClientClosed, match="not signed in"):
        asyncio.run(asynchronous.send("lenea@contoso.com", "hi"))


@pytest.mark.parametrize("fault", [{"status": {"http": 400}}, {"delay": {"ms": 3_600_000}}])
def test_a_failing_close_does_not_hide_the_exception_of_the_block(sandbox, account, fault):
    sandbox.add_fault("delete_application", fault, times=0)
    with pytest.raises(ZeroDivisionError), Client(account):
        _ = 1 / 0

    async def main():
        async with AsyncClient(account):
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())
    assert len(requests(sandbox, "DELETE", "applications")) >= 2
