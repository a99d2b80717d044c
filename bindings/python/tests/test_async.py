"""The awaited calls."""

import asyncio
import threading

import pytest
from conftest import eventually, journal, open_applications

from send_im import AsyncClient, Sandbox, send_im, send_im_async


def invited(sandbox):
    return any(exchange.method == "POST" and "messagingInvitations" in exchange.path for exchange in journal(sandbox))


async def eventually_async(condition):
    return await asyncio.to_thread(eventually, condition)


def test_cancelling_one_send_of_a_client_leaves_the_others(sandbox, account):
    async def main():
        async with AsyncClient(account) as client:
            task = asyncio.ensure_future(client.send("silent@contoso.com", "never"))
            assert await eventually_async(lambda: invited(sandbox))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            receipt = await client.send("lenea@contoso.com", "hi")
            assert receipt.accepted_by == "lenea@contoso.com"

    asyncio.run(main())
    assert [message.text for message in sandbox.messages()] == ["hi"]
    assert any("terminate" in exchange.path or "cancel" in exchange.path for exchange in journal(sandbox))


def test_cancelling_a_sign_in_leaves_no_session(sandbox, account):
    sandbox.add_fault("applications", {"delay": {"ms": 3000}}, times=0)

    async def main():
        task = asyncio.ensure_future(AsyncClient(account).sign_in())
        assert await eventually_async(lambda: any("applications" in e.path for e in journal(sandbox)))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert eventually(lambda: any(e.method == "DELETE" for e in journal(sandbox)))
    assert eventually(lambda: open_applications(sandbox) == 0)


def test_on_step_runs_on_the_loop_before_the_call_returns(account):
    async def main():
        seen = []
        loop_thread = threading.get_ident()

        def on_step(step):
            assert threading.get_ident() == loop_thread
            asyncio.get_running_loop()
            seen.append(step.step)

        await send_im_async("a@contoso.com", "hi", on_step=on_step, account=account)
        return seen

    seen = asyncio.run(main())
    assert seen[0] == "discover"
    assert seen[-1] == "sign_out"


def test_the_blocking_call_works_inside_a_running_loop(account):
    async def main():
        return send_im("lenea@contoso.com", "hi", account=account)

    assert asyncio.run(main()).accepted_by == "lenea@contoso.com"


def test_the_async_sandbox():
    async def main():
        async with Sandbox() as sandbox:
            await send_im_async("lenea@contoso.com", "hi", account=sandbox.account("tosh@contoso.com"))
            (message,) = await sandbox.wait_for_async(1)
            return message.text

    assert asyncio.run(main()) == "hi"
