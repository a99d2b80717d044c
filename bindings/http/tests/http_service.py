"""The HTTP service as its tests start it, and what they ask it with."""

import os
import shutil

import workspace
from browser import PYTHON  # noqa: F401
from commands import browser_environment  # noqa: F401
from programs import asked, started
from workspace import BINDINGS, clean

PACKAGE = BINDINGS / "http"
CALLERS = PACKAGE / "tests" / "callers"
WHO = {"SEND_IM_ADDRESS": "tosh@contoso.com", "SEND_IM_PASSWORD": "s3cret-of-tosh"}
TOKEN = "t0ken-that-nobody-guesses"
LENE = "lenea@contoso.com"


def service(sandbox, *arguments, **environment):
    """The service, with an account of this sandbox."""
    return started("serve", "--listen", "127.0.0.1:0", *arguments, SEND_IM_SERVER=sandbox, **WHO, **environment)


def texts(sandbox):
    """What the sandbox has delivered, in any order."""
    return sorted(message["text"] for message in asked(f"{sandbox}sandbox/api/messages"))


def example_environment():
    """The environment in which the shell finds the command."""
    return dict(clean(), PATH=f"{workspace.command().parent}{os.pathsep}{os.environ['PATH']}")


def example_shell(arguments):
    """The command line of the example in the shell, which finds send-im on PATH."""
    return ["sh", str(workspace.ROOT / "examples" / "shell" / "send.sh"), *arguments]


def alertmanager():
    """The command Alertmanager, by Debian's name or its own."""
    return shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
