"""Signed-in clients: one for threads, one for an event loop."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterable
from typing import Any, Optional, Union

from . import _exit
from ._calls import asked, run, run_async
from ._errors import ClientClosed, SendImError, error_from
from ._native import send_im_uniffi as native
from ._options import account_options, contents_of, message_options, milliseconds
from ._relay import Relay, logger
from ._types import DEFAULT_TIMEOUT, Account, Importance, Message, OnStep, Receipt, Wait, receipt_from


class _Session:
    """What both clients have."""

    def __init__(
        self,
        account: Optional[Account] = None,
        *,
        sign_in_timeout: float = DEFAULT_TIMEOUT,
        on_step: Optional[OnStep] = None,
    ) -> None:
        sender = account or Account()
        self._address = sender.address
        self._options: Any = account_options(sender, sign_in_timeout)
        self._token = sender.token
        self._on_step = on_step
        self._relay: Optional[Relay] = None
        self._session: Any = None
        # By process: a child is not stopped by a lock that a thread of its parent held.
        self._signing: dict[int, Any] = {}

    def cancel_all(self) -> None:
        """Ends every send under way at once: each fails with :class:`Cancelled`.

        Its ``sent`` says whether the message can have arrived (``"maybe"``) or not (``"no"``). Later sends fail with
        :class:`ClientClosed`. Any thread may call this; the session is still to be signed out.
        """
        if self._session is not None:
            asked(self._session.cancel_all)

    def _start_sign_in(self, loop: Optional[asyncio.AbstractEventLoop] = None) -> Any:
        self._relay = Relay(self._on_step, self._token, loop)
        call = native.start_sign_in(self._options, self._relay.tells_steps, self._relay.asks_tokens)
        return self._relay.watch(call)

    def _signed_in(self, outcome: Any) -> None:
        self._session = outcome.value
        _exit.arm()
        self._options = None  # the password is not kept longer than it is needed

    def _open(self) -> Any:
        if self._session is None:
            raise ClientClosed("The client is not signed in; use it with 'with', or call sign_in().")
        return self._session

    def _results(self, contents: list[Any], outcome: Any) -> list[Union[Receipt, SendImError]]:
        sent = (
            error_from(each.failure, self._relay) if each.receipt is None else receipt_from(each.receipt)
            for each in outcome.value
        )
        return [each if isinstance(each, SendImError) else next(sent) for each in contents]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._address or 'of the stored account'}>"


class Client(_Session):
    """One session: signs in once, sends any number of messages from any thread, signs out.

    Args:
        account: Who sends. None: the stored account (see the module's text).
        sign_in_timeout: How long signing in may take, in seconds. Each message has a timeout of its own.
        on_step: Called with a :class:`Step` at the end of each step, on a thread that waits for a call of this client.

    It signs in when a ``with`` block begins and signs out when it ends. A client made before ``os.fork`` is closed in
    the child, which makes one of its own.

    >>> from send_im import Client, Sandbox
    >>> with Sandbox() as sandbox:
    ...     with Client(sandbox.account("tosh@contoso.com")) as client:
    ...         receipt = client.send("lenea@contoso.com", "disk full", subject="db7")
    ...     print(receipt.accepted_by, sandbox.messages()[0].subject)
    lenea@contoso.com db7
    """

    def sign_in(self) -> Client:
        """Signs in, unless that was done, and gives this client, for programs without a ``with`` block.

        Call :meth:`sign_out` at the end. It stays signed out then.

        Raises:
            SendImError: One of its subclasses.
        """
        with self._signing.setdefault(os.getpid(), threading.Lock()):
            if self._session is None:
                self._signed_in(run(self._start_sign_in(), self._relay))
        return self

    def send(
        self,
        to: str,
        text: str,
        *,
        subject: Optional[str] = None,
        importance: Importance = "normal",
        html: bool = False,
        timeout: float = DEFAULT_TIMEOUT,
        wait: Wait = "delivered",
    ) -> Receipt:
        """Sends one message; the arguments are those of :func:`send_im`.

        Messages of one thread to one recipient arrive in the order of the calls.

        Raises:
            SendImError: One of its subclasses; :class:`ClientClosed` after :meth:`sign_out`.
        """
        content = message_options(Message(to, text, subject, importance, html, timeout, wait))
        return receipt_from(run(self._open().start_send(content), self._relay).value)

    def send_all(self, messages: Iterable[Message]) -> list[Union[Receipt, SendImError]]:
        """Sends many messages, several at a time.

        Returns:
            For each message, in the same order, its receipt or the error that kept it back. Errors are not raised:
            one bad address does not hide what became of the rest.

        >>> from send_im import Client, Message, Sandbox
        >>> with Sandbox() as sandbox, Client(sandbox.account("tosh@contoso.com")) as client:
        ...     for result in client.send_all([Message("a@contoso.com", "hi"), Message("busy@contoso.com", "hi")]):
        ...         print(type(result).__name__)
        Receipt
        NotDelivered
        """
        contents, usable = contents_of(messages)
        return self._results(contents, run(self._open().start_send_all(usable), self._relay))

    def sign_out(self, timeout: Optional[float] = None) -> None:
        """Waits for the sends under way, then closes the session on the server, in at most 3 s.

        Each send ends with its own timeout at the latest. Sends that begin after this fail with :class:`ClientClosed`.
        A second call does nothing. A server that is gone is not waited for.

        Args:
            timeout: How long the sends under way are waited for, in seconds. What has not ended by then is cancelled,
                as by :meth:`cancel_all`.

        Raises:
            SendImError: The server could not be told. It ends the session by itself after a while.
        """
        if self._session is not None:
            run(self._session.start_sign_out(milliseconds(timeout)), self._relay)

    close = sign_out
    __enter__ = sign_in

    def __exit__(self, *_: object) -> None:
        try:
            self.sign_out()
        except SendImError as failed:
            _not_told(failed)


class AsyncClient(_Session):
    """The same as :class:`Client`, awaited. It belongs to the event loop it signed in on.

    Cancelling a task that awaits :meth:`send` cancels that send and no other. The account's ``token`` may be a
    coroutine function; ``on_step`` is called on the event loop.

    >>> import asyncio
    >>> from send_im import AsyncClient, Sandbox
    >>> async def main():
    ...     async with Sandbox() as sandbox:
    ...         async with AsyncClient(sandbox.account("tosh@contoso.com")) as client:
    ...             receipts = await asyncio.gather(*(client.send(f"user{n}@contoso.com", "hi") for n in range(3)))
    ...         print([receipt.accepted_by for receipt in receipts])
    >>> asyncio.run(main())
    ['user0@contoso.com', 'user1@contoso.com', 'user2@contoso.com']
    """

    async def sign_in(self) -> AsyncClient:
        """Signs in and gives this client; see :meth:`Client.sign_in`."""
        async with self._signing.setdefault(os.getpid(), asyncio.Lock()):
            if self._session is None:
                call = self._start_sign_in(asyncio.get_running_loop())
                self._signed_in(await run_async(call, self._relay))
        return self

    async def send(
        self,
        to: str,
        text: str,
        *,
        subject: Optional[str] = None,
        importance: Importance = "normal",
        html: bool = False,
        timeout: float = DEFAULT_TIMEOUT,
        wait: Wait = "delivered",
    ) -> Receipt:
        """Sends one message; see :meth:`Client.send`."""
        content = message_options(Message(to, text, subject, importance, html, timeout, wait))
        return receipt_from((await run_async(self._open().start_send(content), self._relay)).value)

    async def send_all(self, messages: Iterable[Message]) -> list[Union[Receipt, SendImError]]:
        """Sends many messages, several at a time; see :meth:`Client.send_all`."""
        contents, usable = contents_of(messages)
        return self._results(contents, await run_async(self._open().start_send_all(usable), self._relay))

    async def sign_out(self, timeout: Optional[float] = None) -> None:
        """Waits for the sends under way, then closes the session; see :meth:`Client.sign_out`."""
        if self._session is not None:
            await run_async(self._session.start_sign_out(milliseconds(timeout)), self._relay)

    aclose = sign_out
    __aenter__ = sign_in

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.sign_out()
        except SendImError as failed:
            _not_told(failed)


def _not_told(failed: SendImError) -> None:
    # Every message has its receipt by now; what the block did must not look undone.
    logger.warning("signing out failed: %s", failed)
