"""The errors: one parent, one class for each thing a program does about them."""

from __future__ import annotations

from typing import Any, Optional

from ._relay import Relay
from ._types import Hop, Kind, Sent, StepName, copied


class SendImError(Exception):
    """A call that failed: what failed, at which step, and what to do about it.

    Its text is one sentence. It never holds a password, a token or the text of a message.

    Attributes:
        kind: The sort of failure, such as ``"recipient_not_found"``; see :data:`Kind`.
        step: The step that failed, such as ``"sign_in"``, or None where no step had begun.
        detail: The sentence, the same as ``str(error)``.
        sent: ``"no"``: it was not delivered. ``"maybe"``: it may have arrived, sending again may double it.
        http_status: The HTTP status of the answer that decided, if one did.
        code: The server's error code as it came.
        subcode: The server's subcode as it came.
        diagnostics: The server's diagnostics, for its administrator. Not stable.
        retry_after: How long the server asked to wait, in seconds.
        hops: The way the call took, oldest first, where that explains the failure.
        exit_code: The exit code for a program that ends because of this error.

    >>> from send_im import Sandbox, SendImError, send_im
    >>> with Sandbox() as sandbox:
    ...     try:
    ...         send_im("declines@contoso.com", "hi", account=sandbox.account("tosh@contoso.com"))
    ...     except SendImError as error:
    ...         print(type(error).__name__, error.kind, error.sent, error.exit_code)
    NotDelivered declined no 4

    The tests of a program can make one. Unless they are given, ``kind`` and ``sent`` are those of the class, and
    ``exit_code`` is that of the kind.

    >>> error = NotDelivered("Lenea is busy.", kind="busy")
    >>> error.kind, error.sent, error.exit_code, str(error)
    ('busy', 'no', 4, 'Lenea is busy.')
    """

    kind: Kind = "protocol"
    sent: Sent = "no"
    exit_code: int = 5

    def __init__(
        self,
        detail: str,
        *,
        kind: Optional[Kind] = None,
        step: Optional[StepName] = None,
        sent: Optional[Sent] = None,
        http_status: Optional[int] = None,
        code: Optional[str] = None,
        subcode: Optional[str] = None,
        diagnostics: Optional[str] = None,
        retry_after: Optional[float] = None,
        hops: tuple[Hop, ...] = (),
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.kind = self.kind if kind is None else kind
        self.step = step
        self.sent = self.sent if sent is None else sent
        self.http_status = http_status
        self.code = code
        self.subcode = subcode
        self.diagnostics = diagnostics
        self.retry_after = retry_after
        self.hops = hops
        self.exit_code = _CLASSES.get(self.kind, type(self)).exit_code

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.detail!r}, kind={self.kind!r}, step={self.step!r}, sent={self.sent!r})"


class InvalidInput(SendImError, ValueError):
    """An argument, the environment or the profile file is not usable. Nothing was sent (exit code 2)."""

    kind = "invalid_input"
    exit_code = 2


class SignInError(SendImError):
    """The account cannot sign in or is not permitted to do this (exit code 3)."""

    kind: Kind = "sign_in_refused"
    exit_code = 3


class CredentialUnavailable(SignInError):
    """The program's own token callable gave no token; no server refused anything (exit code 3).

    What the callable raised is the ``__cause__``.
    """

    kind = "credential_unavailable"


class NotDelivered(SendImError):
    """The recipient did not take the message: unknown, unavailable, busy, declined, no answer (exit code 4)."""

    kind = "recipient_unavailable"
    exit_code = 4


class ServiceError(SendImError):
    """The server could not be reached, or could not do it (exit code 5)."""

    kind: Kind = "service_error"


class ConnectionFailed(ServiceError, ConnectionError):
    """No server was found, it cannot be trusted, or the network or TLS failed (exit code 5)."""

    kind = "network"


class DeadlineExceeded(ServiceError, TimeoutError):
    """The timeout was over before the server, or the recipient's side, had answered (exit code 5)."""

    kind = "timeout"


class ClientClosed(ServiceError):
    """The client is signed out, or it was made before a fork (exit code 5)."""

    kind = "closed"


class OutcomeUnknown(SendImError):
    """The message may or may not have arrived. It was not sent a second time (exit code 6)."""

    kind = "outcome_unknown"
    sent = "maybe"
    exit_code = 6


class Cancelled(SendImError):
    """The call was cut off by ``cancel_all``, by the bound of a close, or by the end of the program (exit code 130)."""

    kind = "cancelled"
    exit_code = 130


_KINDS: dict[type[SendImError], tuple[Kind, ...]] = {
    InvalidInput: ("invalid_input",),
    SignInError: ("sign_in_refused", "sign_in_unsupported", "forbidden"),
    CredentialUnavailable: ("credential_unavailable",),
    NotDelivered: ("recipient_not_found", "recipient_unavailable", "declined", "no_answer", "busy"),
    ConnectionFailed: ("discovery_failed", "untrusted_host", "tls", "network"),
    DeadlineExceeded: ("timeout",),
    ClientClosed: ("closed",),
    ServiceError: ("limit_reached", "throttled", "service_error", "protocol"),
    OutcomeUnknown: ("outcome_unknown",),
    Cancelled: ("cancelled",),
}
_CLASSES = {kind: cls for cls, kinds in _KINDS.items() for kind in kinds}


def error_from(failure: Any, relay: Optional[Relay] = None) -> SendImError:
    """The exception for a failure of the native library."""
    same = ("kind", "step", "sent", "http_status", "code", "subcode", "diagnostics")
    error = _CLASSES.get(failure.kind, ServiceError)(
        failure.detail,
        **{name: getattr(failure, name) for name in same},
        retry_after=None if failure.retry_after_ms is None else failure.retry_after_ms / 1000,
        hops=tuple(copied(Hop, hop) for hop in failure.hops),
    )
    error.__cause__ = None if relay is None else relay.raised(failure.cause)
    return error
