"""The licences of the crates that are linked into what users get, whose texts have to come with it."""

import json
import re
from pathlib import Path

import sbom
import workspace

# What `LICENSE-*` finds beside our own.
FILE = workspace.ROOT / "LICENSE-THIRD-PARTY"
TEXT = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)", re.I)
HEAD = """The native libraries and the command hold the crates below, and parts of the standard library of Rust (MIT OR
Apache-2.0, copyright of the Rust project's contributors). Each text is that of the crates named above it. Those
under MPL-2.0 (https://mozilla.org/MPL/2.0/) are unchanged; their source is where this says, and in their registry.
"""


def write():
    """Writes the texts of every machine's crates, each once."""
    listed = workspace.run("cargo", "metadata", "--locked", "--format-version", "1", capture_output=True, text=True, check=True)
    packages = {(package["name"], package["version"]): package for package in json.loads(listed.stdout)["packages"]}
    texts, without = {}, []
    for crate, (licence, checksum, _) in sorted(sbom.linked().items()):
        # Ours have none.
        if not checksum:
            continue
        package = packages[crate]
        named = f"{' '.join(crate)} ({licence})"
        found = [text for text in sorted(Path(package["manifest_path"]).parent.iterdir()) if TEXT.match(text.name) and text.is_file()]
        if not found:
            without.append(f"{named}, {package['repository']}: {', '.join(package['authors']) or 'its contributors'}")
        for text in (one.read_text(errors="replace").strip() for one in found):
            texts.setdefault(" ".join(text.split()), (text, []))[1].append(named)
    parts = [HEAD, "These carry no text of their own:\n\n" + "\n".join(without)]
    parts += ["\n".join([*crates, "", text]) for text, crates in texts.values()]
    FILE.write_text(f"\n\n{'=' * 80}\n\n".join(parts) + "\n")
