"""Carries steps and token requests from the native library's threads to threads of Python.

User code never runs on a native thread. The interpreter may end while it runs, and then takes down every thread that
waits for it; a native thread does not survive that. So a callback here only queues, and the thread or event loop that
waits for the call does the rest. That also keeps context variables and the thread's name in the log right.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import threading
import traceback
from collections import deque
from typing import Any, Optional, Protocol, Union

from ._native import send_im_uniffi as native
from ._types import AsyncTokenSource, BearerToken, OnStep, TokenRequest, step_from
from ._waiting import NEWS

logger = logging.getLogger("send_im")
logger.addHandler(logging.NullHandler())


class _Sleeper(Protocol):
    def wake(self, code: int) -> None: ...


class StepRelay(native.StepListener):  # type: ignore[misc, unused-ignore]
    """Hands each step to the log and to the user's callback, where the call is waited for."""

    def __init__(self, on_step: Optional[OnStep], loop: Optional[asyncio.AbstractEventLoop] = None) -> None:
        self._on_step = on_step
        self._loop = loop
        self._queue: deque[Any] = deque()
        self._sleepers: list[_Sleeper] = []

    @classmethod
    def wanted(cls, on_step: Optional[OnStep], loop: Optional[asyncio.AbstractEventLoop] = None) -> Optional[StepRelay]:
        """A relay, if anybody listens: steps cost nothing otherwise."""
        if on_step is None and not logger.isEnabledFor(logging.DEBUG):
            return None
        return cls(on_step, loop)

    def on_step(self, record: Any) -> None:
        """Called on a native thread."""
        self._queue.append(record)
        if self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(self.deliver)
            except RuntimeError:
                pass  # the loop is closed
            return
        try:
            self._sleepers[-1].wake(NEWS)
        except IndexError:
            pass  # nobody waits now; the next call delivers it

    def attach(self, sleeper: _Sleeper) -> None:
        """Steps are delivered by this sleeper from now on."""
        self._sleepers.append(sleeper)

    def detach(self, sleeper: _Sleeper) -> None:
        """Delivers what came to the end, and no more through this sleeper."""
        self._sleepers.remove(sleeper)
        self.deliver()

    def deliver(self) -> None:
        """Delivers what is queued, on this thread."""
        while True:
            try:
                step = step_from(self._queue.popleft())
            except IndexError:
                return
            elapsed_ms = round(step.elapsed * 1000, 3)
            logger.debug(
                "%s: %s answered %s after %.1f ms",
                step.step,
                step.host,
                step.status,
                elapsed_ms,
                extra={"step": step.step, "host": step.host, "status": step.status, "elapsed_ms": elapsed_ms},
            )
            if self._on_step is not None:
                try:
                    self._on_step(step)
                except Exception:
                    logger.warning("the on_step callback failed; the call goes on", exc_info=True)


class TokenRelay(native.TokenProvider):  # type: ignore[misc, unused-ignore]
    """Asks the user's callable for a token, on a thread of its own or on the event loop."""

    def __init__(self, source: AsyncTokenSource, loop: Optional[asyncio.AbstractEventLoop] = None) -> None:
        self._source = source
        self._loop = loop if inspect.iscoroutinefunction(source) else None
        self._tasks: set[asyncio.Task[None]] = set()

    def request_token(self, request: Any, reply: Any) -> None:
        """Called on a native thread, which must not wait for user code."""
        wanted = TokenRequest(
            origin=request.origin,
            authorization_uri=request.authorization_uri,
            client_id=request.client_id,
            trusted_issuers=request.trusted_issuers,
            rejected=request.rejected,
        )
        try:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._start, wanted, reply)
            else:
                threading.Thread(target=self._ask, args=(wanted, reply), name="send-im-token", daemon=True).start()
        except RuntimeError:
            reply.fail("the program is ending")

    def _ask(self, wanted: TokenRequest, reply: Any) -> None:
        try:
            _answer(reply, self._source(wanted))
        except Exception as error:
            _refuse(reply, error)

    def _start(self, wanted: TokenRequest, reply: Any) -> None:
        task = asyncio.ensure_future(self._ask_async(wanted, reply))
        self._tasks.add(task)  # a loop keeps no task alive by itself
        task.add_done_callback(self._tasks.discard)

    async def _ask_async(self, wanted: TokenRequest, reply: Any) -> None:
        try:
            answer = self._source(wanted)
            _answer(reply, await answer if inspect.isawaitable(answer) else answer)
        except Exception as error:
            _refuse(reply, error)


def _answer(reply: Any, token: Union[str, BearerToken, object]) -> None:
    if isinstance(token, str):
        token = BearerToken(token)
    if not isinstance(token, BearerToken):
        reply.fail(f"the token callable returned {type(token).__name__}, not a str or a BearerToken")
        return
    reply.resolve(token.value, None if token.expires_in is None else max(0, int(token.expires_in)))


def _refuse(reply: Any, error: Exception) -> None:
    # The text of the error may hold a secret, so the log tells where it came from and not what it says.
    name, trace = type(error).__name__, "".join(traceback.format_tb(error.__traceback__))
    logger.warning("the token callable raised %s\n%s", name, trace.rstrip())
    reply.fail(f"the token callable raised {name}")


def _forget_locks() -> None:
    # The generated maps of callbacks have locks. Another thread of the parent may have held one at the fork.
    for name, converter in vars(native).items():
        if name.startswith("_UniffiFfiConverter") and hasattr(converter, "_handle_map"):
            converter._handle_map._lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_locks)
