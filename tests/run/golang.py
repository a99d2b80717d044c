"""The Go package: its tests, and its module zip used in an empty place. bindings/go/internal/native/prepare.sh builds the library."""

import json
import re
import shutil
import subprocess
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path

import package_tests
import toolchains
import workspace
from go_toolchain import OLDEST_GO, TOOLS, go, local, version_of
from go_toolchain import toolchain  # noqa: F401
from outcome import Outcome, counted
from programs import empty_room, snippets
from workspace import DIST

PACKAGE = workspace.ROOT / "bindings" / "go"
NATIVE = PACKAGE / "internal" / "native"
EXAMPLE = workspace.ROOT / "examples" / "go"

STATICCHECK = "honnef.co/go/tools/cmd/staticcheck@v0.8.2"

# What belongs to the repository alone, and what a user's library takes the place of.
NOT_SHIPPED = shutil.ignore_patterns("*_test.*", ".gitignore", "*.sh", "__pycache__", "*.a", "send_im.h", "library.h")
# Tests that the leak detector leaves out: they send as the others do, only more often.
LONG = "Thousand|TheReadme|TheOtherLines|TheExample|MayEnd"


def problem():
    """Why the package cannot be built and tested here, or None."""
    if missing := toolchains.lacks(TOOLS):
        return missing
    if not go():
        return f"no Go {'.'.join(map(str, OLDEST_GO))} or newer on PATH (make toolchains gets one)"
    return None


@lru_cache(maxsize=None)
def module():
    """The path of the module."""
    return re.search(r"^module (\S+)", (PACKAGE / "go.mod").read_text())[1]


def prepare(profile="dev"):
    """Builds the static library and puts it, with its header, where the package links it."""
    gopher("generate", "./...", env={"SEND_IM_PROFILE": profile, "GO": go()}, check=True)


def gopher(*arguments, folder=PACKAGE, **more):
    """Runs Go; its output goes where ours goes."""
    environment = {**local(), **more.pop("env", {})}
    return workspace.run(go(), *arguments, folder=folder, env=environment, **more)


def run():
    """All tests: with the race detector, for memory, with the leak detector, and how the package is linked."""
    prepare()
    outcome = tests("-race", "./...")
    outcome += tests("-run", "^TestMemory", ".")
    if has_leak_detector():
        outcome += tests("-asan", "-skip", LONG, "./...")
    else:
        why = "this Go or this compiler has no leak detector (Go 1.24; on Debian: apt install gcc)"
        outcome += Outcome(skipped=1, why=[why])
    return outcome + package_tests.run(PACKAGE / "build_test.py")


def driver():
    """The command line of the scenarios' driver: the program of the tests, with the race detector."""
    prepare()
    out = workspace.target_dir() / "send-im-go-driver"
    gopher("test", "-c", "-race", "-o", out, ".", check=True)
    return [out, "driver"]


def has_leak_detector():
    """True if a program can be built with AddressSanitizer, whose leak detector Go asks at the end since 1.24."""
    if version_of(go()) < (1, 24):
        return False
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "main.go").write_text('package main\n\nimport "C"\n\nfunc main() {}\n')
        command = [go(), "build", "-asan", "-o", "probe", "main.go"]
        return subprocess.run(command, cwd=work, env=local(), capture_output=True).returncode == 0


def tests(*arguments):
    """Runs tests and counts."""
    return counted(go(), "test", "-v", "-count=1", "-timeout=40m", *arguments, cwd=PACKAGE, env=local())


def archive():
    """The module zip."""
    return DIST / f"send-im-go-{workspace.version()}.zip"


def package(machines, profile):
    """Builds the module zip with the static libraries of these machines inside."""
    with tempfile.TemporaryDirectory() as work:
        name = f"{module()}@v{workspace.version()}"
        folder = Path(work) / name
        shutil.copytree(PACKAGE, folder, ignore=NOT_SHIPPED)
        for text in (PACKAGE / "example_test.go", *workspace.ROOT.glob("LICENSE-*")):
            shutil.copy(text, folder)
        native = folder / NATIVE.relative_to(PACKAGE)
        for machine in machines:
            library = shutil.copy(machine.build(profile) / "libsend_im.a", native / f"libsend_im_{machine.go}.a")
            if strip := ["strip", "-S"] if machine.native else machine.strip:
                workspace.run(*strip, library, check=True)
        workspace.run(NATIVE / "prepare.sh", native, check=True)
        return [Path(shutil.make_archive(str(archive().with_suffix("")), "zip", work, name))]


