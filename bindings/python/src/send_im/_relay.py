"""Carries steps and token requests from the native library's threads to threads of Python.

User code never runs on a native thread. The interpreter may end while it runs, and then takes down every thread that
waits for it; a native thread does not survive that. So a callback here only queues, and the thread or event loop that
waits for the call does the rest. That also keeps context variables and the thread's name in the log right.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import logging
import os
import traceback
from collections import deque
from typing import Any, Optional, Protocol, Union

from . import _hubs
from ._native import send_im_uniffi as native
from ._types import AsyncTokenSource, BearerToken, OnStep, TokenRequest, step_from
from ._waiting import NEWS

logger = logging.getLogger("send_im")
logger.addHandler(logging.NullHandler())


class _Sleeper(Protocol):
    def wake(self, code: int) -> None: ...


class _Relay:
    """Queues what native threads bring, for the thread or event loop that waits for the call."""

    def __init__(self, loop: Optional[asyncio.AbstractEventLoop]) -> None:
        self._loop = loop
        self._queue: deque[Any] = deque()
        self._sleepers: list[_Sleeper] = []

    def attach(self, sleeper: _Sleeper) -> None:
        """What is brought is delivered by this sleeper from now on."""
        self._sleepers.append(sleeper)

    def detach(self, sleeper: _Sleeper) -> None:
        """Delivers what came to the end, and no more through this sleeper."""
        self._sleepers.remove(sleeper)
        self.deliver()

    def deliver(self) -> None:
        """Delivers what is queued, on this thread."""
        while True:
            try:
                item = self._queue.popleft()
            except IndexError:
                return
            self._deliver(item)

    def _bring(self, item: Any) -> bool:
        """Called on a native thread. False if nobody waits."""
        self._queue.append(item)
        try:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self.deliver)
            else:
                self._sleepers[-1].wake(NEWS)
        except (RuntimeError, IndexError):  # the loop is closed; no thread waits
            return False
        return True

    def _deliver(self, item: Any) -> None:
        raise NotImplementedError


class StepRelay(_Relay, native.StepListener):  # type: ignore[misc, unused-ignore]
    """Hands each step to the log and to the user's callback, where the call is waited for."""

    def __init__(self, on_step: Optional[OnStep], loop: Optional[asyncio.AbstractEventLoop] = None) -> None:
        super().__init__(loop)
        self._on_step = on_step

    @classmethod
    def wanted(cls, on_step: Optional[OnStep], loop: Optional[asyncio.AbstractEventLoop] = None) -> Optional[StepRelay]:
        """A relay, if anybody listens: steps cost nothing otherwise."""
        if on_step is None and not logger.isEnabledFor(logging.DEBUG):
            return None
        return cls(on_step, loop)

    def on_step(self, record: Any) -> None:
        """Called on a native thread. Where nobody waits, the next call delivers it."""
        self._bring(record)

    def _deliver(self, item: Any) -> None:
        step = step_from(item)
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


class TokenRelay(_Relay, native.TokenProvider):  # type: ignore[misc, unused-ignore]
    """Asks the user's callable for a token, on a thread of its own or on the event loop."""

    def __init__(self, source: AsyncTokenSource, loop: Optional[asyncio.AbstractEventLoop] = None) -> None:
        super().__init__(loop)
        self._source = source
        self._awaited = loop is not None and inspect.iscoroutinefunction(source)
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        # What the callable raised, by number; the newest are kept.
        self._raised: deque[tuple[int, BaseException]] = deque(maxlen=64)

    def request_token(self, request: Any, reply: Any) -> None:
        """Called on a native thread, which must not wait for user code."""
        wanted = TokenRequest(
            origin=request.origin,
            authorization_uri=request.authorization_uri,
            client_id=request.client_id,
            trusted_issuers=request.trusted_issuers,
            rejected=request.rejected,
        )
        if not self._awaited:
            try:
                _hubs.start_thread("send-im-token", self._ask, (wanted, reply))
                return
            except RuntimeError:
                # From Python 3.12 on no thread starts at the end of the program, where exit handlers still send.
                pass
        if not self._bring((wanted, reply)):
            reply.fail("the program is ending" if self._loop is None else "its event loop is closed")

    def raised(self, number: Optional[int]) -> Optional[BaseException]:
        """The exception that was given this number, if it is still kept."""
        return next((error for known, error in tuple(self._raised) if known == number), None)

    def _deliver(self, item: Any) -> None:
        if not self._awaited:
            self._ask(*item)
            return
        task = asyncio.ensure_future(self._ask_async(*item))
        self._tasks.add(task)  # a loop keeps no task alive by itself
        task.add_done_callback(self._tasks.discard)

    def _ask(self, wanted: TokenRequest, reply: Any) -> None:
        try:
            _answer(reply, self._source(wanted))
        except BaseException as error:
            self._refuse(reply, error)

    async def _ask_async(self, wanted: TokenRequest, reply: Any) -> None:
        try:
            answer = self._source(wanted)
            _answer(reply, await answer if inspect.isawaitable(answer) else answer)
        except Exception as error:
            self._refuse(reply, error)
        except BaseException as error:
            self._refuse(reply, error)
            raise  # the loop has to hear of a cancellation

    def _refuse(self, reply: Any, error: BaseException) -> None:
        # The text of the error may hold a secret, so the log tells where it came from and not what it says.
        name, trace = type(error).__name__, "".join(traceback.format_tb(error.__traceback__))
        logger.warning("the token callable raised %s\n%s", name, trace.rstrip())
        number = next(self._numbers)
        # Without the frame of this module, which would keep this relay alive.
        below = error.__traceback__ and error.__traceback__.tb_next
        self._raised.append((number, error.with_traceback(below)))
        reply.fail(f"the token callable raised {name}", number)


def _answer(reply: Any, token: Union[str, BearerToken, object]) -> None:
    if isinstance(token, str):
        token = BearerToken(token)
    if not isinstance(token, BearerToken):
        reply.fail(f"the token callable returned {type(token).__name__}, not a str or a BearerToken")
        return
    reply.resolve(token.value, None if token.expires_in is None else max(0, int(token.expires_in)))


def _fresh_locks() -> None:
    # The generated maps of callbacks have locks, which native threads take: so never those of greenlets. And another
    # thread of the parent may have held one at the fork.
    for name, converter in vars(native).items():
        if name.startswith("_UniffiFfiConverter") and hasattr(converter, "_handle_map"):
            converter._handle_map._lock = _hubs.real_lock()


_fresh_locks()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fresh_locks)
