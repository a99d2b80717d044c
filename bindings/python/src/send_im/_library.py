"""Loads the native library, or says why that cannot be done.

The generated module loads it while it is imported, from its own folder. Here that is done with the file that
``SEND_IM_LIBRARY`` names, if it does, and the loader's error becomes an :class:`ImportError` that tells what to do: the
loader itself often does not. For a library of another processor, for one, glibc says that there is no such file.
"""

from __future__ import annotations

import ctypes
import os
import re
from pathlib import Path
from typing import Any, Optional

_MACHINES = {3: "x86", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
"""The processors of ELF files, by ``e_machine``."""


def _machine(file: str) -> Optional[str]:
    """The processor an ELF file is for; None where it is of another format or cannot be read."""
    try:
        with open(file, "rb") as opened:
            head = opened.read(20)
    except OSError:
        return None
    if len(head) < 20 or head[:4] != b"\x7fELF":
        return None
    number = int.from_bytes(head[18:20], "big" if head[5] == 2 else "little")
    return _MACHINES.get(number, f"processor {number}")


def _why(place: str, words: str) -> str:
    """The cause of a failure to load this file, and what to do. ``words`` are those of the loader."""
    archive = next((str(folder) for folder in Path(place).parents if folder.is_file()), None)
    if archive is not None:
        return f"it lies in the archive {archive}, from which no library can be loaded; unpack that"
    if not os.path.exists(place):
        return "there is no such file; install the package for this platform again"
    found, own = _machine(place), _machine("/proc/self/exe")
    if found and own and found != own:
        return f"it is built for {found} and this program for {own}; install the package for {own}"
    version = re.search(r"version [`']?(GLIBC_[\d.]+)' not found", words)
    if version:
        return (
            f"it needs {version[1]}, and the C library of this system is older; "
            "take a newer system, or build the package on this one"
        )
    if "failed to map segment" in words:
        return "its file system is mounted noexec; put the package, or a copy of the library, on another"
    return words


def _unavailable(place: str, why: str) -> ImportError:
    head, tail = "send-im cannot load its native library. It tried:", "SEND_IM_LIBRARY can name the file to load."
    return ImportError(f"{head}\n  {place}: {why}\n{tail}", name=__package__, path=place)


def _load() -> None:
    own = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_native", "")
    load = ctypes.cdll.LoadLibrary
    place = ""

    def load_ours(name: str) -> Any:
        nonlocal place
        # Another thread may load a library of its own meanwhile.
        if not os.path.abspath(name).startswith(own):
            return load(name)
        place = os.environ.get("SEND_IM_LIBRARY") or name
        try:
            return load(place)
        except OSError as error:
            raise _unavailable(place, _why(place, str(error))) from error

    loader: Any = ctypes.cdll
    loader.LoadLibrary = load_ours
    try:
        from ._native import send_im_uniffi  # noqa: F401
    except AttributeError as error:
        raise _unavailable(place, f"it is no library of this version of send-im ({error})") from error
    finally:
        del loader.LoadLibrary


_load()
