"""The Node package: its tests, and its tarballs used in an empty place. bindings/node has build.mjs and pack.mjs."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import targets
import toolchains
import workspace
from outcome import HANG, counted
from programs import empty_room, snippets
from workspace import DIST

PACKAGE = workspace.ROOT / "bindings" / "node"
EXAMPLE = workspace.ROOT / "examples" / "node" / "send.mjs"
TOOLS = {"node": "nodejs", "npm": "npm"}
# Windows starts no npm without its extension.
NPM = shutil.which("npm") or "npm"
QUIET = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]


def problem():
    """Why the package cannot be built and tested here, or None."""
    return toolchains.lacks(TOOLS) or toolchains.too_old("Node", (18, 18), "node", "--version")


def toolchain():
    """Node and npm. The rest comes from the npm registry into the package's own folder."""
    toolchains.get(TOOLS)


def dependencies():
    """Installs what package-lock.json names, unless it is there."""
    lock, installed = PACKAGE / "package-lock.json", PACKAGE / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        workspace.run(NPM, "ci", *QUIET, folder=PACKAGE, check=True)
        installed.touch()


def prepared(profile="dev"):
    """The package with the library, ready to be run in the clone."""
    dependencies()
    workspace.run("node", "build.mjs", profile, folder=PACKAGE, check=True)


def driver():
    """The command line of the scenarios' driver."""
    prepared()
    return ["node", PACKAGE / "test" / "driver.mjs"]


def run():
    """Builds the debug library and runs the tests."""
    prepared()
    tests = sorted((PACKAGE / "test").glob("*.test.mjs"))
    return counted("node", "--test", "--test-reporter=spec", *tests, timeout=HANG, cwd=PACKAGE)


def package(machines, profile):
    """Builds the tarball of a package for each machine, which has the library, and that of the package that finds it."""
    with tempfile.TemporaryDirectory() as work:
        targets.place(machines, profile, "node", "send_im_node", Path(work))
        pack = ("node", "pack.mjs", work, DIST)
        told = workspace.run(*pack, folder=PACKAGE, stdout=subprocess.PIPE, text=True, check=True)
    return [Path(file) for file in told.stdout.splitlines()]


def tarballs(machine):
    """Those that somebody with this machine installs."""
    return [DIST / f"{name}-{workspace.version()}.tgz" for name in (f"send-im-{machine.node}", "send-im")]


def clean_room():
    """Installs the built tarballs in an empty place with an empty cache, and runs the README's lines and the example with them."""
    with empty_room(XDG_CONFIG_HOME=".", npm_config_cache="cache") as room:
        (room.folder / "package.json").write_text('{"private": true}')
        room.does(NPM, "install", "--no-audit", "--no-fund", *tarballs(targets.host()))
        for lines in greetings():
            name = "greet.cjs" if "require(" in lines else "greet.mjs"
            (room.folder / name).write_text(lines)
            room.greets("node", name)
        shutil.copy(EXAMPLE, room.folder)
        room.asks_for_an_account("node", EXAMPLE.name)


def greetings():
    """The first lines of the README, as a module and for CommonJS."""
    return snippets(PACKAGE / "README.md", "js")[:2]


def example(arguments):
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
