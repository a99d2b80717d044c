"""The `send-im` command: its tests, some of which need forward proxies of Debian."""

import shutil

import toolchains
import workspace

TESTS = workspace.ROOT / "bindings" / "cli" / "tests"
# The command, and the package of Debian that holds it.
PROXIES = {"tinyproxy": "tinyproxy-bin", "microsocks": "microsocks"}


def problem():
    """Why the command cannot be tested here, or None."""
    return workspace.cargo_problem()


def missing():
    """The packages of the proxies that are not here."""
    return [package for tool, package in PROXIES.items() if not shutil.which(tool)]


def driver():
    """The command line of the scenarios' driver, which starts the command for each message."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", check=True)
    return [workspace.target_dir() / "debug" / f"shell-driver{workspace.command().suffix}", workspace.command()]


def toolchain():
    """The proxies."""
    if missing():
        toolchains.debian(*missing())
