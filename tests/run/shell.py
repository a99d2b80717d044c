"""The `send-im` command: its tests, some of which need tools of Debian, its archives and packages for systems."""

import gzip
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import container
import go_toolchain
import toolchains
import workspace
from outcome import checked, tests_in
from programs import empty_room, snippets
from targets import OLDEST_GLIBC, host

PACKAGE = workspace.ROOT / "bindings" / "cli"
SERVICE = workspace.ROOT / "bindings" / "http" / "send-im.service"
DIST = workspace.ROOT / "dist"
TESTS = PACKAGE / "tests"
# Makes .deb and .rpm. The versions after it need modules that not every proxy of modules has.
NFPM = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0"
# The command, and the package of Debian that holds it: forward proxies, what reads manual pages, what makes certificates.
TOOLS = {
    "tinyproxy": "tinyproxy-bin", "microsocks": "microsocks", "man": "man-db", "mandoc": "mandoc", "openssl": "openssl",
}
# The shell, how its file of completions is called, and where a system's package has it.
COMPLETIONS = [
    ("bash", "send-im.bash", "/usr/share/bash-completion/completions/send-im"),
    ("zsh", "_send-im", "/usr/share/zsh/{}/_send-im"),
    ("fish", "send-im.fish", "/usr/share/fish/vendor_completions.d/send-im.fish"),
    ("powershell", "send-im.ps1", None),
    ("elvish", "send-im.elv", None),
]
ZSH = {"deb": "vendor-completions", "rpm": "site-functions"}


def problem():
    """Why the command cannot be tested here, or None."""
    return workspace.cargo_problem()


def missing():
    """The packages of Debian that are not here."""
    return [package for tool, package in TOOLS.items() if not shutil.which(tool)]


def driver():
    """The command line of the scenarios' driver, which starts the command for each message."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", check=True)
    return [workspace.target_dir() / "debug" / f"shell-driver{workspace.command().suffix}", workspace.command()]


def toolchain():
    """The proxies, what reads manual pages, and what makes certificates."""
    if missing():
        toolchains.debian(*missing())


def lint():
    """What is wrong with the files by which systems run the service."""
    return container.lint()


def texts():
    """What lies beside the command: how it is used, and its licences."""
    return [PACKAGE / "README.md", *sorted(workspace.ROOT.glob("LICENSE-*"))]


def pages(folder):
    """Lets the command of this machine write its manual and its completions."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", check=True)
    (folder / "man").mkdir()
    workspace.run(workspace.command(), "man", folder / "man", check=True)
    (folder / "completions").mkdir()
    for shell, name, _ in COMPLETIONS:
        with (folder / "completions" / name).open("wb") as script:
            workspace.run(workspace.command(), "completions", shell, stdout=script, check=True)


def test_the_manual_is_well_formed():
    """What reads manual pages has nothing against them."""
    with tempfile.TemporaryDirectory() as work:
        pages(Path(work))
        for page in sorted(Path(work, "man").iterdir()):
            plainly = {**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"}
            shown = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True, env=plainly)
            if shown.returncode or shown.stderr or page.stem not in shown.stdout:
                raise AssertionError(f"{page.name}: {shown.returncode} {shown.stderr}")
            lint = subprocess.run(["mandoc", "-T", "lint", "-W", "error", page], capture_output=True, text=True)
            if lint.returncode or lint.stdout or lint.stderr:
                raise AssertionError(f"{page.name}: {lint.stdout}{lint.stderr}")


def checks():
    """The tests of this file."""
    return checked(tests_in(globals()))


def package(machines, profile):
    """Builds an archive with the command for each machine, and for Linux with glibc a package for dpkg and one for rpm."""
    DIST.mkdir(exist_ok=True)
    made = []
    for machine in machines:
        program = machine.build(profile) / machine.program()
        made.append(archive(machine, program))
        if machine.glibc and not machine.native:
            made += [system_package(machine, program, kind) for kind in ("deb", "rpm")]
    return made


