"""The PowerShell module. No PowerShell can be had here: what its functions call is run, as PowerShell loads it, by file."""

import shutil
import tempfile

import dotnet
import workspace

MODULE = workspace.ROOT / "bindings" / "dotnet" / "powershell"
PROJECT = MODULE / "SendIm.PowerShell.csproj"
AS_MODULE = MODULE / "tests" / "AsModule"
GREETING = "lenea@contoso.com InvitationAccepted\nSendIm.Busy ResourceBusy\nhello world\n"


def archive():
    """The file of the module's archive."""
    return workspace.DIST / f"SendIm-PowerShell-{workspace.VERSION}.zip"


def package(runtimes):
    """Builds the archive: a folder SendIm for a folder of PSModulePath, with the libraries that this folder has."""
    with tempfile.TemporaryDirectory() as work:
        # Of the native libraries, those of the folder are taken.
        chosen = ["-t:Module", "-p:SendImProfile=dev", f"-p:SendImRuntimes={runtimes}", f"-p:SendImModule={archive()}"]
        dotnet.build(PROJECT, work, "--configuration", "Release", *chosen)
    return archive()


def unpacked(room):
    """The module as its user unpacks it, and a program that does what Send-Im does: its folder, and its file."""
    shutil.unpack_archive(archive(), room)
    module = room / "SendIm"
    shutil.copytree(AS_MODULE, room / "source")
    built = dotnet.build(room / "source" / "AsModule.csproj", room / "built", f"-p:SendImModule={module}")
    return module, built / "AsModule.dll"

