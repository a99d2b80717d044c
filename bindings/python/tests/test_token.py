"""Bearer tokens from a callable."""

import asyncio
import gc
import logging
import threading
from unittest.mock import Mock

import pytest
from conftest import SENDER, eventually, issue_token

from send_im import (
    AsyncClient,
    BearerToken,
    Client,
    CredentialUnavailable,
    Message,
    Sandbox,
    SignInError,
    TokenRequest,
    send_im,
    send_im_async,
)
from send_im._relay import Relay


def test_a_token_in_place_of_a_password_is_asked_for_again_once_revoked(sandbox):
    asked = []

    def token(request):
        asked.append((request, threading.current_thread()))
        return issue_token(sandbox, SENDER)

    with Client(sandbox.account(SENDER, token=token)) as client:
        client.send("lenea@contoso.com", "before")
        sandbox.request("POST", "actions/revoke-tokens")
        client.send("lenea@contoso.com", "after")
    assert [message.text for message in sandbox.messages()] == ["before", "after"]
    requests, threads = zip(*asked)
    assert {(type(request), request.origin) for request in requests} == {(TokenRequest, sandbox.url.rstrip("/"))}
    assert requests[0].rejected is False
    assert any(request.rejected for request in requests)
    assert {thread.name for thread in threads} == {"send-im-token"}


@pytest.mark.parametrize("given", [lambda token: token, lambda token: lambda request: token(request)])
def test_what_is_awaited_runs_on_the_loop(sandbox, given):
    async def main():
        loop = asyncio.get_running_loop()
        asked = []

        async def token(request):
            assert asyncio.get_running_loop() is loop
            await asyncio.sleep(0)
            asked.append(request)
            return issue_token(sandbox, SENDER)

        account = sandbox.account(SENDER, token=given(token))
        await send_im_async("a@contoso.com", "hi", account=account)
        async with AsyncClient(account) as client:
            await client.send("b@contoso.com", "hi")
        return asked

    assert asyncio.run(main())
    assert len(sandbox.messages()) == 2


def test_a_plain_callable_does_not_block_the_loop(sandbox):
    async def main():
        loop_thread = threading.get_ident()

        def token(request):
            assert threading.get_ident() != loop_thread
            return issue_token(sandbox, SENDER)

        return await send_im_async("a@contoso.com", "hi", account=sandbox.account(SENDER, token=token))

    assert asyncio.run(main()).accepted_by == "a@contoso.com"


def test_a_client_is_given_tokens_also_while_no_call_waits():
    asked = []

    def token(request):
        asked.append(request)
        return BearerToken(issue_token(sandbox, SENDER), 1)

    with Sandbox(poll_timeout=0.2) as sandbox, Client(sandbox.account(SENDER, token=token)):
        before = len(asked)
        assert eventually(lambda: len(asked) > before + 1)


def asking():
    return [thread for thread in threading.enumerate() if thread.name == "send-im-token"]


def test_the_thread_that_asks_ends_with_its_call_or_client(sandbox):
    token = lambda _: issue_token(sandbox, SENDER)  # noqa: E731
    send_im("lenea@contoso.com", "hi", account=sandbox.account(SENDER, token=token))
    assert eventually(lambda: not asking())
    with pytest.raises(SignInError):
        Client(sandbox.account(SENDER, token=lambda _: "bad")).sign_in()
    assert eventually(lambda: not asking())
    client = Client(sandbox.account(SENDER, token=token)).sign_in()
    assert len(asking()) == 1
    client.close()
    assert eventually(lambda: not asking())
    client = Client(sandbox.account(SENDER, token=token)).sign_in()
    del client
    gc.collect()
    assert eventually(lambda: not asking())


def failing_token(request):
    raise RuntimeError("vault is sealed, key s3cret")


async def failing_token_async(request):
    raise RuntimeError("vault is sealed, key s3cret")


@pytest.mark.parametrize("token", [failing_token, failing_token_async])
def test_a_callable_that_raises_is_an_error_without_its_text(sandbox, token, caplog):
    async def main():
        await send_im_async("lenea@contoso.com", "hi", account=sandbox.account(SENDER, token=token))

    with caplog.at_level(logging.WARNING), pytest.raises(CredentialUnavailable) as caught:
        asyncio.run(main())
    assert isinstance(caught.value, SignInError)
    assert (caught.value.kind, caught.value.exit_code) == ("credential_unavailable", 3)
    assert "RuntimeError" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    (record,) = caplog.records
    assert f"in {token.__name__}" in record.getMessage(), "the log tells where"
    assert record.exc_info is None, "the traceback would end with the text of the error"


