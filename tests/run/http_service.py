"""The HTTP service: the tests of its crate, programs of other languages that ask it, pages in a browser, its description."""

import os
import shutil

import dotnet_sdk
import package_tests
import toolchains
import workspace
from outcome import cargo
from programs import asked, started
from workspace import clean

PACKAGE = workspace.ROOT / "bindings" / "http"
CALLERS = PACKAGE / "tests" / "callers"
EXAMPLES = workspace.ROOT / "examples"

# jQuery, the driver of the browser, what checks pages, the description and the metrics, and Apprise are in the user's cache folder.
CACHE = toolchains.CACHE / "http"
PYTHON = workspace.python_in(CACHE / "venv")
CHECKERS = ["openapi-spec-validator==0.9.0", "prometheus-client==0.26.0", "apprise==2.3.0"]

TOOLS = {
    "curl": "curl",
    "php": "php-cli",
    "ruby": "ruby",
    "java": "openjdk-17-jdk-headless",
    "npm": "npm",
    "chromium": "chromium",
    "openssl": "openssl",
}
ALERTMANAGER = "prometheus-alertmanager"
UNREADY = "no jQuery and no browser driver here (make toolchains)"

WHO = {"SEND_IM_ADDRESS": "tosh@contoso.com", "SEND_IM_PASSWORD": "s3cret-of-tosh"}
TOKEN = "t0ken-that-nobody-guesses"
LENE = "lenea@contoso.com"


def problem():
    """Why the callers cannot run here, or None."""
    if missing := toolchains.lacks(TOOLS) or workspace.python_problem() or dotnet_sdk.problem():
        return missing
    if not alertmanager():
        return f"no Alertmanager on PATH (on Debian: apt install {ALERTMANAGER})"
    return None if ready() else UNREADY


def alertmanager():
    """The command Alertmanager, by Debian's name or its own; None where it is not here."""
    return shutil.which(ALERTMANAGER) or shutil.which("alertmanager")


def browser_problem():
    """Why no page can be opened here, or None."""
    return toolchains.lacks({"node": "nodejs", "chromium": "chromium"}) or (None if ready() else UNREADY)


def ready():
    """True where the cache folder holds what the callers' package.json and CHECKERS ask for."""
    return all((CACHE / name).exists() and (CACHE / name).read_text() == text for name, text in wanted().items())


def wanted():
    """What the cache folder was made for: files that say so, and their texts."""
    return {"package.json": (CALLERS / "jquery" / "package.json").read_text(), "checkers.txt": "\n".join(CHECKERS)}


def toolchain():
    """Gets the languages of the callers, a browser and its driver, where they are missing."""
    toolchains.get({**TOOLS, **({} if alertmanager() else {ALERTMANAGER: ALERTMANAGER})})
    dotnet_sdk.toolchain()
    if ready():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    shutil.copy(CALLERS / "jquery" / "package.json", CACHE)
    workspace.run("npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", folder=CACHE, check=True)
    workspace.make_environment(CACHE / "venv")
    workspace.run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *CHECKERS, check=True)
    # Last: what is not there in full is made again.
    (CACHE / "checkers.txt").write_text("\n".join(CHECKERS))


def service(sandbox, *arguments, **environment):
    """The service, with an account of this sandbox."""
    return started("serve", "--listen", "127.0.0.1:0", *arguments, SEND_IM_SERVER=sandbox, **WHO, **environment)


def texts(sandbox):
    """What the sandbox has delivered, in any order."""
    return sorted(message["text"] for message in asked(f"{sandbox}sandbox/api/messages"))


def browser_environment():
    """The environment of what drives a browser."""
    return dict(clean(), SEND_IM_NODE_MODULES=str(CACHE), SEND_IM_CHROMIUM=shutil.which("chromium"))


def run():
    """All tests: those of the crate, and what asks the service in tests/."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", check=True)
    return cargo("-p", "send-im-http") + package_tests.run(PACKAGE / "tests")


def example_environment():
    """The environment in which the shell finds the command."""
    return dict(clean(), PATH=f"{workspace.command().parent}{os.pathsep}{os.environ['PATH']}")


def example_shell(arguments):
    """The command line of the example in the shell, which finds send-im on PATH."""
    return ["sh", str(EXAMPLES / "shell" / "send.sh"), *arguments]


def example_jquery(arguments):
    """The command line that opens the page of the example in a browser, with a service before it, and sends from there."""
    found = [f"{name}={value}" for name, value in browser_environment().items() if os.environ.get(name) != value]
    return ["env", *found, "node", str(CALLERS / "jquery" / "example.mjs"), str(workspace.command()), *arguments]
