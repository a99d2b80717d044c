"""The errors: one parent, one class for each thing a program does about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from ._types import Hop

if TYPE_CHECKING:
    from ._relay import Relay


class SendImError(Exception):
    """A call that failed: what failed, at which step, and what to do about it.

    Its text is one sentence. It never holds a password, a token or the text of a message.

    Attributes:
        kind: The sort of failure, a stable name such as ``"recipient_not_found"``, the same in every language.
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
    ...         send_im("declines@contoso.com", "hi", address="tosh@contoso.com", password="x", server=sandbox)
    ...     except SendImError as error:
    ...         print(type(error).__name__, error.kind, error.sent, error.exit_code)
    NotDelivered declined no 4

    The tests of a program can make one. Unless they are given, ``kind`` and ``sent`` are those of the class, and
    ``exit_code`` is that of the kind.

    >>> error = NotDelivered("Lenea is busy.", kind="busy")
    >>> error.kind, error.sent, error.exit_code, str(error)
    ('busy', 'no', 4, 'Lenea is busy.')
    """

    kind: str = "protocol"
    sent: str = "no"
    exit_code: int = 5

    def __init__(
        self,
        detail: str,
        *,
        kind: Optional[str] = None,
        step: Optional[str] = None,
        sent: Optional[str] = None,
        http_status: Optional[int] = None,
        code: Optional[str] = None,
        subcode: Optional[str] = None,
        diagnostics: Optional[str] = None,
        retry_after: Optional[float] = None,
        hops: tuple[Hop, ...] = (),
        exit_code: Optional[int] = None,
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
        self.exit_code = _CLASSES.get(self.kind, type(self)).exit_code if exit_code is None else exit_code

    def __str__(self) -> str:
        return self.detail

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.detail!r}, kind={self.kind!r}, step={self.step!r}, sent={self.sent!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is rebuilt from its positional arguments by default; a worker process must not lose the rest.
        return (_rebuild, (type(self), self.detail, {name: getattr(self, name) for name in _FIELDS}))


_FIELDS = (
    "kind",
    "step",
    "sent",
    "http_status",
    "code",
    "subcode",
    "diagnostics",
    "retry_after",
    "hops",
    "exit_code",
)


def _rebuild(cls: type[SendImError], detail: str, fields: dict[str, Any]) -> SendImError:
    return cls(detail, **fields)


class InvalidInput(SendImError, ValueError):
    """An argument, the environment or the profile file is not usable. Nothing was sent (exit code 2)."""

    kind = "invalid_input"
    exit_code = 2


class SignInError(SendImError):
    """The account cannot sign in or is not permitted to do this (exit code 3)."""

    kind = "sign_in_refused"
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

    kind = "service_error"


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


_CLASSES: dict[str, type[SendImError]] = {
    "invalid_input": InvalidInput,
    "sign_in_refused": SignInError,
    "sign_in_unsupported": SignInError,
    "credential_unavailable": CredentialUnavailable,
    "forbidden": SignInError,
    "recipient_not_found": NotDelivered,
    "recipient_unavailable": NotDelivered,
    "declined": NotDelivered,
    "no_answer": NotDelivered,
    "busy": NotDelivered,
    "discovery_failed": ConnectionFailed,
    "untrusted_host": ConnectionFailed,
    "tls": ConnectionFailed,
    "network": ConnectionFailed,
    "timeout": DeadlineExceeded,
    "closed": ClientClosed,
    "limit_reached": ServiceError,
    "throttled": ServiceError,
    "service_error": ServiceError,
    "protocol": ServiceError,
    "outcome_unknown": OutcomeUnknown,
    "cancelled": Cancelled,
}


def error_from(failure: Any, relay: Optional[Relay] = None) -> SendImError:
    """The exception for a failure of the native library."""
    retry_after_ms = failure.retry_after_ms
    error = _CLASSES.get(failure.kind, ServiceError)(
        failure.detail,
        kind=failure.kind,
        step=failure.step,
        sent=failure.sent,
        http_status=failure.http_status,
        code=failure.code,
        subcode=failure.subcode,
        diagnostics=failure.diagnostics,
        retry_after=None if retry_after_ms is None else retry_after_ms / 1000,
        hops=tuple(Hop(url=hop.url, outcome=hop.outcome) for hop in failure.hops),
        exit_code=failure.exit_code,
    )
    error.__cause__ = None if relay is None else relay.raised(failure.cause)
    return error


def invalid_input(detail: str) -> InvalidInput:
    """An argument this package refuses by itself."""
    return InvalidInput(detail)
