"""Runs the native library's futures: on the thread that calls, or on an event loop.

The generated code can only wait on an event loop. A blocking call would then need a loop of its own, which costs more
than the call. So its one waiting function is replaced by ``_finish`` below, which knows both ways.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Callable, Optional, TypeVar, Union

from ._errors import ClientClosed, SendImError, error_from
from ._native import send_im_uniffi as native
from ._relay import StepRelay, TokenRelay
from ._waiting import NEWS, ORPHANED, call_back, sleepers, ticket_for, waiter

T = TypeVar("T")

_READY = 0


class _Orphaned(Exception):
    """The call was inherited by a fork."""


class _Mode(threading.local):
    """How the native call that is about to begin on this thread is waited for."""

    sleeper: Any = None
    relays: tuple[Union[StepRelay, TokenRelay], ...] = ()


_mode = _Mode()


async def _finish(
    future: Any,
    poll: Callable[..., None],
    complete: Callable[..., Any],
    free: Callable[[Any], None],
    lift: Callable[[Any], T],
    error_converter: Any,
) -> T:
    """Polls a native future to its end. Freeing it before that cancels its work."""
    sleeper, _mode.sleeper = _mode.sleeper, None
    relays, _mode.relays = _mode.relays, ()
    try:
        code = None
        while code != _READY:
            if sleeper is None:
                code = await _poll_on_loop(future, poll)
                continue
            poll(future, sleeper.continuation, sleeper.ticket())
            code = sleeper.sleep()
            while code == NEWS:
                for relay in relays:
                    relay.deliver()
                code = sleeper.sleep()
            if code == ORPHANED:
                raise _Orphaned
        return lift(native._uniffi_rust_call_with_error(error_converter, complete, future))
    except _Orphaned:
        future = None
        raise
    finally:
        # What an orphan inherited may be locked for ever by a thread that exists in the parent only.
        if future is not None:
            free(future)


async def _poll_on_loop(future: Any, poll: Callable[..., None]) -> int:
    loop = asyncio.get_running_loop()
    woken: asyncio.Future[int] = loop.create_future()
    here = threading.get_ident()

    def settle(code: int) -> None:
        if not woken.done():
            woken.set_result(code)

    def resume(code: int) -> None:
        if threading.get_ident() == here:
            settle(code)
            return
        try:
            loop.call_soon_threadsafe(settle, code)
        except RuntimeError:
            pass  # the loop is closed, nobody waits any more

    poll(future, call_back, ticket_for(resume))
    return await woken


native._uniffi_rust_call_async = _finish


def run(call: Coroutine[Any, Any, T], steps: Optional[StepRelay] = None, tokens: Optional[TokenRelay] = None) -> T:
    """Runs a call of the native library on this thread, which sleeps meanwhile. Ctrl-C ends the wait."""
    sleeper = waiter()
    sleepers.add(sleeper)
    relays = tuple(relay for relay in (steps, tokens) if relay is not None)
    _mode.sleeper, _mode.relays = sleeper, relays
    for relay in relays:
        relay.attach(sleeper)
    try:
        call.send(None)
    except StopIteration as done:
        result: T = done.value
    except _Orphaned:
        detail = "This call was made before a fork and belongs to the parent process; make a new one here."
        raise ClientClosed(detail, sent="maybe") from None
    except (native.SendError, native.InternalError) as error:
        sleeper.done()
        failed = translate(error, tokens)
        raise failed from failed.__cause__
    finally:
        _mode.sleeper, _mode.relays = None, ()
        sleepers.discard(sleeper)
        for relay in relays:
            relay.detach(sleeper)
    sleeper.done()
    return result


async def run_async(
    call: Coroutine[Any, Any, T], steps: Optional[StepRelay] = None, tokens: Optional[TokenRelay] = None
) -> T:
    """Awaits a call of the native library on the running event loop."""
    try:
        return await call
    except (native.SendError, native.InternalError) as error:
        failed = translate(error, tokens)
        raise failed from failed.__cause__
    finally:
        if steps is not None:
            steps.deliver()


def cancel_all(session: Any) -> None:
    """Ends every send of a session."""
    try:
        session.cancel_all()
    except native.SendError as error:
        raise translate(error) from None


def translate(error: Any, tokens: Optional[TokenRelay] = None) -> SendImError:
    """The exception for an error of the native library. Its cause is what the token callable raised, if that is it."""
    if isinstance(error, native.SendError):
        return error_from(error.failure, tokens)
    return SendImError("send-im failed inside; this is a bug of send-im, please report it.", sent="maybe")
