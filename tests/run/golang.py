"""The Go package: its tests, its module zip, and the zip used in an empty place.

With the word prepare it puts the library into the package, as `go generate` does.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path

import c
import workspace
from go_toolchain import OLDEST_GO, go, local, target, toolchain, version_of
from outcome import Outcome
from programs import empty_room, snippets

PACKAGE = workspace.ROOT / "bindings" / "go"
NATIVE = PACKAGE / "internal" / "native"
EXAMPLE = workspace.ROOT / "examples" / "go"
DIST = workspace.ROOT / "dist"

STATICCHECK = "honnef.co/go/tools/cmd/staticcheck@v0.8.2"

# A plain file that everybody may read, in the zip.
FILE_MODE = 0o100644
# Tests that the leak detector leaves out: they send as the others do, only more often.
LONG = "Thousand|TheReadme|TheOtherLines|TheExample|MayEnd"


def problem():
    """Why the package cannot be built and tested here, or None."""
    if not shutil.which("cargo"):
        return "no cargo on PATH (install Rust from rustup.rs)"
    for tool, way in (("cc", "gcc"), ("strip", "binutils"), ("pkg-config", "pkg-config")):
        if not shutil.which(tool):
            return f"no {tool} on PATH (on Debian: apt install {way})"
    if not go():
        return f"no Go {'.'.join(map(str, OLDEST_GO))} or newer on PATH (python3 tests/run/golang.py toolchain gets one)"
    return None


@lru_cache(maxsize=None)
def module():
    """The path of the module."""
    return re.search(r"^module (\S+)", (PACKAGE / "go.mod").read_text())[1]


def prepare(profile="dev", folder=NATIVE):
    """Builds the static library and puts it, with its header, where the package links it."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-c", "--profile", profile, check=True)
    built = workspace.target_dir() / ("debug" if profile == "dev" else profile) / "libsend_im.a"
    place({f"libsend_im_{'_'.join(target())}.a": (built, ["strip", "-S"])}, folder)


def place(libraries, folder):
    """Puts these static libraries there, by their names: each a file and the command that strips it, if any. And their header."""
    digest = hashlib.sha256()
    with tempfile.TemporaryDirectory() as work:
        for name, (built, strip) in libraries.items():
            stripped = Path(work) / name
            shutil.copy(built, stripped)
            if strip:
                workspace.run(*strip, stripped, check=True)
            digest.update(stripped.read_bytes())
            shutil.move(stripped, folder / name)
    for path, text in (
        (folder / "send_im.h", (c.PACKAGE / "include" / "send_im.h").read_text()),
        # Go does not look at the library when it decides whether to link again. It looks at this.
        (folder / "library.h", f'#define SENDIM_LIBRARY "{digest.hexdigest()}"\n'),
    ):
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


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
    return outcome + workspace.pytest(PACKAGE / "build_test.py")


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
    """Runs tests and counts those that hold no others."""
    command = [go(), "test", "-json", "-count=1", "-timeout=40m", *arguments]
    print("go", *command[1:], flush=True)
    ended = subprocess.run(command, cwd=PACKAGE, env=local(), stdout=subprocess.PIPE, text=True)
    results, output = {}, {}
    for line in ended.stdout.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            print(line)
            continue
        name = (event.get("Package", event.get("ImportPath")), event.get("Test", ""))
        if event["Action"] in ("output", "build-output"):
            output.setdefault(name, []).append(event["Output"])
        elif event["Action"] in ("pass", "fail", "skip") and name[1]:
            results[name] = event["Action"]
    parents = {(package, test.rsplit("/", 1)[0]) for package, test in results if "/" in test}
    results = {name: result for name, result in results.items() if name not in parents}
    counted = list(results.values())
    outcome = Outcome(counted.count("pass"), counted.count("fail"), counted.count("skip"))
    for name, lines in output.items():
        if results.get(name) in ("fail", "skip") or (ended.returncode and not name[1]):
            print("".join(lines), end="", flush=True)
    print(f"# {outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped", flush=True)
    return outcome.ended(f"go test {' '.join(arguments)}", ended.returncode)


def files():
    """The files of the module: those of the repository without the tests that need the clone, and what was prepared."""
    listing = ("git", "ls-files", "-co", "--exclude-standard", ".")
    listed = workspace.run(*listing, folder=PACKAGE, capture_output=True, text=True, check=True)
    names = [name for name in listed.stdout.splitlines() if "_test." not in name or name == "example_test.go"]
    yield from ((PACKAGE / name, name) for name in names if name != ".gitignore" and (PACKAGE / name).is_file())
    for name in ("LICENSE-MIT", "LICENSE-APACHE"):
        yield workspace.ROOT / name, name


def archive():
    """The module zip."""
    return DIST / f"send-im-go-{workspace.version()}.zip"


def package(machines, profile):
    """Builds the module zip with the static libraries of these machines inside."""
    version, out = workspace.version(), archive()
    DIST.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as work, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        if any(machine.native for machine in machines):
            prepare(profile, Path(work))
        others = [machine for machine in machines if not machine.native]
        if others:
            built = {f"libsend_im_{machine.go}.a": (machine.build(profile) / "libsend_im.a", machine.strip) for machine in others}
            place(built, Path(work))
        prepared = [(path, f"internal/native/{path.name}") for path in Path(work).iterdir()]
        for path, name in sorted([*files(), *prepared], key=lambda entry: entry[1]):
            # A fixed time: the same files make the same zip, so that a checksum in go.sum stays.
            entry = zipfile.ZipInfo(f"{module()}@v{version}/{name}", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = FILE_MODE << 16
            packed.writestr(entry, path.read_bytes())
    return [out]


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
            if {entry.external_attr >> 16 for entry in packed.infolist()} != {FILE_MODE}:
                raise RuntimeError("the zip holds files that not everybody may read")
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


def example(arguments, environment=None):
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


if __name__ == "__main__":
    if sys.argv[1:] == ["toolchain"]:
        toolchain()
    elif missing := problem():
        sys.exit(f"golang: {missing}")
    else:
        prepare()
