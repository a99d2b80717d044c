"""The PowerShell module: its archive, and that in an empty place.

There is no PowerShell to run it. What its functions call is, as PowerShell loads it: by file, out of the module's folder.
"""

import shutil
import tempfile
from pathlib import Path

import dotnet_sdk
import workspace
from programs import ended

MODULE = workspace.ROOT / "bindings" / "dotnet" / "powershell"
PROJECT = MODULE / "SendIm.PowerShell.csproj"
AS_MODULE = MODULE / "tests" / "AsModule"
GREETING = "lenea@contoso.com InvitationAccepted\nSendIm.Busy ResourceBusy\nhello world\n"


def archive():
    """The file of the module's archive."""
    return workspace.DIST / f"SendIm-PowerShell-{workspace.version()}.zip"


def package(runtimes):
    """Builds the archive: a folder SendIm for a folder of PSModulePath, with the libraries that this folder has."""
    with tempfile.TemporaryDirectory() as work:
        # Of the native libraries, those of the folder are taken.
        chosen = ["-t:Module", "-p:SendImProfile=dev", f"-p:SendImRuntimes={runtimes}", f"-p:SendImModule={archive()}"]
        dotnet_sdk.build(PROJECT, work, "--configuration", "Release", *chosen)
    return archive()


def unpacked(room):
    """The module as its user unpacks it, and a program that does what Send-Im does: its folder, and its file."""
    shutil.unpack_archive(archive(), room)
    module = room / "SendIm"
    shutil.copytree(AS_MODULE, room / "source")
    built = dotnet_sdk.build(room / "source" / "AsModule.csproj", room / "built", f"-p:SendImModule={module}")
    return module, built / "AsModule.dll"


def clean_room():
    """The module in an empty place."""
    with tempfile.TemporaryDirectory() as work:
        module, program = unpacked(Path(work).resolve())
        done = ended(dotnet_sdk.command(program, module), dotnet_sdk.environment())
        if (done.returncode, done.stdout, done.stderr) != (0, GREETING, ""):
            raise RuntimeError(f"the PowerShell module in the clean room did not greet: {done}")
