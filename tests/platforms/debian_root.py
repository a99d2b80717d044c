"""Debian's programs for another machine, or those of an older Debian, in a folder: unpacked, and not installed."""

import shutil

import toolchains
import workspace


def unpacked(suite, architecture, *packages):
    """The folder with these packages and what they need, which is made once. It is among what is built."""
    root = workspace.target_dir() / f"debian-{suite}-{architecture}-{packages[-1]}"
    if not root.exists():
        fresh = root.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        toolchains.unpack(suite, architecture, fresh, *packages)
        fresh.rename(root)
    return root
