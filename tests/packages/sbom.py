"""The bill of materials: the crates that are linked into what users get, as CycloneDX JSON.

They are those of every machine of the table. What a package asks its own registry for, such as JNA, is said by that package.
`write` runs this as a program, in the environment of the clone, which has the library for it.
"""

import re
import subprocess
import sys
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import targets
import workspace

LIBRARY = "cyclonedx-python-lib[json-validation]==11.12.0"
# What is built for users: the command and the three libraries.
PRODUCTS = ("send-im-cli", "send-im-c", "send-im-uniffi", "send-im-node")


def write(file):
    """Writes it from the environment that has the library."""
    workspace.pip(LIBRARY)
    workspace.run(workspace.PYTHON, __file__, file, check=True)
    return file


def linked():
    """What is linked into the products: the licence and the checksum of each crate, and the crates it takes, by name and version."""
    machines = [part for target in targets.TARGETS for part in ("--target", target.triple)]
    products = [part for name in PRODUCTS for part in ("-p", name)]
    chosen = ["--edges", "normal,no-proc-macro", "--prefix", "depth", "--format", "|{p}|{l}"]
    command = ["cargo", "tree", "--locked", *products, *machines, *chosen]
    listed = subprocess.run(command, cwd=workspace.ROOT, capture_output=True, text=True, check=True).stdout
    lock = (workspace.ROOT / "Cargo.lock").read_text()
    entries = re.findall(r'name = "(.+)"\nversion = "(.+)"\n(?:source = .+\n)?(?:checksum = "(.+)")?', lock)
    checksums = {(name, version): checksum for name, version, checksum in entries}
    found, above = {}, []
    for depth, described, licence in (line.split("|") for line in listed.splitlines() if line):
        name, version = described.split()[:2]
        crate = (name, version[1:])
        above[int(depth) :] = [crate]
        found.setdefault(crate, (licence.removesuffix(" (*)"), checksums[crate], set()))
        if len(above) > 1:
            found[above[-2]][2].add(crate)
    return found


def bill(crates):
    """The document. The same crates make the same one."""
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.license import LicenseExpression
    from cyclonedx.output.json import JsonV1Dot6
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator
    from packageurl import PackageURL

    bom = Bom(serial_number=uuid5(NAMESPACE_URL, repr(sorted(crates))))
    bom.metadata.timestamp = None
    bom.metadata.component = Component(name="send-im", version=workspace.VERSION, type=ComponentType.APPLICATION, bom_ref="send-im")
    components = {}
    for (name, version), (licence, checksum, _) in crates.items():
        purl = PackageURL("cargo", None, name, version)
        components[name, version] = Component(
            name=name,
            version=version,
            bom_ref=str(purl),
            purl=purl if checksum else None,
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
            licenses=[LicenseExpression(" ".join(licence.replace("/", " OR ").split()))],
        )
    bom.components = components.values()
    bom.register_dependency(bom.metadata.component, [component for (name, _), component in components.items() if name in PRODUCTS])
    for crate, (_, _, takes) in crates.items():
        bom.register_dependency(components[crate], [components[taken] for taken in takes])
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"sbom: {wrong}")
    return text


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(f"{bill(linked())}\n")
