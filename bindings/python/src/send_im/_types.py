"""What goes in and what comes out, as plain values."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field, fields
from functools import cache
from typing import TYPE_CHECKING, Any, Callable, Literal, Optional, TypeVar, Union

if TYPE_CHECKING:
    from typing_extensions import TypeAlias

T = TypeVar("T")

Importance: TypeAlias = Literal["normal", "urgent", "emergency"]
"""How urgent a message is shown to its recipient."""

Wait: TypeAlias = Literal["delivered", "submitted"]
"""When a send is done: the recipient's side has accepted, or the server has taken the message."""

Format: TypeAlias = Literal["plain", "html"]
"""The form in which a text goes."""

Evidence: TypeAlias = Literal["invitation_accepted", "message_confirmed", "submitted"]
"""What a receipt rests on."""

StepName: TypeAlias = Literal["discover", "sign_in", "open_session", "invite", "send", "confirm", "sign_out"]
"""The steps of a call, in their order."""

Sent: TypeAlias = Literal["no", "maybe"]
"""Whether a message whose send failed can have arrived all the same."""

Kind: TypeAlias = Literal[
    "invalid_input",
    "sign_in_refused",
    "sign_in_unsupported",
    "credential_unavailable",
    "forbidden",
    "recipient_not_found",
    "recipient_unavailable",
    "declined",
    "no_answer",
    "busy",
    "discovery_failed",
    "untrusted_host",
    "tls",
    "network",
    "timeout",
    "closed",
    "limit_reached",
    "throttled",
    "service_error",
    "protocol",
    "outcome_unknown",
    "cancelled",
]
"""The sort of a failure, the same in every language."""

Tls: TypeAlias = Literal["current", "compatible"]
"""Which cipher suites a server may choose from."""

CheckName: TypeAlias = Literal[
    "names",
    "proxy",
    "tcp",
    "tls",
    "discovery",
    "trust",
    "challenge",
    "sign_in",
    "application",
    "event_channel",
    "clock",
    "sign_out",
]
"""What a diagnosis checks, in the order in which a send meets it."""

CheckOutcome: TypeAlias = Literal["passed", "warning", "failed", "skipped"]
"""How a check ended."""

AdviceOwner: TypeAlias = Literal["you", "network", "pool_administrator"]
"""Who can do something about a check that did not pass."""

DEFAULT_TIMEOUT = 60.0
"""How long a message has to be delivered when nothing else is said, in seconds."""


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


Token: TypeAlias = Union[str, BearerToken]

TokenSource: TypeAlias = Callable[[TokenRequest], Union[Token, Awaitable[Token]]]
"""Gives a token. Called on a thread of its own, for each server that asks for one and again before one expires.

For :class:`AsyncClient` and :func:`send_im_async` it may be a coroutine function: their event loop awaits the token.
"""


@dataclass(frozen=True)
class Account:
    r"""Who sends, and how the account signs in. Its repr shows the address alone.

    What is not given comes from the environment. Without ``address`` it is the stored account (see the module's text).

    Attributes:
        address: The sender's address, ``user@domain``.
        password: The password. None with an address and no token: ``SEND_IM_PASSWORD``.
        username: The name to sign in with where it is not the address, such as ``r"CONTOSO\smith"``.
        server: The URL of the discovery root. None: ``SEND_IM_SERVER``, or ask the sign-in domain.
        ca_file: A file, PEM or DER, with certificate authorities to trust besides those of the operating system.
        tls: ``"current"``, or ``"compatible"`` for servers with older cipher suites, such as Windows Server 2012 R2.
            None: ``SEND_IM_TLS``.
        token: Called with a :class:`TokenRequest` for a bearer token; instead of a password.
        trusted_domains: Further domains the server may lead to, such as ``contoso.net``.

    >>> Account("tosh@contoso.com", password="x", server="https://lync.contoso.com")
    Account(address='tosh@contoso.com')
    """

    address: Optional[str] = None
    password: Optional[str] = field(default=None, repr=False)
    username: Optional[str] = field(default=None, repr=False)
    server: Optional[str] = field(default=None, repr=False)  # somebody may write a password into a URL
    ca_file: Union[str, os.PathLike[str], None] = field(default=None, repr=False)
    tls: Optional[Tls] = field(default=None, repr=False)
    token: Optional[TokenSource] = field(default=None, repr=False)
    trusted_domains: Iterable[str] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.trusted_domains, str):
            raise TypeError("trusted_domains takes several domains, not one str")
        object.__setattr__(self, "trusted_domains", tuple(self.trusted_domains))

    def diagnose(self, *, timeout: float = DEFAULT_TIMEOUT) -> Diagnosis:
        """Walks as a send would, and sends nothing: names, proxy, connection, TLS, sign-in, session, events, clock.

        It signs in once, as a refused password may lock the account, and signs out. Blocks this thread; Ctrl-C ends
        the wait.

        Args:
            timeout: How long opening the session may take, in seconds. Names, connections and TLS are looked at before.

        Returns:
            The checks, in order.

        Raises:
            InvalidInput: The account is not usable. Everything else is a check that failed.

        >>> from send_im import Sandbox
        >>> with Sandbox() as sandbox:
        ...     diagnosis = sandbox.account("tosh@contoso.com", password="wrong").diagnose()
        >>> diagnosis.failure.name, diagnosis.failure.kind, diagnosis.failure.advice.who
        ('sign_in', 'sign_in_refused', 'you')
        """
        from ._diagnosis import diagnose

        return diagnose(self, timeout)

    async def diagnose_async(self, *, timeout: float = DEFAULT_TIMEOUT) -> Diagnosis:
        """The same as :meth:`diagnose`, awaited on the running event loop."""
        from ._diagnosis import diagnose_async

        return await diagnose_async(self, timeout)


