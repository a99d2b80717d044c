"""The crates' own tests, and the example in Rust."""

import workspace
from outcome import cargo

PACKAGES = "send-im-ucwa send-im send-im-sandbox send-im-scenarios send-im-uniffi send-im-runtime send-im-fuzz send-im-example"


def problem():
    """Why it cannot be built here, or None."""
    return workspace.cargo_problem()


def run():
    """The tests of every crate that no package has."""
    return cargo(*(word for package in PACKAGES.split() for word in ("-p", package)))


def fidelity():
    """What the core makes of recorded traffic."""
    return cargo("-p", "send-im-fidelity")


def driver():
    """The command line of the scenarios' driver, which is built with their judge."""
    return [workspace.target_dir() / "debug" / f"rust-driver{workspace.command().suffix}"]


def example(arguments):
    """The command line that runs the example, which is built before. It takes its account from the environment."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-example", check=True)
    program = workspace.target_dir() / "debug" / "send"
    return [str(program.with_suffix(workspace.command().suffix)), *arguments]
