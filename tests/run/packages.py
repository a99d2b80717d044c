"""Builds what users get into dist/, or tries each in an empty place: packages.py [clean-room] [LANGUAGE …]

They are for every machine, those of named languages for this one. TARGETS picks: parts of machines' names, `host` or `all`.
SEND_IM_PROFILE is a profile of cargo.
"""

import hashlib
import os
import sys
from pathlib import Path

import languages
import licences
import sbom
import targets
import workspace
from workspace import DIST



def main():
    arguments = sys.argv[1:]
    chosen = packaged(arguments[1:] if arguments[:1] == ["clean-room"] else arguments)
    if arguments[:1] == ["clean-room"]:
        for name, language in chosen.items():
            language.clean_room()
            print(f"{name}: works in an empty place", flush=True)
        return
    profile = os.environ.get("SEND_IM_PROFILE", "release")
    machines = targets.wanted(os.environ.get("TARGETS", "").split() or ["host" if arguments else "all"])
    targets.prepare(machines)
    DIST.mkdir(exist_ok=True)
    licences.write()
    for machine in machines:
        machine.build(profile)
        print(f"built for {machine.triple}", flush=True)
    for language in chosen.values():
        for built in language.package(machines, profile):
            print(f"{built.relative_to(DIST.parent)}  {built.stat().st_size / 1024:.0f} KiB", flush=True)
    print(sbom.write(DIST / f"send-im-{workspace.version()}.cdx.json").relative_to(DIST.parent), flush=True)
    checksums()


def packaged(names):
    """The languages that have a package, each of which must be possible here."""
    chosen = {name: language for name, language in languages.wanted(names).items() if hasattr(language, "package")}
    for name, language in chosen.items():
        if missing := language.problem():
            sys.exit(f"packages: {name}: {missing}")
    return chosen


def checksums():
    """Writes what `sha256sum --check` reads."""
    files = sorted(file for file in DIST.iterdir() if file.is_file() and file.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(Path(file).read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (DIST / "SHA256SUMS").write_text("".join(lines))


if __name__ == "__main__":
    main()