@dataclass(frozen=True)
class Message:
    """A message to one recipient, for :meth:`Client.send_all`. Its text is not part of its repr.

    Its attributes are the arguments of :func:`send_im`.

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
        step: Which step, such as ``"sign_in"``; see :data:`StepName`.
        host: The host that was asked, with its port where it is not the usual one.
        status: The HTTP status of the answer, None where no answer came.
        elapsed: From the request to the end of the answer, in seconds.
    """

    step: StepName
    host: str
    status: Optional[int]
    elapsed: float


@dataclass(frozen=True)
class Advice:
    """What to do about a warning or a failure, and who can.

    Attributes:
        what: One or two sentences.
        who: ``"you"``, ``"network"``: whoever runs it, or ``"pool_administrator"``.
    """

    what: str
    who: AdviceOwner


@dataclass(frozen=True)
class Check:
    """One check of a diagnosis. It never holds a password, a token or a cookie.

    Attributes:
        name: What was checked, such as ``"tls"``; see :data:`CheckName`.
        outcome: ``"passed"``, ``"warning"``, ``"failed"`` or ``"skipped"``.
        seen: What was seen, for people: names, addresses, versions, answers.
        elapsed: How long it took, in seconds.
        advice: What to do, where there is something to do.
        kind: The kind of error a program meets, of a failure and of some warnings.
    """

    name: CheckName
    outcome: CheckOutcome
    seen: str
    elapsed: float
    advice: Optional[Advice] = None
    kind: Optional[Kind] = None


@dataclass(frozen=True)
class Diagnosis:
    """What :meth:`Account.diagnose` found.

    Attributes:
        checks: The checks, in the order in which they were made. Those of names, connection and TLS come once more
            where discovery leads to another server.
    """

    checks: tuple[Check, ...]

    @property
    def failure(self) -> Optional[Check]:
        """The first check that failed; None where none did."""
        return next((check for check in self.checks if check.outcome == "failed"), None)


_ADDRESSEE: Any = object()


@dataclass(frozen=True)
class Receipt:
    """Proof of a send.

    The tests of a program can make one: ``Receipt("lenea@contoso.com")`` is that of a text its addressee accepted.

    Attributes:
        to: The recipient's address as asked, without ``sip:``.
        accepted_by: Who accepted. Someone else than ``to`` after a call-forward, None when only submitted or where the
            server does not say.
        evidence: ``"invitation_accepted"``: the text rode in the invitation and was accepted, which is not the same
            as read. ``"message_confirmed"``: the recipient's side confirmed it. ``"submitted"``: nobody waited.
        format: The form in which the text went: ``"plain"`` or ``"html"``.
        thread_id: The server's id of the conversation's thread, if it told one.
        steps: Each step in order. After :func:`send_im` they begin with discovery.
    """

    to: str
    accepted_by: Optional[str] = _ADDRESSEE
    evidence: Evidence = "invitation_accepted"
    format: Format = "plain"
    thread_id: Optional[str] = None
    steps: tuple[Step, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if self.accepted_by is _ADDRESSEE:
            object.__setattr__(self, "accepted_by", None if self.evidence == "submitted" else self.to)


OnStep: TypeAlias = Callable[[Step], object]
"""Told of each finished step, on the thread (or event loop) that waits for the call."""


_names = cache(lambda cls: tuple(each.name for each in fields(cls)))


def copied(cls: type[T], record: Any, **others: Any) -> T:
    """A value of this dataclass, with the fields of a record of the native library and those others."""
    return cls(**{name: getattr(record, name) for name in _names(cls) if name not in others}, **others)  # type: ignore[arg-type]


def step_from(record: Any) -> Step:
    """The step of a record of the native library."""
    return copied(Step, record, elapsed=record.elapsed_ms / 1000)


def receipt_from(record: Any) -> Receipt:
    """The receipt of a record of the native library."""
    return copied(Receipt, record, steps=tuple(step_from(step) for step in record.steps))
