"""The `send-im` command: its tests, some of which need forward proxies of Debian, its archives and packages for systems."""

import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import container
import go_toolchain
import toolchains
import workspace
from targets import OLDEST_GLIBC, host

PACKAGE = workspace.ROOT / "bindings" / "cli"
SERVICE = workspace.ROOT / "bindings" / "http" / "send-im.service"
DIST = workspace.ROOT / "dist"
TESTS = PACKAGE / "tests"
# Makes .deb and .rpm. The versions after it need modules that not every proxy of modules has.
NFPM = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0"
# The command, and the package of Debian that holds it.
PROXIES = {"tinyproxy": "tinyproxy-bin", "microsocks": "microsocks"}


def problem():
    """Why the command cannot be tested here, or None."""
    return workspace.cargo_problem()


def missing():
    """The packages of the proxies that are not here."""
    return [package for tool, package in PROXIES.items() if not shutil.which(tool)]


def driver():
    """The command line of the scenarios' driver, which starts the command for each message."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", check=True)
    return [workspace.target_dir() / "debug" / f"shell-driver{workspace.command().suffix}", workspace.command()]


def toolchain():
    """The proxies."""
    if missing():
        toolchains.debian(*missing())


def lint():
    """What is wrong with the files by which systems run the service."""
    return container.lint()


def texts():
    """What lies beside the command: how it is used, and its licences."""
    return [PACKAGE / "README.md", *sorted(workspace.ROOT.glob("LICENSE-*"))]


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
    (block,) = re.findall(r"^```sh\n(export .*?)^```", (PACKAGE / "README.md").read_text(), re.DOTALL | re.MULTILINE)[:1]
    name = f"send-im-{workspace.version()}-{host().name}"
    with tempfile.TemporaryDirectory() as work, tarfile.open(DIST / f"{name}.tar.gz") as packed:
        packed.extractall(work)
        environment = {"PATH": f"{Path(work) / name}{os.pathsep}{os.environ['PATH']}", "HOME": work, "LANG": "C.UTF-8"}
        done = subprocess.run(["sh", "-c", block], env=environment, cwd=work, capture_output=True, text=True)
        accepted = "lenea@contoso.com accepted the message.\n"
        if done.returncode or done.stdout != f"{accepted}{accepted}not delivered, exit code 4\n":
            raise RuntimeError(f"the README's lines in the clean room did not greet: {done}")
