"""What the tests of the HTTP service ask of a machine and Debian has not: jQuery and the driver of a browser, from npm; what checks
the description and the metrics, and Apprise, from PyPI. They are in the user's cache folder.
"""

import shutil

import dotnet_sdk
import workspace
from workspace import BINDINGS

MANIFEST = BINDINGS / "http" / "tests" / "callers" / "jquery" / "package.json"
CACHE = workspace.CACHE / "http"
PYTHON = workspace.python_in(CACHE / "venv")
CHECKERS = ["openapi-spec-validator==0.9.0", "prometheus-client==0.26.0", "apprise==2.3.0"]


def wanted():
    """What the cache folder was made for: files that say so, and their texts."""
    return {"package.json": MANIFEST.read_text(), "checkers.txt": "\n".join(CHECKERS)}


def problem():
    """Why no page can be opened here, or None."""
    if all((CACHE / name).exists() and (CACHE / name).read_text() == text for name, text in wanted().items()):
        return None
    return "no jQuery and no browser driver here (make toolchains)"


def toolchain():
    """Gets all that, and .NET for the callers in C# and Visual Basic."""
    dotnet_sdk.toolchain()
    if not problem():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "checkers.txt").unlink(missing_ok=True)
    shutil.copy(MANIFEST, CACHE)
    workspace.run("npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", folder=CACHE, check=True)
    workspace.make_environment(CACHE / "venv")
    workspace.run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *CHECKERS, check=True)
    # Last: what is not there in full is made again.
    (CACHE / "checkers.txt").write_text("\n".join(CHECKERS))
