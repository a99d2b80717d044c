"""Feeds arbitrary bytes to everything that reads bytes of others, with libFuzzer on the stable toolchain.

SECONDS says how long each target runs (600), TARGETS picks some, JOBS how many run at a time (1). What a run finds of use
stays in target/fuzz/corpus, so that the next one goes on from there. A crash is a failure; its input lies beside.
"""

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import workspace

FUZZ = workspace.ROOT / "tests" / "fuzz"
CORE = ["challenge", "hypermedia", "events", "data_uri", "links", "address", "profile", "html"]
TARGETS = [*CORE, "options"]
LONGEST_INPUT = 4096
MEMORY_MB = 1024
SLOWEST_INPUT_S = 10

# What cargo-fuzz passes, but for what needs a nightly compiler.
COVERAGE = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
]


def host():
    """The triple of this machine. Naming it keeps the flags away from build scripts."""
    told = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    return re.search(r"^host: (\S+)$", told, re.M)[1]


def build(folder):
    """Builds the fuzzers; gives the folder they are in."""
    triple = host()
    built = folder / triple / "fuzz"
    flags = [*COVERAGE, f"-Lnative={built}", f"-Clink-arg=-Wl,-rpath,{built}"]
    environment = dict(os.environ, CARGO_ENCODED_RUSTFLAGS="\x1f".join(flags), CARGO_TARGET_DIR=str(folder))
    command = ["cargo", "build", "--quiet", "--profile", "fuzz", "--target", triple, "-p", "send-im-c", "-p", "send-im-fuzz"]
    # The fuzzer of the options links the C library as a program does, so that comes first. Naming both packages each time
    # keeps what they depend on the same.
    for what in (["--lib", "--bin", "fuzz-core"], ["--bins"]):
        workspace.run(*command, *what, env=environment, check=True)
        library = built / "libsend_im.so"
        versioned = built / "libsend_im.so.1"
        if library.exists() and not versioned.exists():
            versioned.symlink_to(library.name)
    return built


def fuzz(target, built, folder, seconds):
    """Runs one target; gives its row and, after a crash, the end of its log."""
    corpus, found = folder / "corpus" / target, folder / "found" / target
    for place in (corpus, found):
        place.mkdir(parents=True, exist_ok=True)
    program = built / ("fuzz-options" if target == "options" else "fuzz-core")
    command = [
        program,
        corpus,
        FUZZ / "seeds" / target,
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST_INPUT}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-timeout={SLOWEST_INPUT_S}",
        f"-dict={FUZZ / 'dictionary.txt'}",
        f"-artifact_prefix={found}/",
        "-print_final_stats=1",
        "-use_value_profile=1",
    ]
    with tempfile.TemporaryDirectory() as home:
        # No account of this machine, and no profile file.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SEND_IM_")}
        environment.update(FUZZ_TARGET=target, HOME=home, XDG_CONFIG_HOME=home)
        ended = subprocess.run(
            [str(part) for part in command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    log = ended.stderr
    (folder / f"{target}.log").write_text(log)
    figure = lambda pattern: (re.findall(pattern, log) or ["?"])[-1]  # noqa: E731
    row = (
        target,
        figure(r"number_of_executed_units: (\d+)"),
        figure(r"average_exec_per_sec: +(\d+)"),
        figure(r"\bcov: (\d+)"),
        figure(r"\bcorp: (\d+)"),
        figure(r"peak_rss_mb: +(\d+)"),
    )
    return row, (ended.returncode, "" if ended.returncode == 0 else log[-4000:])


def main():
    seconds = int(os.environ.get("SECONDS_EACH") or 600)
    wanted = os.environ.get("TARGETS", "").split() or TARGETS
    unknown = set(wanted) - set(TARGETS)
    if unknown:
        sys.exit(f"TARGETS: there is no {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}.")
    folder = workspace.target_dir() / "fuzz"
    built = build(folder)
    crashed = False
    print(f"{'target':<12} {'executions':>12} {'a second':>9} {'coverage':>9} {'corpus':>7} {'peak MB':>8}  result", flush=True)
    with ThreadPoolExecutor(int(os.environ.get("JOBS") or 1)) as pool:
        for row, (code, log) in pool.map(lambda target: fuzz(target, built, folder, seconds), wanted):
            crashed |= code != 0
            result = f"crashed ({code}), see {Path(folder, 'found', row[0])}" if code else "nothing found"
            print("{:<12} {:>12} {:>9} {:>9} {:>7} {:>8}  ".format(*row) + result, flush=True)
            if log:
                print(log, flush=True)
    sys.exit(1 if crashed else 0)


if __name__ == "__main__":
    main()
