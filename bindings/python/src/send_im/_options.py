"""Turns the arguments of the public calls into records of the native library."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from typing import Any, Optional

from ._errors import InvalidInput
from ._native import send_im_uniffi as native
from ._types import Account, Message

# The generated text of a record shows every field, and these hold a password and a message.
native.AccountOptions.__str__ = object.__repr__
native.MessageOptions.__str__ = object.__repr__
native.SandboxUser.__str__ = object.__repr__


def account_options(account: Account, timeout: Optional[float]) -> Any:
    """Who sends, and how long signing in may take."""
    texts = ("address", "username", "password", "server", "tls")
    return native.AccountOptions(
        **{name: _text(name, getattr(account, name)) for name in texts},
        ca_file=None if account.ca_file is None else _checked("ca_file", os.fspath(account.ca_file)),
        trusted_domains=[_checked("trusted_domains", domain) for domain in account.trusted_domains],
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


def contents_of(messages: Iterable[Message]) -> tuple[list[Any], list[Any]]:
    """What is sent of each message, or the error that keeps it back; and without those errors."""
    contents: list[Any] = []
    for message in messages:
        try:
            contents.append(message_options(message))
        except InvalidInput as error:
            contents.append(error.with_traceback(None))
    return contents, [each for each in contents if not isinstance(each, InvalidInput)]


def milliseconds(seconds: Optional[float]) -> Optional[int]:
    """Whole milliseconds. What is no time at all becomes zero, which the native library refuses in its own words."""
    if seconds is None:
        return None
    if math.isnan(seconds):
        raise InvalidInput("The timeout is not a number.")
    return math.ceil(min(max(seconds, 0), 1e9) * 1000)


def _text(name: str, value: Optional[str]) -> Optional[str]:
    return None if value is None else _checked(name, value)


def _checked(name: str, value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"The argument {name} holds half a character (a lone surrogate).") from None
    return value
