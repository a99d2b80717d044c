"""A signed-in client for an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Optional, Union

from . import _exit
from ._calls import cancel_all, run_async
from ._client import not_signed_in, result_from
from ._errors import SendImError
from ._native import send_im_uniffi as native
from ._options import PathLike, Server, account_options, message_options, milliseconds
from ._relay import Relay, logger
from ._types import (
    DEFAULT_TIMEOUT,
    AsyncTokenSource,
    Importance,
    Message,
    OnStep,
    Receipt,
    Tls,
    Wait,
    receipt_from,
)


class AsyncClient:
    """The same as :class:`Client`, awaited. It belongs to the event loop it signed in on.

    Cancelling a task that awaits :meth:`send` cancels that send and no other. ``token`` may be a coroutine function;
    ``on_step`` is called on the event loop.

    >>> import asyncio
    >>> from send_im import AsyncClient, Sandbox
    >>> async def main():
    ...     async with Sandbox() as sandbox:
    ...         async with AsyncClient("tosh@contoso.com", password="x", server=sandbox) as client:
    ...             receipts = await asyncio.gather(*(client.send(f"user{n}@contoso.com", "hi") for n in range(3)))
    ...         print([receipt.accepted_by for receipt in receipts])
    >>> asyncio.run(main())
    ['user0@contoso.com', 'user1@contoso.com', 'user2@contoso.com']
    """

    def __init__(
        self,
        address: Optional[str] = None,
        *,
        username: Optional[str] = None,
        password: Optional[str] = None,
        server: Server = None,
        ca_file: PathLike = None,
        tls: Optional[Tls] = None,
        token: Optional[AsyncTokenSource] = None,
        trusted_domains: Iterable[str] = (),
        timeout: float = DEFAULT_TIMEOUT,
        on_step: Optional[OnStep] = None,
    ) -> None:
        self._address = address
        self._options: Any = account_options(
            address=address,
            username=username,
            password=password,
            server=server,
            ca_file=ca_file,
            tls=tls,
            trusted_domains=trusted_domains,
            timeout=timeout,
        )
        self._token = token
        self._on_step = on_step
        self._relay: Optional[Relay] = None
        self._session: Any = None

    @classmethod
    async def sign_in(
        cls,
        address: Optional[str] = None,
        *,
        username: Optional[str] = None,
        password: Optional[str] = None,
        server: Server = None,
        ca_file: PathLike = None,
        tls: Optional[Tls] = None,
        token: Optional[AsyncTokenSource] = None,
        trusted_domains: Iterable[str] = (),
        timeout: float = DEFAULT_TIMEOUT,
        on_step: Optional[OnStep] = None,
    ) -> AsyncClient:
        """A client that is signed in already. Await :meth:`sign_out` at the end.

        Raises:
            SendImError: One of its subclasses.
        """
        client = cls(
            address,
            username=username,
            password=password,
            server=server,
            ca_file=ca_file,
            tls=tls,
            token=token,
            trusted_domains=trusted_domains,
            timeout=timeout,
            on_step=on_step,
        )
        return await client.__aenter__()

    async def __aenter__(self) -> AsyncClient:
        if self._session is not None:
            raise RuntimeError("a client signs in once; make a new one")
        relay = Relay(self._on_step, self._token, asyncio.get_running_loop())
        call = relay.watch(native.start_sign_in(self._options, relay.tells_steps, relay.asks_tokens))
        self._session = (await run_async(call, relay)).value
        self._relay = relay
        _exit.arm()
        self._options = None  # the password is not kept longer than it is needed
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
        """Sends one message; the arguments are those of :func:`send_im`.

        Raises:
            SendImError: One of its subclasses; :class:`ClientClosed` after :meth:`sign_out`.
        """
        content = message_options(Message(to, text, subject, importance, html, timeout, wait))
        return receipt_from((await run_async(self._open().start_send(content), self._relay)).value)

    async def send_all(self, messages: Iterable[Message]) -> list[Union[Receipt, SendImError]]:
        """Sends many messages, several at a time; see :meth:`Client.send_all`."""
        contents = [message_options(message) for message in messages]
        outcomes = (await run_async(self._open().start_send_all(contents), self._relay)).value
        return [result_from(outcome, self._relay) for outcome in outcomes]

    async def sign_out(self, timeout: Optional[float] = None) -> None:
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
            await run_async(self._session.start_sign_out(milliseconds(timeout)), self._relay)

    close = sign_out

    def cancel_all(self) -> None:
        """Ends every send under way at once: each fails with :class:`Cancelled`.

        Its ``sent`` says whether the message can have arrived (``"maybe"``) or not (``"no"``). Later sends fail with
        :class:`ClientClosed`. The session is still to be signed out.
        """
        if self._session is not None:
            cancel_all(self._session)

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        try:
            await self.sign_out()
        except SendImError as failed:
            # Every message has its receipt by now; what the block did must not look undone.
            logger.warning("signing out failed: %s", failed)

    def _open(self) -> Any:
        if self._session is None:
            raise not_signed_in()
        return self._session

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._address or 'of the stored account'}>"
