"""How a call is waited for: on a thread, at a descriptor on an event loop, and where there is no descriptor."""

import asyncio
import os

import pytest
from conftest import SENDER

from send_im import AsyncClient, Client
from send_im._native.send_im_uniffi import PendingCall

DESCRIPTORS = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"


def descriptors():
    return len(os.listdir(DESCRIPTORS))


def test_an_event_loop_waits_without_a_descriptor_too(sandbox, account, monkeypatch):
    """As on Windows, or where no more descriptors can be opened."""
    monkeypatch.setattr(PendingCall, "descriptor", lambda call: None)
    steps = []

    async def main():
        async with AsyncClient(account, on_step=steps.append) as client:
            await asyncio.gather(*(client.send(f"user{n}@contoso.com", "hi") for n in range(20)))

    asyncio.run(main())
    assert len(sandbox.messages()) == 20
    assert {"sign_in", "invite"} <= {step.step for step in steps}


@pytest.mark.skipif(not os.path.isdir(DESCRIPTORS), reason="no descriptors are counted on this system")
def test_descriptors_are_given_back(account):
    """Their number depends on the calls at once, not on the calls."""

    async def main(client):
        async with AsyncClient(account) as other:
            await other.send("lenea@contoso.com", "hi")
            before = descriptors()
            cut_off = []
            for _ in range(30):
                client.send("lenea@contoso.com", "hi")
                await other.send("lenea@contoso.com", "hi")
                # Its exception keeps what it was waiting for alive.
                cut_off.append(asyncio.ensure_future(other.send("lenea@contoso.com", "hi")))
                await asyncio.sleep(0)
                cut_off[-1].cancel()
            await asyncio.gather(*cut_off, return_exceptions=True)
            # Some connections may be new; each call would leave two.
            assert descriptors() < before + 20

    with Client(account) as client:
        asyncio.run(main(client))


@pytest.mark.skipif(not os.path.isdir(DESCRIPTORS), reason="no descriptors are counted on this system")
def test_without_descriptors_a_call_still_works(script):
    done = script(f"""
        import asyncio, os, resource
        from send_im import AsyncClient, Client, Sandbox
        async def main(client, sandbox):
            async with AsyncClient(sandbox.account("{SENDER}")) as other:
                client.send("lenea@contoso.com", "before")
                await other.send("lenea@contoso.com", "before")
                taken = []
                resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("{DESCRIPTORS}")) + 4, 1024))
                try:
                    while True:
                        taken.append(os.open(os.devnull, os.O_RDONLY))
                except OSError:
                    pass
                client.send("lenea@contoso.com", "after")
                await other.send("lenea@contoso.com", "after")
                for descriptor in taken:
                    os.close(descriptor)
        with Sandbox() as sandbox, Client(sandbox.account("{SENDER}")) as client:
            asyncio.run(main(client, sandbox))
            assert len(sandbox.messages()) == 4
    """)
    assert (done.returncode, done.stderr) == (0, ""), done
