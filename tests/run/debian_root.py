"""Debian's programs for another machine, or those of an older Debian, in a folder: unpacked, and not installed."""

import shutil

import dotnet_sdk
import workspace


def unpacked(suite, architecture, *packages):
    """The folder with these packages and what they need, which is made once. It is among what is built."""
    root = workspace.target_dir() / f"debian-{suite}-{architecture}-{packages[-1]}"
    if not root.exists():
        fresh = root.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        choice = [f"--architectures={architecture}", "--variant=extract", f"--include={','.join(packages)}"]
        # From one archive alone: of those that mmdebstrap would add, one or the other is often just being changed.
        workspace.run("mmdebstrap", "--quiet", *choice, suite, fresh, dotnet_sdk.mirror(), check=True)
        fresh.rename(root)
    return root
