"""Ends the native library after the last code of the program, and before the interpreter ends.

When nothing of the program can run any more, pending calls are cancelled, sessions are closed as far as time allows,
and the threads are stopped.

Exit handlers run in the reverse order of their registration. One of ours would run before those that the program
registered before it imported this package, and they may still send. But the interpreter releases all handlers only when
the last has returned, and ours does its work then.
"""

from __future__ import annotations

import atexit
import time

from ._native import send_im_uniffi as native

GRACE = 3.0
"""How long the end of a program waits for sessions to be closed, in seconds."""

_armed = False


class _LastHandler:
    """An exit handler that acts when the interpreter lets go of it. Nothing else may refer to it."""

    def __init__(self) -> None:
        self._ending = False

    def __call__(self) -> None:
        self._ending = True

    def __del__(self) -> None:
        global _armed
        if self._ending:
            _shut_down()
        else:
            # Not the end: the handlers were cleared, as a child of multiprocessing does with those of its parent.
            _armed = False


def arm() -> None:
    """Makes sure that the end of this process is handled."""
    global _armed
    if not _armed:
        _armed = True
        atexit.register(_LastHandler())


def _shut_down() -> None:
    deadline = time.monotonic() + GRACE + 0.5
    native.begin_shutdown(int(GRACE * 1000))
    # In slices, so that Ctrl-C still counts.
    while not native.shutdown(100) and time.monotonic() < deadline:
        pass


arm()
