"""Bearer tokens from a callable."""

import asyncio
import logging
import threading

import pytest
from conftest import SENDER

from send_im import AsyncClient, BearerToken, Client, SignInError, TokenRequest, send_im, send_im_async


def test_a_token_in_place_of_a_password(sandbox):
    asked = []

    def token(request):
        asked.append((request, threading.current_thread()))
        return sandbox.issue_token(SENDER)

    receipt = send_im("lenea@contoso.com", "hi", address=SENDER, token=token, server=sandbox)
    assert receipt.accepted_by == "lenea@contoso.com"
    request, thread = asked[0]
    assert isinstance(request, TokenRequest)
    assert request.origin == sandbox.url.rstrip("/")
    assert request.rejected is False
    assert thread.name == "send-im-token"
    assert thread is not threading.main_thread()


def test_a_token_with_a_lifetime(sandbox):
    with Client(SENDER, token=lambda _: BearerToken(sandbox.issue_token(SENDER), 3600), server=sandbox) as client:
        assert client.send("lenea@contoso.com", "hi").accepted_by == "lenea@contoso.com"


def test_a_revoked_token_is_asked_for_again(sandbox):
    asked = []

    def token(request):
        asked.append(request.rejected)
        return sandbox.issue_token(SENDER)

    with Client(SENDER, token=token, server=sandbox) as client:
        client.send("lenea@contoso.com", "before")
        sandbox.revoke_tokens()
        client.send("lenea@contoso.com", "after")
    assert asked[0] is False
    assert True in asked
    assert [message.text for message in sandbox.messages()] == ["before", "after"]


def test_a_coroutine_function_runs_on_the_loop(sandbox):
    async def main():
        loop = asyncio.get_running_loop()
        asked = []

        async def token(request):
            assert asyncio.get_running_loop() is loop
            await asyncio.sleep(0)
            asked.append(request)
            return sandbox.issue_token(SENDER)

        await send_im_async("a@contoso.com", "hi", address=SENDER, token=token, server=sandbox)
        async with AsyncClient(SENDER, token=token, server=sandbox) as client:
            await client.send("b@contoso.com", "hi")
        return asked

    assert asyncio.run(main())
    assert len(sandbox.messages()) == 2


def test_a_plain_callable_does_not_block_the_loop(sandbox):
    async def main():
        loop_thread = threading.get_ident()

        def token(request):
            assert threading.get_ident() != loop_thread
            return sandbox.issue_token(SENDER)

        return await send_im_async("a@contoso.com", "hi", address=SENDER, token=token, server=sandbox)

    assert asyncio.run(main()).accepted_by == "a@contoso.com"


def failing_token(request):
    raise RuntimeError("vault is sealed, key s3cret")


async def failing_token_async(request):
    raise RuntimeError("vault is sealed, key s3cret")


@pytest.mark.parametrize("token", [failing_token, failing_token_async])
def test_a_callable_that_raises_is_a_sign_in_error_without_its_text(sandbox, token, caplog):
    async def main():
        await send_im_async("lenea@contoso.com", "hi", address=SENDER, token=token, server=sandbox)

    with caplog.at_level(logging.WARNING), pytest.raises(SignInError) as caught:
        asyncio.run(main())
    assert "RuntimeError" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    (record,) = caplog.records
    assert f"in {token.__name__}" in record.getMessage(), "the log tells where"
    assert record.exc_info is None, "the traceback would end with the text of the error"


@pytest.mark.parametrize("value", [None, 7, b"bytes"])
def test_a_callable_that_returns_something_else(sandbox, value):
    with pytest.raises(SignInError, match=type(value).__name__):
        send_im("lenea@contoso.com", "hi", address=SENDER, token=lambda request: value, server=sandbox)


def test_a_rejected_token_is_a_sign_in_error(sandbox):
    with pytest.raises(SignInError) as caught:
        send_im("lenea@contoso.com", "hi", address=SENDER, token=lambda _: "not-of-this-server", server=sandbox)
    assert "not-of-this-server" not in str(caught.value)


def test_the_repr_of_a_token_does_not_show_it():
    assert "s3cret" not in repr(BearerToken("s3cret", 5))
