"""Ends the native library before the interpreter ends.

A native thread that calls into an interpreter which is being taken down aborts the process. So at exit every pending
call is ended, every session is signed out as far as the time allows, and the threads are stopped.
"""

from __future__ import annotations

import atexit
import time

from ._native import send_im_uniffi as native

GRACE = 3.0
"""How long the end of a program waits for sessions to be signed out, in seconds."""


def _shutdown() -> None:
    deadline = time.monotonic() + GRACE + 0.5
    native.begin_shutdown(int(GRACE * 1000))
    # In slices, so that Ctrl-C still counts.
    while not native.shutdown(100) and time.monotonic() < deadline:
        pass


atexit.register(_shutdown)
