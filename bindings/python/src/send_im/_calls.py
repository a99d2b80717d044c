"""Waits for calls of the native library, on the thread that calls or on an event loop."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Optional

from . import _hubs
from ._errors import SendImError, ServiceError, error_from
from ._native import send_im_uniffi as native
from ._relay import Relay


def run(call: Any, relay: Optional[Relay] = None) -> Any:
    """Waits on this thread, which sleeps meanwhile, and gives the outcome. Whatever ends the wait cuts the call off."""
    try:
        ended = False
        while not ended:
            ended = _hubs.wait(call)
            if relay is not None:
                relay.deliver(call)
        return asked(call.take, relay=relay)
    finally:
        call.cancel()


async def run_async(call: Any, relay: Optional[Relay] = None) -> Any:
    """The same on the running event loop."""
    loop = asyncio.get_running_loop()
    try:
        while True:
            ended = call.wait(0)
            if relay is not None:
                relay.deliver(call)
            if ended:
                return asked(call.take, relay=relay)
            await _woken(loop, call.descriptor())
    finally:
        call.cancel()


async def _woken(loop: asyncio.AbstractEventLoop, descriptor: Optional[int]) -> None:
    woken = asyncio.Event()
    try:
        if descriptor is None:
            raise NotImplementedError
        loop.add_reader(descriptor, woken.set)
    except NotImplementedError:
        # Windows, or a loop that knows sockets only, or no descriptor is left.
        await asyncio.sleep(0.01)
        return
    try:
        await woken.wait()
    finally:
        if not loop.is_closed():
            loop.remove_reader(descriptor)


def asked(method: Callable[..., Any], *arguments: Any, relay: Optional[Relay] = None) -> Any:
    """What a method of the native library returns; its errors as exceptions of this package.

    Their cause is what the token callable raised, if that is it.
    """
    try:
        return method(*arguments)
    except native.SendError as error:
        failed: SendImError = error_from(error.failure, relay)
    except native.InternalError:
        text = "send-im failed inside; this is a bug of send-im, please report it."
        failed = ServiceError(text, kind="protocol", sent="maybe")
    raise failed
