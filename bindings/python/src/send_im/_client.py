"""A signed-in client for threads."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any, Optional, Union

from . import _exit
from ._calls import cancel_all, run
from ._errors import ClientClosed, SendImError, error_from
from ._native import send_im_uniffi as native
from ._options import PathLike, Server, account_options, message_options, milliseconds
from ._relay import Relay, logger
from ._types import (
    DEFAULT_TIMEOUT,
    Importance,
    Message,
    OnStep,
    Receipt,
    Tls,
    TokenSource,
    Wait,
    receipt_from,
)


class Client:
    """One session: signs in once, sends any number of messages from any thread, signs out.

    Args:
        address: The sender's address. None: the stored account (see the module's text).
        username: The name to sign in with where it is not the address.
        password: The password. None with an address and no token: ``SEND_IM_PASSWORD``.
        server: The URL of the discovery root, or a :class:`Sandbox`. None: ask the sign-in domain.
        ca_file: A file, PEM or DER, with certificate authorities to trust besides those of the operating system.
        tls: ``"current"``, or ``"compatible"`` for servers with older cipher suites, such as Windows Server 2012 R2.
            None: ``SEND_IM_TLS``.
        token: Called with a :class:`TokenRequest` for a bearer token, on a thread of its own; instead of a password.
        trusted_domains: Further domains the server may lead to.
        timeout: How long signing in may take, in seconds.
        on_step: Called with a :class:`Step` at the end of each step, on a thread that waits for a call of this client.

    It signs in when a ``with`` block begins and signs out when it ends. A client made before ``os.fork`` is closed in
    the child, which makes one of its own.

    >>> from send_im import Client, Sandbox
    >>> with Sandbox() as sandbox:
    ...     with Client("tosh@contoso.com", password="x", server=sandbox) as client:
    ...         receipt = client.send("lenea@contoso.com", "disk full", subject="db7")
    ...     print(receipt.accepted_by, sandbox.messages()[0].subject)
    lenea@contoso.com db7
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
        token: Optional[TokenSource] = None,
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
    def sign_in(
        cls,
        address: Optional[str] = None,
        *,
        username: Optional[str] = None,
        password: Optional[str] = None,
        server: Server = None,
        ca_file: PathLike = None,
        tls: Optional[Tls] = None,
        token: Optional[TokenSource] = None,
        trusted_domains: Iterable[str] = (),
        timeout: float = DEFAULT_TIMEOUT,
        on_step: Optional[OnStep] = None,
    ) -> Client:
        """A client that is signed in already, for programs without a ``with`` block. Call :meth:`sign_out` at the end.

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
        return client.__enter__()

    def __enter__(self) -> Client:
        if self._session is not None:
            raise RuntimeError("a client signs in once; make a new one")
        relay = Relay(self._on_step, self._token)
        call = relay.watch(native.start_sign_in(self._options, relay.tells_steps, relay.asks_tokens))
        self._session = run(call, relay).value
        self._relay = relay
        _exit.arm()
        self._options = None  # the password is not kept longer than it is needed
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
        >>> with Sandbox() as sandbox, Client("tosh@contoso.com", password="x", server=sandbox) as client:
        ...     for result in client.send_all([Message("a@contoso.com", "hi"), Message("busy@contoso.com", "hi")]):
        ...         print(type(result).__name__)
        Receipt
        NotDelivered
        """
        contents = [message_options(message) for message in messages]
        outcomes = run(self._open().start_send_all(contents), self._relay).value
        return [result_from(outcome, self._relay) for outcome in outcomes]

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

    def cancel_all(self) -> None:
        """Ends every send under way at once: each fails with :class:`Cancelled`.

        Its ``sent`` says whether the message can have arrived (``"maybe"``) or not (``"no"``). Later sends fail with
        :class:`ClientClosed`. Any thread may call this; the session is still to be signed out.
        """
        if self._session is not None:
            cancel_all(self._session)

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        try:
            self.sign_out()
        except SendImError as failed:
            # Every message has its receipt by now; what the block did must not look undone.
            logger.warning("signing out failed: %s", failed)

    def _open(self) -> Any:
        if self._session is None:
            raise not_signed_in()
        return self._session

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._address or 'of the stored account'}>"


def result_from(outcome: Any, relay: Optional[Relay]) -> Union[Receipt, SendImError]:
    """What became of one message of many."""
    return error_from(outcome.failure, relay) if outcome.receipt is None else receipt_from(outcome.receipt)


def not_signed_in() -> ClientClosed:
    """The error of a client that was never entered."""
    return ClientClosed("The client is not signed in; use it with 'with', or make it with sign_in().")
