"""The example in Rust. Its tests, and those of the client, are cargo's."""

import workspace


def problem():
    """Why it cannot be built here, or None."""
    return workspace.cargo_problem()


def driver():
    """The command line of the scenarios' driver, which is built with their judge."""
    return [workspace.target_dir() / "debug" / f"rust-driver{workspace.command().suffix}"]


def example(arguments, environment=None):
    """The command line that runs the example, which is built before. It takes its account from the environment."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-example", check=True)
    program = workspace.target_dir() / "debug" / "send"
    return [str(program.with_suffix(workspace.command().suffix)), *arguments]
