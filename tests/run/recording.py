"""Keeps what a suite prints, to show again what failed: the table at the end is far from it."""

import contextlib
import os
import re
import sys
import tempfile
import threading

# How the runners of the languages begin to tell of a failure.
FAILURE = re.compile(
    r"""^\s*(
        test\ .*\.\.\.\ FAILED | ----\ .*\ ---- | .*\bpanicked\ at\b |   # cargo
        FAILED\ | ERROR\ | E\ \  |                                       # pytest
        not\ ok\b | ✖ |                                                  # TAP, node
        ---\ FAIL: | FAIL\b |                                            # go
        \d+\)\  |                                                        # minitest, PHPUnit
        \[ERROR\] |                                                      # Maven
        .*\berror:\  | error\[ |                                         # XCTest and compilers
        .*\bERROR:\ [A-Z]                                              # sanitizers
    )""",
    re.VERBOSE,
)
# Lines shown from the beginning of a failure, and of one suite.
REST = 20
MOST = 120


class Recording:
    """A file that takes standard output and standard error, and shows them as they come."""

    def __init__(self):
        # A file and no pipe: a daemon that a suite leaves behind would hold a pipe open.
        self.file = tempfile.NamedTemporaryFile(prefix="send-im-tests-")
        self.shown = 0
        self.over = threading.Event()

    def show(self, screen):
        while True:
            last = self.over.wait(0.2)
            with open(self.file.name, "rb") as written:
                written.seek(self.shown)
                while piece := written.read(1 << 16):
                    os.write(screen, piece)
                    self.shown += len(piece)
            if last:
                return

    def failures(self):
        """The lines that tell what failed. Where none looks like it, the last ones."""
        with open(self.file.name, errors="replace") as written:
            lines = written.read().splitlines()
        told, until = [], 0
        for number, line in enumerate(lines):
            if FAILURE.match(line):
                until = number + REST
            if number < until:
                told.append(line)
        return (told or lines[-REST:])[-MOST:]


@contextlib.contextmanager
def recorded():
    """Records what this program and those it runs print meanwhile."""
    recording = Recording()
    sys.stdout.flush()
    sys.stderr.flush()
    screen, errors = os.dup(1), os.dup(2)
    # Both append, each from where the other ended.
    taken = os.open(recording.file.name, os.O_WRONLY | os.O_APPEND)
    os.dup2(taken, 1)
    os.dup2(taken, 2)
    os.close(taken)
    shower = threading.Thread(target=recording.show, args=(screen,))
    shower.start()
    try:
        yield recording
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(screen, 1)
        os.dup2(errors, 2)
        recording.over.set()
        shower.join()
        os.close(screen)
        os.close(errors)
