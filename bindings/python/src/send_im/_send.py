"""The one call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Optional

from ._calls import run, run_async
from ._native import send_im_uniffi as native
from ._options import PathLike, Server, account_options, message_options
from ._relay import Relay
from ._types import (
    DEFAULT_TIMEOUT,
    AsyncTokenSource,
    Importance,
    Message,
    OnStep,
    Receipt,
    Tls,
    TokenSource,
    Wait,
    receipt_from,
)


def send_im(
    to: str,
    text: str,
    *,
    subject: Optional[str] = None,
    importance: Importance = "normal",
    html: bool = False,
    timeout: float = DEFAULT_TIMEOUT,
    wait: Wait = "delivered",
    address: Optional[str] = None,
    username: Optional[str] = None,
    password: Optional[str] = None,
    server: Server = None,
    ca_file: PathLike = None,
    tls: Optional[Tls] = None,
    token: Optional[TokenSource] = None,
    trusted_domains: Iterable[str] = (),
    on_step: Optional[OnStep] = None,
) -> Receipt:
    r"""Signs in, sends one message, waits for its delivery and signs out.

    Blocks this thread and no other; Ctrl-C ends the wait. For more than one message, :class:`Client` signs in once.

    Args:
        to: The recipient's address, ``user@domain``; ``sip:`` is optional.
        text: The text, or html with ``html=True``.
        subject: The subject, at most 250 UTF-16 units, on one line.
        importance: ``"normal"``, ``"urgent"`` or ``"emergency"``.
        html: True if the text is html. A recipient whose side takes none gets its plain-text rendering.
        timeout: How long the message has to be delivered, in seconds. An invitation rings until then. After it the
            call takes at most 2 s more to withdraw the invitation and learn what came of it, and at most another 3 s
            to close its session.
        wait: ``"delivered"``: until the recipient's side has accepted. ``"submitted"``: until the server has taken
            the message; the receipt then says so.
        address: The sender's address. None: the stored account (see the module's text).
        username: The name to sign in with where it is not the address, such as ``r"CONTOSO\smith"``.
        password: The password. None with an address and no token: ``SEND_IM_PASSWORD``.
        server: The URL of the discovery root, or a :class:`Sandbox`. None: ask the sign-in domain.
        ca_file: A file, PEM or DER, with certificate authorities to trust besides those of the operating system.
        tls: ``"current"``, or ``"compatible"`` for servers with older cipher suites, such as Windows Server 2012 R2.
            None: ``SEND_IM_TLS``.
        token: Called with a :class:`TokenRequest` for a bearer token; instead of a password.
        trusted_domains: Further domains the server may lead to, such as ``contoso.net``.
        on_step: Called with a :class:`Step` at the end of each step, on this thread.

    Returns:
        The receipt, which says who accepted and what proves it.

    Raises:
        SendImError: One of its subclasses; ``error.sent`` says whether the message can have arrived all the same.

    >>> from send_im import Sandbox, send_im
    >>> with Sandbox() as sandbox:
    ...     receipt = send_im(
    ...         "lenea@contoso.com", "disk full", importance="urgent",
    ...         address="tosh@contoso.com", password="x", server=sandbox,
    ...     )
    >>> receipt.accepted_by, receipt.evidence
    ('lenea@contoso.com', 'invitation_accepted')
    """
    content = message_options(Message(to, text, subject, importance, html, timeout, wait))
    options = account_options(
        address=address,
        username=username,
        password=password,
        server=server,
        ca_file=ca_file,
        tls=tls,
        trusted_domains=trusted_domains,
        timeout=timeout,
    )
    relay = Relay(on_step, token)
    call = relay.watch(native.start_send(options, content, relay.tells_steps, relay.asks_tokens))
    return receipt_from(run(call, relay).value)


async def send_im_async(
    to: str,
    text: str,
    *,
    subject: Optional[str] = None,
    importance: Importance = "normal",
    html: bool = False,
    timeout: float = DEFAULT_TIMEOUT,
    wait: Wait = "delivered",
    address: Optional[str] = None,
    username: Optional[str] = None,
    password: Optional[str] = None,
    server: Server = None,
    ca_file: PathLike = None,
    tls: Optional[Tls] = None,
    token: Optional[AsyncTokenSource] = None,
    trusted_domains: Iterable[str] = (),
    on_step: Optional[OnStep] = None,
) -> Receipt:
    """The same as :func:`send_im`, awaited on the running event loop.

    Cancelling the task that awaits it cancels the send: an invitation that still rings is withdrawn and the session
    is signed out. ``token`` may be a coroutine function; ``on_step`` is called on the event loop.

    >>> import asyncio
    >>> from send_im import Sandbox, send_im_async
    >>> async def main():
    ...     async with Sandbox() as sandbox:
    ...         receipt = await send_im_async(
    ...             "lenea@contoso.com", "hi", address="tosh@contoso.com", password="x", server=sandbox
    ...         )
    ...         print(receipt.accepted_by)
    >>> asyncio.run(main())
    lenea@contoso.com
    """
    content = message_options(Message(to, text, subject, importance, html, timeout, wait))
    options = account_options(
        address=address,
        username=username,
        password=password,
        server=server,
        ca_file=ca_file,
        tls=tls,
        trusted_domains=trusted_domains,
        timeout=timeout,
    )
    relay = Relay(on_step, token, asyncio.get_running_loop())
    call = relay.watch(native.start_send(options, content, relay.tells_steps, relay.asks_tokens))
    return receipt_from((await run_async(call, relay)).value)
