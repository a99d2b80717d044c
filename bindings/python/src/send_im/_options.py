"""Turns the arguments of the public calls into records of the native library."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Optional, Union

from ._errors import invalid_input
from ._native import send_im_uniffi as native
from ._types import Message

if TYPE_CHECKING:
    from ._sandbox import Sandbox

# The generated text of a record shows every field, and these hold a password and a message.
native.AccountOptions.__str__ = object.__repr__
native.MessageOptions.__str__ = object.__repr__
native.SandboxUser.__str__ = object.__repr__

Server = Union[str, "Sandbox", None]
PathLike = Union[str, "os.PathLike[str]", None]


def account_options(
    *,
    address: Optional[str],
    username: Optional[str],
    password: Optional[str],
    server: Server,
    ca_file: PathLike,
    tls: Optional[str],
    trusted_domains: Iterable[str],
    timeout: Optional[float],
) -> Any:
    """Who sends. A sandbox as the server brings its own certificate authority."""
    if server is not None and not isinstance(server, str):
        ca_file = ca_file or server.ca_file
        server = server.url
    if isinstance(trusted_domains, str):
        raise TypeError("trusted_domains takes several domains, not one str")
    return native.AccountOptions(
        address=_text("address", address),
        username=_text("username", username),
        password=_text("password", password),
        server=_text("server", server),
        ca_file=None if ca_file is None else _text("ca_file", os.fspath(ca_file)),
        tls=_text("tls", tls),
        trusted_domains=[_checked("trusted_domains", domain) for domain in trusted_domains],
        timeout_ms=milliseconds(timeout),
    )


def message_options(message: Message) -> Any:
    """What is sent."""
    return native.MessageOptions(
        to=_checked("to", message.to),
        text=_checked("text", message.text),
        html=bool(message.html),
        subject=_text("subject", message.subject),
        importance=_checked("importance", message.importance),
        timeout_ms=milliseconds(message.timeout),
        wait=_checked("wait", message.wait),
    )


def milliseconds(seconds: Optional[float]) -> Optional[int]:
    """Whole milliseconds. What is no time at all becomes zero, which the native library refuses in its own words."""
    if seconds is None:
        return None
    if math.isnan(seconds):
        raise invalid_input("The timeout is not a number.")
    if seconds <= 0:
        return 0
    return math.ceil(min(seconds, 1e9) * 1000)


def _text(name: str, value: Optional[str]) -> Optional[str]:
    return None if value is None else _checked(name, value)


def _checked(name: str, value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise invalid_input(f"The argument {name} holds half a character (a lone surrogate).") from None
    return value
