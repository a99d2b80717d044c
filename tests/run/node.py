"""The Node package: its tests, its tarball, and the tarball used in an empty place. On its own it makes the package in the clone ready."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import toolchains
import workspace
from outcome import Outcome, tap
from programs import empty_room, snippets
from targets import host

PACKAGE = workspace.ROOT / "bindings" / "node"
EXAMPLE = workspace.ROOT / "examples" / "node" / "send.mjs"
DIST = workspace.ROOT / "dist"
LICENCES = ("LICENSE-MIT", "LICENSE-APACHE")
OLDEST_NODE = (18, 18)
DEBIAN = "on Debian: apt install nodejs npm"
DARWIN = sys.platform == "darwin"
WINDOWS = os.name == "nt"
# Windows starts no npm without its extension.
NPM = shutil.which("npm") or "npm"
BUILT = "send_im_node.dll" if WINDOWS else f"libsend_im_node.{'dylib' if DARWIN else 'so'}"

HANG = 1800


def problem():
    """Why the package cannot be built and tested here, or None."""
    if not shutil.which("cargo"):
        return "no cargo on PATH (install Rust from rustup.rs)"
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            return f"no {tool} on PATH ({DEBIAN})"
    if tuple(int(part) for part in asked("process.versions.node").split(".")[:2]) < OLDEST_NODE:
        return f"Node is too old, {'.'.join(map(str, OLDEST_NODE))} is the oldest ({DEBIAN})"
    return None


def toolchain():
    """Node and npm. The rest comes from the npm registry into the package's own folder."""
    if not (shutil.which("node") and shutil.which("npm")):
        toolchains.debian("nodejs", "npm")


def asked(expression):
    """What this JavaScript expression is."""
    return subprocess.run(["node", "-p", expression], capture_output=True, text=True, check=True).stdout.strip()


def version():
    """The version of the package."""
    return json.loads((PACKAGE / "package.json").read_text())["version"]


def platform_package():
    """The name of the package with the library for this platform."""
    return f"send-im-{host().node}"


def library(profile, place):
    """Builds the library and puts it there."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-node", "--profile", profile, check=True)
    built = workspace.target_dir() / ("debug" if profile == "dev" else profile)
    # A program that has the old one open keeps it.
    fresh = place.with_suffix(".new")
    shutil.copy(built / BUILT, fresh)
    if profile != "dev" and not WINDOWS:
        workspace.run("strip", "-x" if DARWIN else "--strip-all", fresh, check=True)
    fresh.replace(place)


def dependencies():
    """Installs what package-lock.json names, unless it is there."""
    lock, installed = PACKAGE / "package-lock.json", PACKAGE / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        workspace.run(NPM, "ci", *quiet, folder=PACKAGE, check=True)
        installed.touch()


def prepared(profile="dev"):
    """The package with the library, ready to be run in the clone."""
    dependencies()
    library(profile, PACKAGE / f"{platform_package()}.node")


def driver():
    """The command line of the scenarios' driver."""
    prepared()
    return ["node", PACKAGE / "test" / "driver.mjs"]


