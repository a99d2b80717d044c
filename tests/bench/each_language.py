"""Sends of each language beside the same sends in Rust. The programs lie in tests/bench/languages/.

A language is one line of LANGUAGES: its `Language`, what makes its program ready with a library of the
release profile, and the command line of the program. The program gets two numbers, blocking sends and messages of one
send_all, finds its account in the environment, and prints one line of JSON; sends.py shows which.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
from functools import cache, partial

import dotnet
import languages
import recipes
import swift
import targets
import workspace
from languages import C, DOTNET, GO, JVM, NODE, PHP, PYTHON, RUBY, SWIFT

PROGRAMS = workspace.ROOT / "tests" / "bench" / "languages"
RELEASE = workspace.target_dir() / "release"
BUILT = workspace.target_dir() / "bench"
HANG = 300
ROUNDS = 3
LOADS = 5


def python_ready():
    """The wheel as it is released, in an environment of its own."""
    workspace.DIST.mkdir(exist_ok=True)
    wheel = next(iter(recipes.of_python([targets.host()])))
    workspace.make_environment(BUILT / "venv")
    here = workspace.python_in(BUILT / "venv")
    options = ["--quiet", "--disable-pip-version-check", "--force-reinstall", "--no-index"]
    workspace.run(here, "-m", "pip", "install", *options, wheel, check=True)


def jvm_ready():
    JVM.do(f"{languages.maven()} --quiet clean compile {languages.COPY_JARS}")


def swift_ready():
    SWIFT.prepare()
    swift.build(PROGRAMS / "swift-sends", "-c", "release")


def c_ready():
    C.do(f"make --silent install PREFIX={BUILT / 'c'}")
    flags = [f"-I{BUILT / 'c' / 'include'}", f"-L{BUILT / 'c' / 'lib'}", "-lsend_im", f"-Wl,-rpath,{BUILT / 'c' / 'lib'}", "-pthread"]
    options = ["-std=c99", "-O2", "-Wall", "-Werror"]
    workspace.run("cc", *options, PROGRAMS / "sends.c", "-o", BUILT / "sends", *flags, check=True)


def go_ready():
    GO.prepare()
    GO.do(f"go build -C {PROGRAMS / 'go'} -o {BUILT / 'sends-go'} .")


def dotnet_ready(folder, project):
    dotnet.build(PROGRAMS / folder / project, BUILT / folder, "--configuration", "Release")


CLASSES = os.pathsep.join(str(JVM.folder / "target" / name) for name in ("classes", "libs/*"))
# Name, language, what makes its program ready, its command line.
LANGUAGES = [
    ("C", C, c_ready, [BUILT / "sends"]),
    ("Python", PYTHON, python_ready, [workspace.python_in(BUILT / "venv"), PROGRAMS / "sends.py"]),
    ("Ruby", RUBY, RUBY.prepare, ["ruby", "-I", RUBY.folder / "lib", PROGRAMS / "sends.rb"]),
    ("Java", JVM, jvm_ready, ["java", "-cp", CLASSES, PROGRAMS / "Sends.java"]),
    ("Swift", SWIFT, swift_ready, swift.command(PROGRAMS / "swift-sends", ".build/release/sends")),
    ("C#", DOTNET, partial(dotnet_ready, "csharp", "Sends.csproj"), ["dotnet", BUILT / "csharp" / "Sends.dll"]),
    ("VB", DOTNET, partial(dotnet_ready, "vb", "SendsVb.vbproj"), ["dotnet", BUILT / "vb" / "SendsVb.dll"]),
    ("Go", GO, go_ready, [BUILT / "sends-go"]),
    ("PHP", PHP, PHP.prepare, ["php", PROGRAMS / "sends.php"]),
    ("Node", NODE, NODE.prepare, ["node", PROGRAMS / "sends.mjs"]),
]


@cache
def prepare():
    """Makes every language's program ready; gives why some are not."""
    BUILT.mkdir(parents=True, exist_ok=True)
    skipped = {}
    for name, language, ready, _ in LANGUAGES:
        try:
            why = language.problem()
            if not why:
                ready()
        except (subprocess.CalledProcessError, OSError, RuntimeError) as error:
            print(error, file=sys.stderr, flush=True)
            why = "its program could not be made, see the output of the run"
        if why:
            skipped[name] = why
            print(f"skipped {name}: {why}", file=sys.stderr, flush=True)
    return skipped


def sent(server, command, *counts):
    """What a program printed. Every run has a server of its own, which remembers nothing of the one before."""
    arguments = [*map(str, command), *map(str, counts)]
    with server() as one:
        environment = one.environment(0, "tosh")
        done = subprocess.run(arguments, env=environment, stdout=subprocess.PIPE, text=True, timeout=HANG, check=True)
    return json.loads(done.stdout)


def run(server, scale):
    """Runs every program between two runs of the one in Rust."""
    skipped, sends, many = prepare(), scale(300), scale(10_000)
    programs = {name: command for name, _, _, command in LANGUAGES if name not in skipped}
    rust = [RELEASE / "send-im-bench", "languages"]
    measured = {name: [] for name in programs}
    for _ in range(1 if scale.quick else ROUNDS):
        before = sent(server, rust, sends, many)
        for name, command in programs.items():
            ours, after = sent(server, command, sends, many), sent(server, rust, sends, many)
            measured[name].append({"ours": ours, "before": before, "after": after})
            before = after
    return {"sends": sends, "many": many, "languages": measured, "skipped": skipped, "libraries": libraries()}


def libraries():
    """The size of each library, stripped, and how long the dynamic linker takes to load it."""
    found = {}
    for name in ("send_im", "send_im_uniffi"):
        (built,) = [f for f in RELEASE.glob(f"lib{name}.*") if f.suffix in (".so", ".dylib")] or [None]
        if built is None:
            continue
        stripped = BUILT / built.name
        shutil.copy(built, stripped)
        subprocess.run(["strip", "-x" if stripped.suffix == ".dylib" else "--strip-all", stripped], check=True)
        load = "import ctypes, sys, time; t = time.perf_counter(); ctypes.CDLL(sys.argv[1]); print(time.perf_counter() - t)"
        times = [
            float(subprocess.run([sys.executable, "-c", load, stripped], capture_output=True, text=True, check=True).stdout)
            for _ in range(LOADS)
        ]
        found[built.name] = {"bytes": stripped.stat().st_size, "load_ms": statistics.median(times) * 1000}
    return found
