"""Programs under test, the sandbox that they send to, and empty places in which packages are tried."""

import json
import re
import subprocess
import tempfile
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import workspace
from workspace import clean

# Seconds. Nothing takes so long unless it hangs; a package built from its sources takes some minutes.
HANG = 1800
# What the first lines of each package's page print.
GREETING = "lenea@contoso.com hello world\n"


def ended(command, environment=None, **more):
    """Runs a program to its end."""
    command = [str(part) for part in command]
    return subprocess.run(command, env=environment or clean(), capture_output=True, text=True, timeout=HANG, **more)


def same(got, wanted):
    """Checks that they are equal."""
    if got != wanted:
        raise AssertionError(f"got {got!r}, wanted {wanted!r}")


@contextmanager
def started(*arguments, **environment):
    """A command of send-im that serves: its URL."""
    command = [str(workspace.command()), *arguments]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    process = subprocess.Popen(command, env={**clean(), **environment}, **quiet)
    try:
        url = process.stdout.readline().strip()
        if not url:
            raise AssertionError(f"{' '.join(command)} ended with {process.wait()}")
        yield url
    finally:
        process.terminate()
        process.stdout.close()
        process.wait(timeout=HANG)


# Thousands of invitations go to it: nobody takes the time that people take.
SANDBOX = ("sandbox", "--answer-after", "0s")


class Sandbox:
    """A sandbox in a process of its own, as the command serves it, and an account of it."""

    def __enter__(self):
        workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", check=True)
        self.serving = started(*SANDBOX)
        self.url = self.serving.__enter__()
        ours = {"SEND_IM_SERVER": self.url, "SEND_IM_ADDRESS": "tosh@contoso.com", "SEND_IM_PASSWORD": "s3cret-of-tosh"}
        self.account = {**clean(), **ours}
        return self

    def __exit__(self, *failure):
        self.serving.__exit__(*failure)

    def texts(self):
        """What it has delivered, oldest first."""
        return [message["text"] for message in asked(f"{self.url}sandbox/api/messages")]


def asked(url):
    """The JSON that is there."""
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def snippets(file, mark):
    """The pieces of code of a Markdown file that have this mark."""
    return re.findall(rf"^```{mark}\n(.*?)^```", file.read_text(), re.DOTALL | re.MULTILINE)


@contextmanager
def empty_room(**environment):
    """An empty place for somebody who has the built packages and nothing else of this clone."""
    with tempfile.TemporaryDirectory() as work:
        yield Room(Path(work).resolve(), environment)


class Room:
    """A folder, and the environment of what runs there. A value may be a path in the room."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.environment = {name: value for name, value in clean().items() if not name.startswith(("PYTHON", "NODE_"))}
        self.environment |= {name: str(folder / value) for name, value in environment.items()}

    def run(self, *command, inside="."):
        """Runs a program to its end."""
        return ended(command, self.environment, cwd=self.folder / inside)

    def does(self, *command, inside="."):
        """Runs a program that must succeed; what it prints."""
        done = self.run(*command, inside=inside)
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command[:3]))} failed in the empty place: {done.stdout}{done.stderr}")
        return done.stdout

    def greets(self, *command, inside="."):
        """Runs the first lines of a package's page."""
        done = self.run(*command, inside=inside)
        if (done.returncode, done.stdout, done.stderr) != (0, GREETING, ""):
            raise RuntimeError(f"the first lines of the page did not greet in the empty place: {done}")

    def asks_for_an_account(self, *command):
        """Runs an example, which finds no account here."""
        done = self.run(*command, "lenea@contoso.com", "hello world")
        if done.returncode != 2 or "SEND_IM_ADDRESS" not in done.stderr:
            raise RuntimeError(f"the example did not ask for an account in the empty place: {done}")