def clean():
    """The environment without an account of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SEND_IM_", "NODE_", "RUST_"))}


def run():
    """Builds the debug library, runs each file of tests in a process of its own and counts what they report."""
    prepared()
    outcome = Outcome()
    for file in sorted((PACKAGE / "test").glob("*.test.mjs")):
        outcome += tests(file)
    return outcome


def tests(file):
    """The tests of one file, shown as TAP."""
    command = ["node", "--test-reporter=tap", str(file)]
    ended = subprocess.run(command, cwd=PACKAGE, env=clean(), capture_output=True, text=True, timeout=HANG)
    print(f"# {file.name}\n{told(ended.stdout)}{ended.stderr}", flush=True)
    return tap(ended.stdout.splitlines()).ended(file.name, ended.returncode)


def told(tap):
    """The report of TAP without the details of what went well."""
    lines = re.sub(r"^(ok \d+ .*\n)  ---\n(?:  .*\n)*?  \.\.\.\n", r"\1", tap, flags=re.MULTILINE).splitlines()
    return "".join(f"{line}\n" for line in lines if not re.match(r"TAP version|# Subtest:|# duration_ms", line))


def package(machines, profile):
    """Builds the tarball of a package for each machine, which has the library, and that of the package that finds it."""
    DIST.mkdir(exist_ok=True)
    manifest = json.loads((PACKAGE / "package.json").read_text())
    manifest["optionalDependencies"] = {f"send-im-{machine.node}": manifest["version"] for machine in machines}
    with tempfile.TemporaryDirectory() as work:
        staged = Path(work) / "package"
        shutil.copytree(PACKAGE, staged, ignore=shutil.ignore_patterns("node_modules", "*.node"))
        return [*(package_for(machine, profile, manifest) for machine in machines), packed(staged, manifest)]


def package_for(machine, profile, manifest):
    """The tarball of the package for one machine."""
    system, processor, *libc = machine.node.split("-")
    platform = {name: manifest[name] for name in ("version", "description", "license", "engines")}
    platform |= {"name": f"send-im-{machine.node}", "main": "send-im.node", "os": [system], "cpu": [processor]}
    if system == "linux":
        platform["libc"] = libc or ["glibc"]
    with tempfile.TemporaryDirectory() as work:
        place = Path(work) / platform["main"]
        if machine.native:
            library(profile, place)
        else:
            shutil.copy(machine.build(profile) / machine.library("send_im_node"), place)
        return packed(Path(work), platform)


def packed(folder, manifest):
    """The tarball of what is in this folder."""
    (folder / "package.json").write_text(json.dumps(manifest, indent=2))
    for licence in LICENCES:
        shutil.copy(workspace.ROOT / licence, folder)
    pack = (NPM, "pack", "--silent", "--pack-destination", DIST)
    told = workspace.run(*pack, folder=folder, stdout=subprocess.PIPE, text=True, check=True)
    return DIST / told.stdout.split()[-1]


def clean_room():
    """Installs the built tarballs in an empty place with an empty cache, and runs the README's lines and the example with them."""
    tarballs = [f"{name}-{version()}.tgz" for name in (platform_package(), "send-im")]
    with empty_room(XDG_CONFIG_HOME=".", npm_config_cache="cache") as room:
        (room.folder / "package.json").write_text('{"private": true}')
        for tarball in tarballs:
            shutil.copy(DIST / tarball, room.folder)
        room.does(NPM, "install", "--no-audit", "--no-fund", *(f"./{tarball}" for tarball in tarballs))
        for lines in greetings():
            name = "greet.cjs" if "require(" in lines else "greet.mjs"
            (room.folder / name).write_text(lines)
            room.greets("node", name)
        for package in ("send-im", platform_package()):
            where = room.does("node", "-p", f"fs.realpathSync(require.resolve('{package}'))")
            if not Path(where).is_relative_to(room.folder):
                raise RuntimeError(f"the clean room used {where!r} and not the package installed in it")
        shutil.copy(EXAMPLE, room.folder)
        room.asks_for_an_account("node", EXAMPLE.name)


def greetings():
    """The first lines of the README, as a module and for CommonJS."""
    return snippets(PACKAGE / "README.md", "js")[:2]


def example(arguments, environment=None):
    """The command line that runs the example from the clone, compiled if need be. It takes its account from the environment."""
    prepared()
    # As if it were installed: the example is found from a folder in which the package is.
    room = workspace.target_dir() / "send-im-node"
    modules = room / "node_modules"
    modules.mkdir(parents=True, exist_ok=True)
    link = modules / "send-im"
    if not link.is_symlink():
        link.symlink_to(PACKAGE)
    shutil.copy(EXAMPLE, room)
    return ["node", str(room / EXAMPLE.name), *arguments]


def lint():
    """What biome and the type checker have to say, as one sentence; they have said more before."""
    dependencies()
    failed = workspace.run(NPM, "run", "--silent", "lint", folder=PACKAGE).returncode
    return ["npm run lint failed, see above"] if failed else []


if __name__ == "__main__":
    if missing := problem():
        sys.exit(f"node: {missing}")
    prepared()
