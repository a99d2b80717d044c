"""The sandbox: a Skype for Business server in this process, for demonstrations and tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Optional, Union

from ._calls import asked, run, run_async
from ._native import send_im_uniffi as native
from ._options import milliseconds
from ._types import Account, Format, Importance, TokenSource, copied


@dataclass(frozen=True)
class Delivered:
    """A message that reached a recipient of a sandbox.

    Attributes:
        number: Counts deliveries, from 1.
        sender: The sender's address.
        to: The address the sender asked for.
        accepted_by: The address that took it; another one than ``to`` after a call-forward.
        subject: The subject, if there is one.
        importance: ``"normal"``, ``"urgent"`` or ``"emergency"``.
        format: ``"plain"`` or ``"html"``.
        text: The text as it was sent.
        via: ``"invitation"`` if the text came with the invitation, else ``"message"``.
        conversation: The conversation it belongs to.
        thread_id: The thread of that conversation.
        received_at: When the recipient got it, UTC.
    """

    number: int
    sender: str
    to: str
    accepted_by: str
    subject: Optional[str] = field(repr=False)
    importance: Importance
    format: Format
    text: str = field(repr=False)
    via: str
    conversation: str
    thread_id: str
    received_at: datetime


class Sandbox:
    """A server that behaves like a Skype for Business pool, on a free port of 127.0.0.1.

    Any account signs in with any password (except ``wrong``). A recipient behaves by the local part of the address:
    ``declines@``, ``silent@``, ``busy@``, ``offline@``, ``unknown@``, ``slow@``, ``forwards@``, ``drops@``,
    ``echo@``; anyone else accepts at once.

    Args:
        layout: ``"one-pool"``, ``"two-pools"`` or ``"redirect"``.
        https: True for https with a certificate authority made for this sandbox; see :attr:`ca_file`.
        ring: How long an invitation to ``silent@`` rings, in seconds.
        slow: How long ``slow@`` takes to accept, in seconds.
        listen: Address and port to listen on, such as ``"127.0.0.1:8080"``. None: a free port of 127.0.0.1.
        users: Passwords by address. Once there is one, only these users sign in.
        token_lifetime: How long a token is valid, in seconds. None: as a real server, 8 hours.
        poll_timeout: How long an empty request for events is held, in seconds. None: as a real server.
        redirect_to: The discovery root answers with a redirect to this URL and nothing else.
        host_name: A DNS name for the certificate and for every link.

    It runs while its ``with`` (or ``async with``) block does.

    >>> from send_im import Sandbox, send_im
    >>> with Sandbox() as sandbox:
    ...     _ = send_im("lenea@contoso.com", "hi", account=sandbox.account("tosh@contoso.com"))
    ...     [message.text for message in sandbox.wait_for(1)]
    ['hi']
    """

    def __init__(
        self,
        *,
        layout: str = "one-pool",
        https: bool = False,
        ring: float = 30.0,
        slow: float = 3.0,
        listen: Optional[str] = None,
        users: Optional[Mapping[str, str]] = None,
        token_lifetime: Optional[float] = None,
        poll_timeout: Optional[float] = None,
        redirect_to: Optional[str] = None,
        host_name: Optional[str] = None,
    ) -> None:
        self._options: Any = native.SandboxOptions(
            layout=layout,
            https=https,
            listen=listen,
            ring_ms=milliseconds(ring) or 0,
            slow_ms=milliseconds(slow) or 0,
            token_lifetime_ms=milliseconds(token_lifetime),
            poll_timeout_ms=milliseconds(poll_timeout),
            users=[native.SandboxUser(address=name, password=word) for name, word in (users or {}).items()],
            redirect_to=redirect_to,
            host_name=host_name,
        )
        self._server: Any = None
        self._url = ""
        self._ca_file: Optional[str] = None

    def start(self) -> Sandbox:
        """Starts the sandbox, for programs without a ``with`` block. Call :meth:`stop` at the end."""
        self._started(run(native.start_sandbox(self._options)).value)
        return self

    def stop(self) -> None:
        """Stops the sandbox. What it had delivered is gone. A second call does nothing."""
        if self._server is not None:
            self._server.stop()

    __enter__ = start

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Sandbox:
        self._started((await run_async(native.start_sandbox(self._options))).value)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The discovery root, what ``server`` of an :class:`Account` takes."""
        self._running()
        return self._url

    @property
    def ca_file(self) -> Optional[str]:
        """A PEM file with the certificate authority, with https; it is removed with the sandbox."""
        self._running()
        return self._ca_file

    def account(self, address: str, password: str = "x", *, token: Optional[TokenSource] = None) -> Account:  # noqa: S107
        """An account that signs in here, by its password unless a token callable is given."""
        word = password if token is None else None
        return Account(address, word, server=self.url, ca_file=self.ca_file, token=token)

    def inbox(self, address: str) -> list[Delivered]:
        """What was delivered to this address, oldest first."""
        return [_delivered(record) for record in self._ask("inbox", address)]

    def messages(self) -> list[Delivered]:
        """Everything delivered, oldest first."""
        return [_delivered(record) for record in self._ask("messages")]

    def wait_for(self, count: int, timeout: float = 10.0) -> list[Delivered]:
        """Waits until that many messages were delivered in all, and gives them.

        Raises:
            DeadlineExceeded: It took longer than ``timeout`` seconds.
        """
        return [_delivered(record) for record in run(self._waiting(count, timeout)).value]

    async def wait_for_async(self, count: int, timeout: float = 10.0) -> list[Delivered]:
        """The same, awaited."""
        outcome = await run_async(self._waiting(count, timeout))
        return [_delivered(record) for record in outcome.value]

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Asks the sandbox's own HTTP interface, for what has no method here; see the README of ``send-im-sandbox``.

        Args:
            method: ``"GET"``, ``"POST"``, ``"PUT"`` or ``"DELETE"``.
            path: What follows ``/sandbox/api/``: ``"journal"`` (every request received), ``"state"``,
                ``"tokens/ADDRESS"``, ``"actions/revoke-tokens"`` …
            body: Sent as JSON, unless it is None.

        Returns:
            What the JSON of the response stands for; None where it is empty.

        Raises:
            InvalidInput: The sandbox refuses the request.
        """
        text = None if body is None else json.dumps(body)
        answer: str = run(self._running().start_request(method, path, text)).value
        return json.loads(answer) if answer else None

    def add_fault(self, route: str, action: Union[str, Mapping[str, Any]], *, skip: int = 0, times: int = 1) -> None:
        """Makes something go wrong.

        Args:
            route: The requests it lies on: ``"discovery"``, ``"user"``, ``"token"``, ``"applications"``,
                ``"events"``, ``"start_messaging"``, ``"send_message"``, ``"stop_messaging"``,
                ``"delete_application"`` or ``"any"``.
            action: What happens: ``{"status": {"http": 503, "retry_after": 1}}``, ``{"delay": {"ms": 50}}``,
                ``{"delay_answer": {"ms": 50}}`` (processed at once), ``"drop_before"``, ``"drop_after"`` (the answer is
                lost), ``"reset_before"``, ``"reset_after"``, over HTTP/2 ``{"reset_stream": {"error": 7}}`` and
                ``{"go_away": {"error": 0}}``, ``{"then_refuse": {"ms": 500}}`` (from then on connections are refused),
                ``{"then_distrust": {"connections": 1}}`` (with https: a bad certificate), ``"cut_body"``,
                ``"html_instead"``, ``{"gateway_error": {"http": 502}}``, ``"wrong_content_type"``,
                ``{"oversized": {"bytes": 100000}}``, ``"duplicate_events"``, ``{"delay_events": {"ms": 50}}``,
                ``"bare_events"``, ``"early_events"`` or ``"skip_states"``.
            skip: How many requests pass unharmed before the first is hit.
            times: How many requests are hit; 0: every one until :meth:`clear_faults`.

        Raises:
            InvalidInput: There is no such route or action.
        """
        fault = {"route": route, "skip": skip, "times": times, "action": action}
        self._ask("add_fault", json.dumps(fault))

    def clear_faults(self) -> None:
        """Takes every fault away."""
        self._ask("clear_faults")

    def __repr__(self) -> str:
        return f"<Sandbox {self._url or 'not running'}>"

    def _waiting(self, count: int, timeout: float) -> Any:
        return self._running().start_wait_for(count, milliseconds(timeout) or 0)

    def _started(self, server: Any) -> None:
        self.stop()
        self._server = server
        self._url = self._ask("url")
        self._ca_file = self._ask("ca_file")

    def _running(self) -> Any:
        if self._server is None:
            raise RuntimeError("the sandbox is not running; use it with 'with', or call start()")
        return self._server

    def _ask(self, method: str, *arguments: Any) -> Any:
        return asked(getattr(self._running(), method), *arguments)


def _delivered(record: Any) -> Delivered:
    return copied(Delivered, record, received_at=datetime.fromtimestamp(record.received_at_ms / 1000, tz=timezone.utc))
