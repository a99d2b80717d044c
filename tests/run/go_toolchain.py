"""Go for a Debian machine whose own is too old: the toolchain that Go gives out as a module, put before PATH."""

import re
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

import toolchains
import workspace
from workspace import BIN, CACHE

OLDEST = (1, 21)
TOOLCHAIN = "go1.26.8"
TOOLS = {"cc": "gcc", "strip": "binutils", "pkg-config": "pkg-config"}


@lru_cache(maxsize=None)
def version():
    """The version of Go as two numbers, (0, 0) where there is none."""
    found = re.match(r"go(\d+)\.(\d+)", toolchains.said("go", "env", "GOVERSION"))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def problem():
    """Why nothing in Go can be built here, or None."""
    return None if version() >= OLDEST else f"no Go {'.'.join(map(str, OLDEST))} or newer on PATH (make toolchains gets one)"


def toolchain():
    """A compiler for C, and a Go that is new enough: Debian's, or with its help the one of the module."""
    toolchains.get({**TOOLS, "go": "golang-go"}, "libc6-dev")
    version.cache_clear()
    if not problem():
        return
    folder = CACHE / TOOLCHAIN
    with tempfile.TemporaryDirectory() as work:
        name = f"toolchain@v0.0.1-{TOOLCHAIN}.{'-'.join(toolchains.said('go', 'env', 'GOOS', 'GOARCH').split())}"
        variables = {"GOMODCACHE": work, "GOFLAGS": "-modcacherw"}
        workspace.run("go", "mod", "download", f"golang.org/{name}", folder=work, env={**workspace.clean(), **variables}, check=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.move(Path(work) / "golang.org" / name, folder)
    # No module holds another, so theirs have other names there; and files of modules are not executable.
    for other in list(folder.rglob("_go.mod")):
        other.rename(other.with_name("go.mod"))
    for tools in ("bin", "pkg/tool"):
        for tool in (folder / tools).rglob("*"):
            tool.chmod(0o755)
    BIN.mkdir(exist_ok=True)
    for tool in ("go", "gofmt"):
        (BIN / tool).unlink(missing_ok=True)
        (BIN / tool).symlink_to(folder / "bin" / tool)
    version.cache_clear()
