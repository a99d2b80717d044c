"""The xcframework: one library for every Mac, with its header, as Xcode and SwiftPM take it. No Mac has tried it."""

import plistlib
import re
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

import workspace
from targets import llvm

NAME = "CSendIm.xcframework"
LIBRARY = "libsend_im_uniffi.dylib"
# Where programs of Macs look for it.
INSTALLED = f"@rpath/{LIBRARY}"


PROCESSORS = {0x0100000C: "arm64", 0x01000007: "x86_64"}
# Programs are mapped by pages of at most 16 KiB.
ALIGNMENT = 14


def universal(libraries):
    """One file of libraries for several processors, and these: a big-endian header, then each at an offset of its own."""
    contents = {struct.unpack_from("<II", content, 4): content for content in (library.read_bytes() for library in libraries)}
    head, body, page = struct.pack(">II", 0xCAFEBABE, len(contents)), b"", 1 << ALIGNMENT
    for kind, content in contents.items():
        head += struct.pack(">IIIII", *kind, page + len(body), len(content), ALIGNMENT)
        body += content + bytes(-len(content) % page)
    return head.ljust(page, b"\0") + body, sorted(PROCESSORS[processor] for processor, _ in contents)


def framework(package, libraries):
    """Puts it into a package, whose header and module it takes, from the libraries of the Macs."""
    content, processors = universal(libraries)
    slice_of = package / NAME / f"macos-{'_'.join(processors)}"
    shutil.copytree(package / "Sources" / "CSendIm", slice_of / "Headers")
    (slice_of / LIBRARY).write_bytes(content)
    described = {
        "LibraryIdentifier": slice_of.name,
        "LibraryPath": LIBRARY,
        "BinaryPath": LIBRARY,
        "HeadersPath": "Headers",
        "SupportedArchitectures": processors,
        "SupportedPlatform": "macos",
    }
    whole = {"AvailableLibraries": [described], "CFBundlePackageType": "XFWK", "XCFrameworkFormatVersion": "1.0"}
    (package / NAME / "Info.plist").write_bytes(plistlib.dumps(whole))


def zipped(archive):
    """The framework of an archive as a zip, whose SHA-256 is the checksum that a `binaryTarget` asks for."""
    with tempfile.TemporaryDirectory() as work:
        shutil.unpack_archive(archive, work)
        name = archive.with_name(f"CSendIm-{workspace.VERSION}.xcframework")
        return Path(shutil.make_archive(name, "zip", Path(work) / "SendIm", NAME))


def check(file, processors):
    """Raises where the zip is not what it says that it is."""
    with tempfile.TemporaryDirectory() as work:
        shutil.unpack_archive(file, work)
        folder = Path(work) / NAME
        (described,) = plistlib.loads((folder / "Info.plist").read_bytes())["AvailableLibraries"]
        library = folder / described["LibraryIdentifier"] / described["LibraryPath"]
        headers = library.parent / described["HeadersPath"]
        assert "module CSendIm" in (headers / "module.modulemap").read_text() and (headers / "CSendIm.h").exists()
        inside = re.findall(r"^architecture (\w+)", told("--universal-headers", library), re.MULTILINE)
        assert set(inside) == set(described["SupportedArchitectures"]) == set(processors), inside
        for processor in processors:
            commands = told("--private-headers", "--arch", processor, library)
            assert f"name {INSTALLED} " in commands, commands
            # A Mac of this kind runs nothing that nobody has signed.
            assert "LC_CODE_SIGNATURE" in commands or processor != "arm64", commands


def told(*question):
    """What LLVM reads in a library of Macs."""
    return subprocess.run([llvm("objdump"), "--macho", *question], capture_output=True, text=True, check=True).stdout
