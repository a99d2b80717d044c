"""Delivers an instant message to a Skype for Business or Lync user.

>>> from send_im import Sandbox, send_im
>>> with Sandbox() as sandbox:
...     receipt = send_im(
...         "lenea@contoso.com", "hello world", address="tosh@contoso.com", password="x", server=sandbox
...     )
...     print(receipt.accepted_by, sandbox.inbox("lenea@contoso.com")[0].text)
lenea@contoso.com hello world

Without ``address`` the account comes from ``SEND_IM_ADDRESS``, ``SEND_IM_USERNAME``, ``SEND_IM_PASSWORD``,
``SEND_IM_SERVER``, ``SEND_IM_CA_FILE`` and ``SEND_IM_TLS``, then from ``send-im/config.toml`` in the configuration
folder.

The logger ``send_im`` receives each step of a call at DEBUG. It must be enabled before the call, or before the client
signs in. No password, token or message text is ever logged.
"""

from . import _library  # isort: skip  # before all that needs the library
from . import _exit
from ._async_client import AsyncClient
from ._client import Client
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
    AsyncTokenSource,
    BearerToken,
    Hop,
    Importance,
    Message,
    OnStep,
    Receipt,
    Step,
    Tls,
    TokenRequest,
    TokenSource,
    Wait,
)

__version__: str = _native_module.version()

__all__ = [
    "AsyncClient",
    "AsyncTokenSource",
    "BearerToken",
    "Cancelled",
    "Client",
    "ClientClosed",
    "ConnectionFailed",
    "CredentialUnavailable",
    "DeadlineExceeded",
    "Delivered",
    "Hop",
    "Importance",
    "InvalidInput",
    "Message",
    "NotDelivered",
    "OnStep",
    "OutcomeUnknown",
    "Receipt",
    "Sandbox",
    "SendImError",
    "ServiceError",
    "SignInError",
    "Step",
    "Tls",
    "TokenRequest",
    "TokenSource",
    "Wait",
    "send_im",
    "send_im_async",
]

# Imported for what they set up: the library, and an end without threads.
del _exit, _library, _native_module
