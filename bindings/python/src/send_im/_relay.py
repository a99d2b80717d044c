"""Brings steps and token requests from the native library to the program.

They lie there until a thread of Python takes them. So the program's code runs where the call is waited for, with its
context variables and the thread's name in the log, and no native thread ever enters the interpreter, which may end.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import logging
import traceback
from collections import deque
from typing import Any, Optional, Union

from . import _hubs
from ._types import BearerToken, OnStep, Step, TokenRequest, TokenSource, copied, step_from

logger = logging.getLogger("send_im")
logger.addHandler(logging.NullHandler())


class Relay:
    """What a one-call send, or a client with all its calls, has to tell the program.

    Attributes:
        tells_steps: False if nobody listens: steps cost nothing then.
        asks_tokens: True if the program gives tokens.
    """

    def __init__(
        self,
        on_step: Optional[OnStep],
        source: Optional[TokenSource],
        loop: Optional[asyncio.AbstractEventLoop] = None,
    ) -> None:
        self.tells_steps = on_step is not None or logger.isEnabledFor(logging.DEBUG)
        self.asks_tokens = source is not None
        self._on_step = on_step
        self._source: Any = source
        self._loop = loop
        self._asking: set[Any] = set()
        self._numbers = itertools.count(1)
        # What the callable raised, by number; the newest are kept.
        self._raised: deque[tuple[int, BaseException]] = deque(maxlen=64)

    def watch(self, call: Any) -> Any:
        """Lets a thread ask for tokens from now on, also while no call waits. It ends with the call or the client."""
        if self.asks_tokens:
            watch = call.watch_tokens()
            try:
                _hubs.start_thread("send-im-token", self._serve, (watch,))
            except RuntimeError:
                # From Python 3.12 on no thread starts at the end of the program, where exit handlers still send.
                watch.cancel()
        return call

    def deliver(self, call: Any) -> None:
        """Hands over what lies there, on this thread."""
        if self.tells_steps:
            for record in call.take_steps():
                self._tell(step_from(record))
        if self.asks_tokens:
            for asked in call.take_token_requests():
                self._ask(asked)

    def raised(self, number: Optional[int]) -> Optional[BaseException]:
        """The exception that was given this number, if it is still kept."""
        return next((error for known, error in tuple(self._raised) if known == number), None)

    def _serve(self, watch: Any) -> None:
        while not watch.wait(3_600_000):
            for asked in watch.take_token_requests():
                self._ask(asked)

    def _tell(self, step: Step) -> None:
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

    def _ask(self, asked: Any) -> None:
        try:
            token = self._source(copied(TokenRequest, asked.request))
            if inspect.isawaitable(token):
                self._ask_on_loop(token, asked.reply)
            else:
                _answer(asked.reply, token)
        except BaseException as error:
            self._refuse(asked.reply, error)

    def _ask_on_loop(self, token: Any, reply: Any) -> None:
        if self._loop is None or self._loop.is_closed():
            if inspect.iscoroutine(token):
                token.close()
            reply.fail("the token callable has to be awaited, as AsyncClient and send_im_async do on their loop")
            return
        future = asyncio.run_coroutine_threadsafe(self._awaited(token, reply), self._loop)
        self._asking.add(future)  # a loop keeps no task alive by itself
        future.add_done_callback(self._asking.discard)

    async def _awaited(self, token: Any, reply: Any) -> None:
        try:
            _answer(reply, await token)
        except BaseException as error:
            self._refuse(reply, error)
            if not isinstance(error, Exception):
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
