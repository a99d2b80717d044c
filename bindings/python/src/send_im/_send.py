"""The one call."""

from __future__ import annotations

import asyncio
from typing import Any, Optional

from ._calls import run, run_async
from ._native import send_im_uniffi as native
from ._options import account_options, message_options
from ._relay import Relay
from ._types import DEFAULT_TIMEOUT, Account, Importance, Message, OnStep, Receipt, Wait, receipt_from


def send_im(
    to: str,
    text: str,
    *,
    account: Optional[Account] = None,
    subject: Optional[str] = None,
    importance: Importance = "normal",
    html: bool = False,
    timeout: float = DEFAULT_TIMEOUT,
    wait: Wait = "delivered",
    on_step: Optional[OnStep] = None,
) -> Receipt:
    r"""Signs in, sends one message, waits for its delivery and signs out.

    Blocks this thread and no other; Ctrl-C ends the wait. For more than one message, :class:`Client` signs in once.

    Args:
        to: The recipient's address, ``user@domain``; ``sip:`` is optional.
        text: The text, or html with ``html=True``.
        account: Who sends. None: the stored account.
        subject: The subject, at most 250 UTF-16 units, on one line.
        importance: ``"normal"``, ``"urgent"`` or ``"emergency"``.
        html: True if the text is html. A recipient whose side takes none gets its plain-text rendering.
        timeout: How long the message has to be delivered, in seconds. An invitation rings until then. After it the
            call takes at most 2 s more to withdraw the invitation and learn what came of it, and at most another 3 s
            to close its session.
        wait: ``"delivered"``: until the recipient's side has accepted. ``"submitted"``: until the server has taken
            the message; the receipt then says so.
        on_step: Called with a :class:`Step` at the end of each step, on this thread.

    Returns:
        The receipt, which says who accepted and what proves it.

    Raises:
        SendImError: One of its subclasses; ``error.sent`` says whether the message can have arrived all the same.

    >>> from send_im import Sandbox, send_im
    >>> with Sandbox() as sandbox:
    ...     receipt = send_im(
    ...         "lenea@contoso.com", "disk full", importance="urgent", account=sandbox.account("tosh@contoso.com")
    ...     )
    >>> receipt.accepted_by, receipt.evidence
    ('lenea@contoso.com', 'invitation_accepted')
    """
    call, relay = _start(Message(to, text, subject, importance, html, timeout, wait), account, on_step)
    return receipt_from(run(call, relay).value)


async def send_im_async(
    to: str,
    text: str,
    *,
    account: Optional[Account] = None,
    subject: Optional[str] = None,
    importance: Importance = "normal",
    html: bool = False,
    timeout: float = DEFAULT_TIMEOUT,
    wait: Wait = "delivered",
    on_step: Optional[OnStep] = None,
) -> Receipt:
    """The same as :func:`send_im`, awaited on the running event loop.

    Cancelling the task that awaits it cancels the send: an invitation that still rings is withdrawn and the session
    is signed out. ``token`` may be a coroutine function; ``on_step`` is called on the event loop.

    >>> import asyncio
    >>> from send_im import Sandbox, send_im_async
    >>> async def main():
    ...     async with Sandbox() as sandbox:
    ...         receipt = await send_im_async("lenea@contoso.com", "hi", account=sandbox.account("tosh@contoso.com"))
    ...         print(receipt.accepted_by)
    >>> asyncio.run(main())
    lenea@contoso.com
    """
    message = Message(to, text, subject, importance, html, timeout, wait)
    call, relay = _start(message, account, on_step, asyncio.get_running_loop())
    return receipt_from((await run_async(call, relay)).value)


def _start(
    message: Message,
    account: Optional[Account],
    on_step: Optional[OnStep],
    loop: Optional[asyncio.AbstractEventLoop] = None,
) -> tuple[Any, Relay]:
    sender = account or Account()
    relay = Relay(on_step, sender.token, loop)
    options, content = account_options(sender, message.timeout), message_options(message)
    return relay.watch(native.start_send(options, content, relay.tells_steps, relay.asks_tokens)), relay