def archive(machine, program):
    """The archive of one machine."""
    name = f"send-im-{workspace.version()}-{machine.name}"
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / name
        folder.mkdir()
        for file in (program, *texts(), *([container.DOCKERFILE] if machine.musl else [])):
            shutil.copy(file, folder)
        pages(folder)
        if machine.native:
            workspace.run("strip", folder / program.name, check=True)
        return Path(shutil.make_archive(DIST / name, "zip" if machine.windows else "gztar", work, name))


def system_package(machine, program, kind):
    """The command, and the service, which nobody has started yet, as a package of a system."""
    documents = "/usr/share/doc/send-im/"
    contents = [
        {"src": str(program), "dst": "/usr/bin/send-im", "file_info": {"mode": 0o755}},
        {"src": str(SERVICE), "dst": "/usr/lib/systemd/system/send-im.service"},
        *({"src": str(file), "dst": f"{documents}{file.name}"} for file in texts()),
    ]
    with tempfile.TemporaryDirectory() as made:
        contents += made_by_the_command(Path(made), kind)
        return packed(machine, contents, kind)


def made_by_the_command(folder, kind):
    """The manual and the completions, where the programs of a system look for them."""
    pages(folder)
    scripts = folder / "completions"
    there = [(scripts / name, place.format(ZSH[kind])) for _, name, place in COMPLETIONS if place]
    for page in sorted((folder / "man").iterdir()):
        packed_page = page.with_name(f"{page.name}.gz")
        packed_page.write_bytes(gzip.compress(page.read_bytes(), mtime=0))
        there.append((packed_page, f"/usr/share/man/man1/{packed_page.name}"))
    return [{"src": str(file), "dst": place, "file_info": {"mode": 0o644}} for file, place in there]


def packed(machine, contents, kind):
    """A package of a system with these files."""
    described = {
        **{"name": "send-im", "version": workspace.version(), "license": "MIT OR Apache-2.0", "maintainer": "send-im"},
        "arch": machine.debian if kind == "deb" else machine.rpm,
        "description": "Delivers instant messages to Skype for Business and Lync users",
        "overrides": {"deb": {"depends": [f"libc6 (>= {OLDEST_GLIBC})"]}, "rpm": {"depends": [f"glibc >= {OLDEST_GLIBC}"]}},
        "contents": contents,
    }
    with tempfile.TemporaryDirectory() as work:
        config = Path(work) / "nfpm.yaml"
        config.write_text(json.dumps(described))
        made = Path(work) / "made"
        made.mkdir()
        command = [go_toolchain.go(), "run", NFPM, "package", "--config", config, "--packager", kind, "--target", made]
        workspace.run(*command, folder=work, env=go_toolchain.local(), check=True, stdout=subprocess.DEVNULL)
        (package,) = made.iterdir()
        return Path(shutil.copy(package, DIST))


def clean_room():
    """Unpacks the archive of this machine in an empty place and does the first lines of the README with the command in it."""
    block = next(block for block in snippets(PACKAGE / "README.md", "sh") if block.startswith("export "))
    name = f"send-im-{workspace.version()}-{host().name}"
    with empty_room(HOME=".") as room:
        shutil.unpack_archive(DIST / f"{name}.tar.gz", room.folder)
        beside = [room.folder / name / place for place in ("man/send-im-send.1", "completions/send-im.bash")]
        if not all(file.exists() and file.stat().st_size for file in beside):
            raise RuntimeError(f"the archive lacks one of {beside}")
        room.environment |= {"PATH": f"{room.folder / name}{os.pathsep}{os.environ['PATH']}", "LANG": "C.UTF-8"}
        done = room.does("sh", "-c", block)
        accepted = "lenea@contoso.com accepted the message.\n"
        if done != f"{accepted}{accepted}not delivered, exit code 4\n":
            raise RuntimeError(f"the README's lines in the clean room did not greet: {done}")
