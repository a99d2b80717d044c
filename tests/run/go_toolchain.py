"""Which Go the Go package is built with, and how a Debian machine gets one that is new enough."""

import re
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

import toolchains
import workspace
from toolchains import CACHE
from workspace import clean

OLDEST_GO = (1, 21)
# What Debian 12 gets, whose own Go is older. Go gives out its toolchains as modules.
TOOLCHAIN = "go1.26.8"
TOOLS = {"cc": "gcc", "strip": "binutils", "pkg-config": "pkg-config"}


def version_of(command):
    """The version of this Go as two numbers, (0, 0) where it does not tell."""
    told = subprocess.run([command, "env", "GOVERSION"], capture_output=True, text=True, env=local())
    found = re.match(r"go(\d+)\.(\d+)", told.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def local(**more):
    """An environment without an account of ours, in which Go stays the one it is."""
    return {**clean(), "GOTOOLCHAIN": "local", "GOWORK": "off", **more}


@lru_cache(maxsize=None)
def go():
    """The Go to use, or None: that on PATH, else that of `toolchain`."""
    for command in (shutil.which("go"), CACHE / TOOLCHAIN / "bin" / "go"):
        if command and Path(command).exists() and version_of(command) >= OLDEST_GO:
            return str(command)
    return None


def toolchain():
    """A compiler for C, and a Go that is new enough. Debian's, or with its help the one that Go gives out as a module."""
    toolchains.get({**TOOLS, **({} if go() else {"go": "golang-go"})}, "libc6-dev")
    go.cache_clear()
    if not go():
        from_module(shutil.which("go"))
        go.cache_clear()


def from_module(old):
    """Gets a Go by an older one. A toolchain is a module; since 1.21 Go does the same by itself."""
    with tempfile.TemporaryDirectory() as work:
        platform = "-".join(target())
        module = f"golang.org/toolchain@v0.0.1-{TOOLCHAIN}.{platform}"
        environment = local(GOMODCACHE=work, GOFLAGS="-modcacherw")
        workspace.run(old, "mod", "download", module, folder=work, env=environment, check=True)
        (CACHE / TOOLCHAIN).parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(CACHE / TOOLCHAIN, ignore_errors=True)
        shutil.move(Path(work) / "golang.org" / module.split("/")[1], CACHE / TOOLCHAIN)
    # No module holds another, so theirs have other names there; and files of modules are not executable.
    for other in list((CACHE / TOOLCHAIN).rglob("_go.mod")):
        other.rename(other.with_name("go.mod"))
    for folder in ("bin", "pkg/tool"):
        for tool in (CACHE / TOOLCHAIN / folder).rglob("*"):
            tool.chmod(0o755)


def target():
    """The operating system and the processor, in Go's words."""
    words = subprocess.run([go() or "go", "env", "GOOS", "GOARCH"], capture_output=True, text=True, check=True)
    return words.stdout.split()
