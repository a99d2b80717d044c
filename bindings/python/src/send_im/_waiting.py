"""How one thread sleeps until the native library, or another thread, wakes it.

The native library says that a call is worth polling again by calling a function with a number, on a thread of its own.
Where there are file descriptors, that function is one of the native library: it writes to a socket, and the thread that
waits reads from it. No native thread then has to enter the interpreter, which would wake the waiting thread a second
time, for the interpreter lock. Elsewhere the function is one of Python and releases a lock.
"""

from __future__ import annotations

import itertools
import os
from collections import deque
from typing import Any, Callable

from . import _hubs
from ._native import send_im_uniffi as native

NEWS = 2
"""The code of a wake that is not the native library's, which uses 0 and 1."""
ORPHANED = 3
"""The code in a forked child: the call belongs to the parent, nothing will wake it."""

# A lock that waits without an end cannot be interrupted by Ctrl-C on every system; one with a timeout can.
_TICK = 0.1
# So many sockets are kept for later calls. More are made when more threads wait at once.
_KEPT = 32

_Continuation = native._UNIFFI_RUST_FUTURE_CONTINUATION_CALLBACK
_tickets = itertools.count(1)
_pending: dict[int, Callable[[int], None]] = {}


@_Continuation  # type: ignore[untyped-decorator, unused-ignore]
def call_back(ticket: int, code: int) -> None:
    """The continuation that calls a function of Python.

    It does as little as it can: at the end of the process the interpreter may stop a native thread wherever it stands
    (see ``_exit``). It takes no lock, so a fork cannot leave one locked behind.
    """
    _pending.pop(ticket)(code)


def ticket_for(function: Callable[[int], None]) -> int:
    """The number with which :func:`call_back` calls this function, once."""
    ticket = next(_tickets)
    _pending[ticket] = function
    return ticket


class LockWaiter:
    """Sleeps on a lock."""

    continuation: Any = call_back

    def __init__(self) -> None:
        self._codes: deque[int] = deque()
        self._asleep = _hubs.real_lock()
        self._asleep.acquire()

    def ticket(self) -> int:
        """The number for the next poll."""
        return ticket_for(self.wake)

    def wake(self, code: int) -> None:
        """Ends the sleep, from any thread. A wake before the sleep is not lost."""
        self._codes.append(code)
        try:
            self._asleep.release()
        except RuntimeError:
            pass  # awake already

    def sleep(self) -> int:
        """Sleeps until it is woken, and gives the code. Signals are handled meanwhile."""
        while True:
            try:
                return self._codes.popleft()
            except IndexError:
                while not _hubs.acquire(self._asleep, _TICK):
                    pass

    def orphan(self) -> None:
        """This is the forked child of a process that waits."""
        self.wake(ORPHANED)

    def done(self) -> None:
        """The call has ended as it should."""


class BellWaiter:
    """Sleeps on a socket."""

    continuation: Any = _Continuation(native.ring_function()) if hasattr(native, "ring_function") else None

    def __init__(self) -> None:
        self._bell: Any = native.Bell()
        self._descriptor: int = self._bell.take_descriptor()
        self._handle: int = self._bell.handle()

    def ticket(self) -> int:
        """The number for the next poll."""
        return self._handle

    def wake(self, code: int) -> None:
        """Ends the sleep, from any thread."""
        self._bell.ring(code)

    def sleep(self) -> int:
        """Sleeps until it is woken, and gives the code. Signals are handled meanwhile."""
        _hubs.wait_readable(self._descriptor)
        read = os.read(self._descriptor, 1)
        return read[0] if read else ORPHANED

    def orphan(self) -> None:
        """This is the forked child of a process that waits; from here on it reads nothing that is the parent's."""
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, self._descriptor)
        os.close(nothing)

    def done(self) -> None:
        """The call has ended as it should: no wake is on its way, another call can use the socket."""
        if len(_free) < _KEPT:
            _free.append(self)

    def __del__(self) -> None:
        descriptor = getattr(self, "_descriptor", None)
        if descriptor is not None:
            os.close(descriptor)


_free: deque[BellWaiter] = deque()


def waiter() -> Any:
    """A waiter for one call."""
    if BellWaiter.continuation is None:
        return LockWaiter()
    try:
        return _free.pop()
    except IndexError:
        pass
    try:
        return BellWaiter()
    except native.SendError:
        return LockWaiter()  # no descriptors are left


sleepers: set[Any] = set()
"""The waiters that sleep now, on any thread: greenlets share one, and a fork copies all of them."""


def _orphan_all() -> None:
    _free.clear()
    for sleeper in tuple(sleepers):
        sleeper.orphan()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_orphan_all)
