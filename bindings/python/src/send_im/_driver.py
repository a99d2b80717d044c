"""Waits for the native library's futures: on a bare lock in a thread, or on an event loop.

The generated code can only wait on an event loop. A blocking call would then need a loop of its own, which costs
more than the call. So its one waiting function is replaced by ``_finish`` below, which knows both ways.

A future is polled with a callback and a ticket. The native library calls the callback, on a thread of its own, when
it is worth polling again. That callback does as little as it can: at the end of the process the interpreter may stop
such a thread wherever it stands (see ``_exit``). It takes no lock, so a fork cannot leave one locked behind.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Coroutine
from typing import Any, Callable, Optional, TypeVar

from ._errors import SendImError, error_from
from ._native import send_im_uniffi as native
from ._relay import StepRelay

T = TypeVar("T")

_READY = 0
# A lock that waits without an end cannot be interrupted by Ctrl-C on every system; one with a timeout can.
_TICK = 0.1

_tickets = itertools.count(1)
_pending: dict[int, Callable[[int], None]] = {}


@native._UNIFFI_RUST_FUTURE_CONTINUATION_CALLBACK  # type: ignore[untyped-decorator, unused-ignore]
def _resume(ticket: int, code: int) -> None:
    _pending.pop(ticket)(code)


class Waiter:
    """Lets one thread sleep until another wakes it. A wake before the sleep is not lost."""

    def __init__(self, relay: Optional[StepRelay]) -> None:
        self.relay = relay
        self._code: Optional[int] = None
        self._asleep = threading.Lock()
        self._asleep.acquire()

    def wake(self) -> None:
        """Ends the sleep, from any thread."""
        try:
            self._asleep.release()
        except RuntimeError:
            pass  # somebody else did at the same time

    def resume(self, code: int) -> None:
        """Takes the code of a continuation."""
        self._code = code
        self.wake()

    def wait(self) -> int:
        """Sleeps until there is a code. Signals are handled and steps delivered meanwhile."""
        while True:
            if self.relay is not None:
                self.relay.deliver()
            if self._code is not None:
                code, self._code = self._code, None
                return code
            while not self._asleep.acquire(timeout=_TICK):
                pass


class _Mode(threading.local):
    waiter: Optional[Waiter] = None


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
    waiter, _mode.waiter = _mode.waiter, None
    try:
        while True:
            ticket = next(_tickets)
            if waiter is not None:
                _pending[ticket] = waiter.resume
                poll(future, _resume, ticket)
                code = waiter.wait()
            else:
                code = await _poll_on_loop(future, poll, ticket)
            if code == _READY:
                break
        return lift(native._uniffi_rust_call_with_error(error_converter, complete, future))
    finally:
        free(future)


async def _poll_on_loop(future: Any, poll: Callable[..., None], ticket: int) -> int:
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

    _pending[ticket] = resume
    poll(future, _resume, ticket)
    return await woken


native._uniffi_rust_call_async = _finish


def run(call: Coroutine[Any, Any, T], relay: Optional[StepRelay] = None) -> T:
    """Runs a call of the native library on this thread, which sleeps meanwhile. Ctrl-C ends the wait."""
    waiter = _mode.waiter = Waiter(relay)
    if relay is not None:
        relay.attach(waiter)
    try:
        call.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    except (native.SendError, native.InternalError) as error:
        raise translate(error) from None
    finally:
        _mode.waiter = None
        if relay is not None:
            relay.detach(waiter)
    raise AssertionError("a native call waits for nothing but its own future")


async def run_async(call: Coroutine[Any, Any, T], relay: Optional[StepRelay] = None) -> T:
    """Awaits a call of the native library on the running event loop."""
    try:
        return await call
    except (native.SendError, native.InternalError) as error:
        raise translate(error) from None
    finally:
        if relay is not None:
            relay.deliver()


def translate(error: Any) -> SendImError:
    """The exception for an error of the native library."""
    if isinstance(error, native.SendError):
        return error_from(error.failure)
    return SendImError("send-im failed inside; this is a bug of send-im, please report it.", sent="maybe")
