"""Delivers an instant message to a Skype for Business or Lync user.

>>> from send_im import Sandbox, send_im
>>> with Sandbox() as sandbox:
...     receipt = send_im("lenea@contoso.com", "hello world", account=sandbox.account("tosh@contoso.com"))
...     print(receipt.accepted_by, sandbox.inbox("lenea@contoso.com")[0].text)
lenea@contoso.com hello world

Without an :class:`Account` the stored one sends: from ``SEND_IM_ADDRESS``, ``SEND_IM_USERNAME``, ``SEND_IM_PASSWORD``,
``SEND_IM_SERVER``, ``SEND_IM_CA_FILE`` and ``SEND_IM_TLS``, then from ``send-im/config.toml`` in the configuration
folder.

The logger ``send_im`` receives each step of a call at DEBUG. It must be enabled before the call, or before the client
signs in. No password, token or message text is ever logged.
"""

from . import _library  # isort: skip  # before all that needs the library
from . import _exit
from ._client import AsyncClient, Client
from ._errors import (
    Cancelled,
    ClientClosed,
    ConnectionFailed,
    CredentialUnavailable,
    DeadlineExceeded,
    InvalidInput,
    NotDelivered,
    OutcomeUnknown,
    SendImError,
    ServiceError,
    SignInError,
)
from ._native import send_im_uniffi as _native_module
from ._sandbox import Delivered, Sandbox
from ._send import send_im, send_im_async
from ._types import (
    Account,
    Advice,
    AdviceOwner,
    BearerToken,
    Check,
    CheckName,
    CheckOutcome,
    Diagnosis,
    Evidence,
    Format,
    Hop,
    Importance,
    Kind,
    Message,
    OnStep,
    Receipt,
    Sent,
    Step,
    StepName,
    Tls,
    TokenRequest,
    TokenSource,
    Wait,
)

__version__: str = _native_module.version()

__all__ = [
    "Account",
    "Advice",
    "AdviceOwner",
    "AsyncClient",
    "BearerToken",
    "Cancelled",
    "Check",
    "CheckName",
    "CheckOutcome",
    "Client",
    "ClientClosed",
    "ConnectionFailed",
    "CredentialUnavailable",
    "DeadlineExceeded",
    "Delivered",
    "Diagnosis",
    "Evidence",
    "Format",
    "Hop",
    "Importance",
    "InvalidInput",
    "Kind",
    "Message",
    "NotDelivered",
    "OnStep",
    "OutcomeUnknown",
    "Receipt",
    "Sandbox",
    "SendImError",
    "Sent",
    "ServiceError",
    "SignInError",
    "Step",
    "StepName",
    "Tls",
    "TokenRequest",
    "TokenSource",
    "Wait",
    "send_im",
    "send_im_async",
]

# Imported for what they set up: the library, and an end without threads.
del _exit, _library, _native_module