def clean_room():
    """Uses the built zip in an empty place, through a module proxy and by replacing, and runs the README's first lines."""
    version, built = workspace.version(), archive()
    caches = {"HOME": ".", "GOPATH": "go", "GOMODCACHE": "go/pkg/mod", "GOCACHE": "cache"}
    with empty_room(**caches) as room:
        served = room.folder / "proxy" / module() / "@v"
        served.mkdir(parents=True)
        shutil.copy(built, served / f"v{version}.zip")
        with zipfile.ZipFile(built) as packed:
            (served / f"v{version}.mod").write_bytes(packed.read(f"{module()}@v{version}/go.mod"))
            packed.extractall(room.folder / "unpacked")
        (served / f"v{version}.info").write_text(json.dumps({"Version": f"v{version}"}))
        room.environment |= {
            "GOPROXY": (room.folder / "proxy").as_uri(),
            "GONOSUMDB": module().split("/")[0],
            "GOTOOLCHAIN": "local",
            # Folders of modules that can be removed.
            "GOFLAGS": "-modcacherw",
        }
        replaced = room.folder / "unpacked" / "sendim"
        shutil.move(room.folder / "unpacked" / f"{module()}@v{version}", replaced)
        ways = {
            "get": [["get", f"{module()}@v{version}"]],
            "vendor": [["get", f"{module()}@v{version}"], ["mod", "vendor"]],
            "replace": [["mod", "edit", f"-require={module()}@v0.0.0", f"-replace={module()}={replaced}"]],
        }
        for way, steps in ways.items():
            (room.folder / way).mkdir()
            (room.folder / way / "main.go").write_text(snippets(PACKAGE / "README.md", "go")[0])
            for step in [["mod", "init", "hello"], *steps, ["build", "-o", "hello", "."]]:
                room.does(go(), *step, inside=way)
            room.greets("./hello", inside=way)
            if b"send_im_panic_for_tests" in (room.folder / way / "hello").read_bytes():
                raise RuntimeError("the zip holds the test library")


def linked(room, machine):
    """The README's first lines as a program of another machine, linked with the package's library."""
    with zipfile.ZipFile(archive()) as packed:
        packed.extractall(room / "unpacked")
    (package,) = (room / "unpacked").rglob("go.mod")
    (room / "main.go").write_text(snippets(PACKAGE / "README.md", "go")[0])
    system, *libc, processor = machine.go.split("_")
    there = {"GOOS": system, "GOARCH": processor, "CGO_ENABLED": "1", "CC": " ".join(machine.compiler)}
    if machine.musl:
        # What Alpine's gcc brings by itself.
        there["CGO_LDFLAGS"] = "-lunwind"
    program = room / machine.program("hello")
    for step in (
        ["mod", "init", "hello"],
        ["mod", "edit", f"-require={module()}@v0.0.0", f"-replace={module()}={package.parent}"],
        ["build", f"-tags={','.join(libc)}", "-o", program, "."],
    ):
        environment = local(GOFLAGS="-mod=mod", **there)
        workspace.run(go(), *step, folder=room, env=environment, check=True, stderr=subprocess.DEVNULL)
    return program


def example(arguments):
    """The command line of the example from the clone, which is built before. It takes its account from the environment."""
    prepare()
    out = workspace.target_dir() / "send-im-go-example"
    gopher("build", "-o", out, ".", folder=EXAMPLE, check=True)
    return [str(out), *arguments]


def lint():
    """What gofmt, go vet and staticcheck find."""
    prepare()
    problems = []
    for folder in (PACKAGE, EXAMPLE):
        listed = subprocess.run([Path(go()).with_name("gofmt"), "-l", "."], cwd=folder, capture_output=True, text=True)
        problems += [f"gofmt: {folder.relative_to(workspace.ROOT) / name}" for name in listed.stdout.split()]
        for command in (["vet", "./..."], ["run", STATICCHECK, "./..."]):
            if gopher(*command, folder=folder).returncode:
                problems.append(f"go {command[0]} failed in {folder.relative_to(workspace.ROOT)}, see above")
    return problems
