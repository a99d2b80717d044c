"""Builds what users get into dist/: build.py [LANGUAGE …]

They are for every machine, those of named languages for this one. TARGETS picks: parts of machines' names, `host` or `all`.
SEND_IM_PROFILE is a profile of cargo.
"""

import hashlib
import os
import sys

import languages
import licences
import recipes
import sbom
import targets
from workspace import DIST, VERSION


def main():
    chosen = languages.packaged(sys.argv[1:])
    machines = targets.wanted(os.environ.get("TARGETS", "").split() or ["host" if sys.argv[1:] else "all"])
    targets.prepare(machines)
    DIST.mkdir(exist_ok=True)
    licences.write()
    for machine in machines:
        machine.build()
        print(f"built for {machine.triple}", flush=True)
    for language in chosen:
        for built in recipes.RECIPES[language](machines):
            print(f"{built.relative_to(DIST.parent)}  {built.stat().st_size / 1024:.0f} KiB", flush=True)
    print(sbom.write(DIST / f"send-im-{VERSION}.cdx.json").relative_to(DIST.parent), flush=True)
    checksums()


def checksums():
    """Writes what `sha256sum --check` reads."""
    files = sorted(file for file in DIST.iterdir() if file.is_file() and file.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (DIST / "SHA256SUMS").write_text("".join(lines))


if __name__ == "__main__":
    main()
