"""Programs under test, and the sandbox that they send to."""

import json
import re
import subprocess
import urllib.request
from contextlib import contextmanager

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