def test_a_coroutine_function_is_for_an_event_loop(sandbox):
    account = sandbox.account(SENDER, token=failing_token_async)
    with pytest.raises(CredentialUnavailable, match="AsyncClient"):
        send_im("lenea@contoso.com", "hi", account=account)


@pytest.mark.parametrize("value", [None, 7, b"bytes"])
def test_a_callable_that_returns_something_else(sandbox, value):
    with pytest.raises(CredentialUnavailable, match=type(value).__name__) as caught:
        send_im("lenea@contoso.com", "hi", account=sandbox.account(SENDER, token=lambda request: value))
    assert caught.value.__cause__ is None


class VaultSealed(Exception):
    pass


class Vault:
    """Gives tokens until it is sealed; keeps what it raised."""

    def __init__(self, sandbox, sealed_with=None):
        self.sandbox = sandbox
        self.sealed_with = sealed_with
        self.raised = []

    def __call__(self, request):
        if self.sealed_with is None:
            return issue_token(self.sandbox, SENDER)
        self.raised.append(self.sealed_with(f"the vault is sealed, attempt {len(self.raised)}"))
        raise self.raised[-1]

    async def awaited(self, request):
        return self(request)

    def caused(self, error):
        assert type(error) is CredentialUnavailable
        assert error.__cause__ in self.raised
        assert error.__suppress_context__


@pytest.mark.parametrize("kind", [VaultSealed, SystemExit, GeneratorExit])
def test_what_the_callable_raised_is_the_cause(sandbox, kind):
    vault = Vault(sandbox, kind)
    with pytest.raises(CredentialUnavailable) as caught:
        send_im("lenea@contoso.com", "hi", account=sandbox.account(SENDER, token=vault))
    vault.caused(caught.value)
    assert caught.value.__cause__.__traceback__.tb_frame.f_code.co_name == "__call__", "the callable's own"
    with pytest.raises(CredentialUnavailable) as caught, Client(sandbox.account(SENDER, token=vault)):
        pytest.fail("it must not sign in")
    vault.caused(caught.value)


def test_the_cause_of_a_later_failure_is_found_too(sandbox):
    vault = Vault(sandbox)
    with Client(sandbox.account(SENDER, token=vault)) as client:
        client.send("lenea@contoso.com", "before")
        sandbox.request("POST", "actions/revoke-tokens")
        vault.sealed_with = VaultSealed
        with pytest.raises(CredentialUnavailable) as caught:
            client.send("lenea@contoso.com", "after")
        vault.caused(caught.value)
        for error in client.send_all([Message("a@contoso.com", "hi"), Message("b@contoso.com", "hi")]):
            vault.caused(error)
        vault.sealed_with = None
        client.send("lenea@contoso.com", "opened again")
    assert [message.text for message in sandbox.messages()] == ["before", "opened again"]


@pytest.mark.parametrize("source", [Vault.__call__, Vault.awaited])
def test_the_cause_of_an_awaited_failure(sandbox, source):
    async def main():
        vault = Vault(sandbox, VaultSealed)
        token = source.__get__(vault)
        with pytest.raises(CredentialUnavailable) as caught:
            await send_im_async("lenea@contoso.com", "hi", account=sandbox.account(SENDER, token=token))
        vault.caused(caught.value)
        vault.sealed_with = None
        async with AsyncClient(sandbox.account(SENDER, token=token)) as client:
            sandbox.request("POST", "actions/revoke-tokens")
            vault.sealed_with = VaultSealed
            with pytest.raises(CredentialUnavailable) as caught:
                await client.send("lenea@contoso.com", "hi")
            vault.caused(caught.value)
            (error,) = await client.send_all([Message("a@contoso.com", "hi")])
            vault.caused(error)

    asyncio.run(main())


def test_a_callable_that_is_cancelled_with_its_loop_says_so(sandbox):
    async def token(request):
        raise asyncio.CancelledError

    with pytest.raises(CredentialUnavailable) as caught:
        asyncio.run(send_im_async("lenea@contoso.com", "hi", account=sandbox.account(SENDER, token=token)))
    assert type(caught.value.__cause__) is asyncio.CancelledError


def test_no_more_than_the_newest_causes_are_kept():
    relay = Relay(None, Mock(side_effect=VaultSealed))
    for _ in range(1000):
        relay._ask(Mock(request=TokenRequest("https://pool.contoso.com", None, None, None, False)))
    assert [number for number in range(1, 1001) if relay.raised(number)] == [*range(937, 1001)]
    assert relay.raised(None) is None


def test_the_repr_of_a_token_does_not_show_it():
    assert "s3cret" not in repr(BearerToken("s3cret", 5))
