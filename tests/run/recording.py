"""Keeps what a program prints: shown whole though others run at the same time, and what failed once more at the end."""

import atexit
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

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


# One program is shown at a time.
SCREEN = threading.Lock()
POLL = 0.2


def made_for_now():
    """A folder that is there until this program ends. Windows opens no file twice that is to vanish when it is closed."""
    folder = tempfile.mkdtemp(prefix="send-im-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Recording:
    """Runs a program, and shows what it prints as soon as the screen is free: from the beginning, then as it comes."""

    def __init__(self, title, command, folder):
        # A file and no pipe: a daemon that the program leaves behind would hold a pipe open.
        self.file = Path(made_for_now()) / "output"
        # Each writer appends: the program and those it starts.
        with open(self.file, "ab") as taken:
            self.process = subprocess.Popen(command, cwd=folder, stdout=taken, stderr=subprocess.STDOUT)
        self.shower = threading.Thread(target=self._show, args=(title,))
        self.shower.start()

    def _show(self, title):
        with SCREEN, open(self.file, "rb") as written:
            print(f"\n== {title} ==", flush=True)
            ended = False
            while not ended:
                # Asked before reading: what comes after that is read in the next round.
                try:
                    self.process.wait(timeout=POLL)
                    ended = True
                except subprocess.TimeoutExpired:
                    pass
                while piece := written.read(1 << 16):
                    sys.stdout.buffer.write(piece)
                    sys.stdout.buffer.flush()

    def shown(self):
        """Waits until everything is on the screen."""
        self.shower.join()

    def failures(self):
        """The lines that tell what failed. Where none looks like it, the last ones."""
        with open(self.file, errors="replace") as written:
            lines = written.read().splitlines()
        told, until = [], 0
        for number, line in enumerate(lines):
            if FAILURE.match(line):
                until = number + REST
            if number < until:
                told.append(line)
        return (told or lines[-REST:])[-MOST:]
