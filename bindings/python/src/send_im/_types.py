"""What goes in and what comes out, as plain values."""

from __future__ import annotations

import sys
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Literal, Optional, Union

if TYPE_CHECKING:
    if sys.version_info >= (3, 10):
        from typing import TypeAlias
    else:
        from typing_extensions import TypeAlias

Importance: TypeAlias = Literal["normal", "urgent", "emergency"]
Tls: TypeAlias = Literal["current", "compatible"]
"""How urgent a message is shown to its recipient."""

Wait: TypeAlias = Literal["delivered", "submitted"]
"""When a send is done: the recipient's side has accepted, or the server has taken the message."""

DEFAULT_TIMEOUT = 60.0
"""How long a message has to be delivered when nothing else is said, in seconds."""


@dataclass(frozen=True)
class Message:
    """A message to one recipient, for :meth:`Client.send_all`. Its text is not part of its repr.

    Attributes:
        to: The recipient's address, ``user@domain``; ``sip:`` is optional.
        text: The text, or html with ``html=True``.
        subject: The subject, at most 250 UTF-16 units, on one line.
        importance: ``"normal"``, ``"urgent"`` or ``"emergency"``.
        html: True if the text is html. A recipient whose side takes none gets its plain-text rendering.
        timeout: How long the message has to be delivered, in seconds. An invitation rings until then. After it the
            send takes at most 2 s more to withdraw the invitation and learn what came of it.
        wait: ``"delivered"`` or ``"submitted"``.

    >>> Message("lenea@contoso.com", "disk full", importance="urgent")
    Message(to='lenea@contoso.com', importance='urgent', html=False, timeout=60.0, wait='delivered')
    """

    to: str
    text: str = field(repr=False)
    subject: Optional[str] = field(default=None, repr=False)
    importance: Importance = "normal"
    html: bool = False
    timeout: float = DEFAULT_TIMEOUT
    wait: Wait = "delivered"


@dataclass(frozen=True)
class Hop:
    """One place a call went through before it failed.

    Attributes:
        url: The URL without its query.
        outcome: What came back, for example ``"401"`` or ``"connection refused"``.
    """

    url: str
    outcome: str


@dataclass(frozen=True)
class Step:
    """One finished step of a call. It never holds a password, a token or message text.

    Attributes:
        step: ``"discover"``, ``"sign_in"``, ``"open_session"``, ``"invite"``, ``"send"``, ``"confirm"`` or
            ``"sign_out"``.
        host: The host that was asked, with its port where it is not the usual one.
        status: The HTTP status of the answer, None where no answer came.
        elapsed: From the request to the end of the answer, in seconds.
    """

    step: str
    host: str
    status: Optional[int]
    elapsed: float


_ADDRESSEE: Any = object()


@dataclass(frozen=True)
class Receipt:
    """Proof of a send.

    The tests of a program can make one: ``Receipt("lenea@contoso.com")`` is that of a text its addressee accepted.

    Attributes:
        to: The recipient's address as asked, without ``sip:``.
        accepted_by: Who accepted. Someone else than ``to`` after a call-forward, None when only submitted.
        evidence: ``"invitation_accepted"``: the text rode in the invitation and was accepted, which is not the same
            as read. ``"message_confirmed"``: the recipient's side confirmed it. ``"submitted"``: nobody waited.
        format: The form in which the text went: ``"plain"`` or ``"html"``.
        thread_id: The server's id of the conversation's thread, if it told one.
        steps: Each step in order. After :func:`send_im` they begin with discovery.
    """

    to: str
    accepted_by: Optional[str] = _ADDRESSEE
    evidence: str = "invitation_accepted"
    format: str = "plain"
    thread_id: Optional[str] = None
    steps: tuple[Step, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if self.accepted_by is _ADDRESSEE:
            object.__setattr__(self, "accepted_by", None if self.evidence == "submitted" else self.to)


@dataclass(frozen=True)
class TokenRequest:
    """What a token is wanted for, as the server's challenge says it.

    Attributes:
        origin: Scheme, host and port of the server that must accept the token: the OAuth resource.
        authorization_uri: Where the server says tokens are issued, if it does.
        client_id: The server's client id (OAuth audience), if it names one.
        trusted_issuers: The issuers the server trusts, if it names any.
        rejected: True where the token given before was rejected: a cached one will not do.
    """

    origin: str
    authorization_uri: Optional[str]
    client_id: Optional[str]
    trusted_issuers: Optional[str]
    rejected: bool


@dataclass(frozen=True)
class BearerToken:
    """A token and how long it lasts from now. Its value is not part of its repr.

    Attributes:
        value: The token without the word ``Bearer``.
        expires_in: Its lifetime in seconds; None: it is used until it is rejected.
    """

    value: str = field(repr=False)
    expires_in: Optional[float] = None


TokenSource: TypeAlias = Callable[[TokenRequest], Union[str, BearerToken]]
"""Gives a token. Called on a thread of its own, for each server that asks for one and again before one expires."""

AsyncTokenSource: TypeAlias = Callable[[TokenRequest], Union[str, BearerToken, Awaitable[Union[str, BearerToken]]]]
"""The same, or a coroutine function, which then runs on the event loop of the client."""

OnStep: TypeAlias = Callable[[Step], object]
"""Told of each finished step, on the thread (or event loop) that waits for the call."""


def step_from(record: Any) -> Step:
    """The step of a record of the native library."""
    return Step(record.step, record.host, record.status, record.elapsed_ms / 1000)


def receipt_from(record: Any) -> Receipt:
    """The receipt of a record of the native library."""
    return Receipt(
        to=record.to,
        accepted_by=record.accepted_by,
        evidence=record.evidence,
        format=record.format,
        thread_id=record.thread_id,
        steps=tuple(step_from(step) for step in record.steps),
    )
