"""What a call costs in each language, over the same call in Rust. The programs lie in tests/bench/border/.

A language is one line of LANGUAGES: why it cannot run here (or None), what makes its program ready with a library of the
release profile, and the command line of the program. The program gets two numbers, refused sends and real sends, finds its
account in the environment, and prints one line of JSON; border.py shows which.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
from functools import cache, partial

import c
import dotnet
import golang
import kotlin
import node
import php
import python
import ruby
import swift
import toolchains
import workspace

BORDER = workspace.ROOT / "tests" / "bench" / "border"
BUILT = workspace.target_dir() / "bench"
HANG = 300
LOADS = 5


def python_ready():
    """The wheel as it is released, in an environment of its own."""
    (wheel,) = python.package()
    workspace.make_environment(BUILT / "venv")
    here = workspace.python_in(BUILT / "venv")
    options = ["--quiet", "--disable-pip-version-check", "--force-reinstall", "--no-index"]
    workspace.run(here, "-m", "pip", "install", *options, wheel, check=True)


def python_command():
    return [workspace.python_in(BUILT / "venv"), BORDER / "border.py"]


def ruby_ready():
    release = dict(os.environ, SEND_IM_PROFILE="release")
    workspace.run("rake", "--quiet", "compile", folder=ruby.PACKAGE, env=release, check=True)


def ruby_command():
    return ["ruby", "-I", ruby.PACKAGE / "lib", BORDER / "border.rb"]


def java_ready():
    kotlin.prepare.cache_clear()
    kotlin.maven("clean", "compile", profile="release", check=True)
    file = BUILT / "classpath.txt"
    kotlin.maven(
        kotlin.BUILD_CLASSPATH, "-DincludeScope=runtime", f"-Dmdep.outputFile={file}", profile="release", check=True
    )


def java_command():
    classes = os.pathsep.join([str(kotlin.TARGET / "classes"), (BUILT / "classpath.txt").read_text().strip()])
    return ["java", "-cp", classes, BORDER / "Border.java"]


def swift_ready():
    swift.prepare("release")
    swift.build(workspace.ROOT, BORDER / "swift-border", "-c", "release")


def swift_command():
    return toolchains.swift_command(workspace.ROOT, BORDER / "swift-border", ".build/release/border")


def c_ready():
    c.install(BUILT / "c", "release")
    c.compiled(["cc", "-std=c99", "-O2", "-Wall", "-Werror"], [BORDER / "border.c"], BUILT / "border", BUILT / "c")


def c_command():
    return [BUILT / "border"]


def go_ready():
    golang.prepare("release")
    golang.gopher("build", "-o", BUILT / "border-go", folder=BORDER / "go", check=True)


def go_command():
    return [BUILT / "border-go"]


def php_ready():
    php.compile_library("release")
    php.composer("dump-autoload", folder=php.PACKAGE)


def php_command():
    return ["php", BORDER / "border.php"]


def node_ready():
    node.prepared("release")


def node_command():
    return ["node", BORDER / "border.mjs"]


def dotnet_ready(folder, project):
    dotnet.build(BORDER / folder / project, BUILT / folder, "--configuration", "Release")


def dotnet_command(folder, program):
    return [*dotnet.prefix(), *dotnet.command(BUILT / folder / program)]


# Name, why it cannot run here (or None), what makes it ready, its command line.
LANGUAGES = [
    ("C", c.problem, c_ready, c_command),
    ("Python", python.problem, python_ready, python_command),
    ("Ruby", ruby.problem, ruby_ready, ruby_command),
    ("JVM", kotlin.problem, java_ready, java_command),
    ("Swift", swift.problem, swift_ready, swift_command),
    (
        "C#",
        dotnet.problem,
        partial(dotnet_ready, "csharp", "Border.csproj"),
        partial(dotnet_command, "csharp", "Border.dll"),
    ),
    (
        "VB",
        dotnet.problem,
        partial(dotnet_ready, "vb", "BorderVb.vbproj"),
        partial(dotnet_command, "vb", "BorderVb.dll"),
    ),
    ("Go", golang.problem, go_ready, go_command),
    ("PHP", php.problem, php_ready, php_command),
    ("Node", node.problem, node_ready, node_command),
]


@cache
def prepare():
    """Makes every language's program ready; gives why some are not."""
    BUILT.mkdir(parents=True, exist_ok=True)
    skipped = {}
    for name, problem, ready, _ in LANGUAGES:
        try:
            why = problem()
            if not why:
                ready()
        except (subprocess.CalledProcessError, OSError) as error:
            print(error, file=sys.stderr, flush=True)
            why = "its program could not be made, see the output of the run"
        if why:
            skipped[name] = why
            print(f"skipped {name}: {why}", file=sys.stderr, flush=True)
    return skipped


def run(servers, scale):
    """Runs every program against the same server as the one in Rust."""
    skipped, measured = prepare(), {}
    for name, _, _, command in LANGUAGES:
        if name in skipped:
            continue
        arguments = [*map(str, command()), str(scale(20_000)), str(scale(300))]
        environment = servers.environment(0, f"border-{name.lower().replace('#', 'sharp')}")
        told = subprocess.run(arguments, env=environment, stdout=subprocess.PIPE, text=True, timeout=HANG, check=True).stdout
        measured[name] = json.loads(told)
        loads = [measured[name].pop("load_ms", None)]
        if loads[0] is not None:
            short = [*map(str, command()), "16", "1"]
            for _ in range(LOADS - 1):
                told = subprocess.run(
                    short, env=environment, stdout=subprocess.PIPE, text=True, timeout=HANG, check=True
                ).stdout
                loads.append(json.loads(told)["load_ms"])
            measured[name]["load_ms"] = statistics.median(loads)
    return {"languages": measured, "skipped": skipped, "libraries": libraries()}


def libraries():
    """The size of each library, stripped, and how long the dynamic linker takes to load it."""
    found = {}
    for name in ("send_im", "send_im_uniffi"):
        (built,) = [
            f for f in (workspace.target_dir() / "release").glob(f"lib{name}.*") if f.suffix in (".so", ".dylib")
        ] or [None]
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
