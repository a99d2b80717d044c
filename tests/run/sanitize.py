"""Runs the parts that share memory by hand under tools that see what a test cannot.

loom     the pieces that threads share by hand, in every order in which they can come to a lock
miri     the conversions of the C interface (its unsafe code), and the pieces that threads share, in some orders of the threads
thread   the tests of the C interface under ThreadSanitizer, with the library and the standard library compiled for it
leak     the same tests under LeakSanitizer

TOOLS picks some. Miri and ThreadSanitizer need a nightly toolchain with the components miri and rust-src.
"""

import os
import re
import shutil
import subprocess
import sys

import c
import workspace
from outcome import Outcome

ORDERS = 16
NIGHTLY = ["cargo", "+nightly"]
# They have tests in a module `models`.
WITH_MODELS = ["send-im-c", "send-im-uniffi"]
# Package and the tests of it that Miri can follow: no sockets, no foreign code.
UNDER_MIRI = [
    ("send-im-c", ["ffi::", "sandbox_options::", "options::"], 1),
    ("send-im-runtime", ["slots::", "lineage::", "sync::"], ORDERS),
    ("send-im", ["sent_status::", "outbox::schedule::"], ORDERS),
]


# So often a thread is interrupted in one run of a model. Loom's own documentation advises two or three.
PREEMPTIONS = "3"


def nightly_problem(*components):
    """Why the nightly toolchain cannot do this here, or None."""
    listed = subprocess.run(
        ["rustup", "component", "list", "--installed", "--toolchain", "nightly"], capture_output=True, text=True
    )
    missing = [name for name in components if not any(line.startswith(name) for line in listed.stdout.splitlines())]
    if listed.returncode:
        return "no nightly toolchain (rustup toolchain install nightly)"
    if missing:
        return f"rustup component add --toolchain nightly {' '.join(missing)}"
    return None


def result(name, ended):
    if ended.returncode:
        return Outcome(failed=1, why=[f"{name} ended with {ended.returncode}, see above"])
    return Outcome(passed=1)


def loom():
    environment = dict(
        os.environ,
        RUSTFLAGS="--cfg send_im_loom",
        LOOM_MAX_PREEMPTIONS=PREEMPTIONS,
        CARGO_TARGET_DIR=str(workspace.target_dir() / "loom"),
    )
    outcome = Outcome()
    for package in WITH_MODELS:
        command = ["cargo", "test", "--quiet", "-p", package, "--lib", "models::"]
        told = subprocess.run(command, env=environment, cwd=workspace.ROOT, stdout=subprocess.PIPE, text=True)
        print(told.stdout, flush=True)
        outcome += result(f"loom over {package}", told)
        if not re.search(r"^test result: ok\. [1-9]", told.stdout, re.M):
            outcome += Outcome(failed=1, why=[f"no model of {package} ran"])
    return outcome


def miri():
    missing = nightly_problem("miri", "rust-src")
    if missing:
        return Outcome(skipped=1, why=[missing])
    outcome = Outcome()
    for package, tests, orders in UNDER_MIRI:
        flags = "-Zmiri-disable-isolation" + (f" -Zmiri-many-seeds=0..{orders}" if orders > 1 else "")
        environment = dict(os.environ, MIRIFLAGS=flags, CARGO_TARGET_DIR=str(workspace.target_dir() / "miri"))
        command = [*NIGHTLY, "miri", "test", "-p", package, "--lib", "--", *tests]
        told = subprocess.run(command, env=environment, cwd=workspace.ROOT, stdout=subprocess.PIPE, text=True)
        print(told.stdout, flush=True)
        outcome += result(f"miri over {package}", told)
        for name in tests:
            if not re.search(rf"^test {name}.* ok$", told.stdout, re.M):
                outcome += Outcome(failed=1, why=[f"no test of {package} begins with {name}"])
    return outcome


def compiled_for(sanitizer):
    """The C tests and a library that both report to this sanitizer's runtime, which comes with Rust."""
    triple = next(
        line.split()[1]
        for line in subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout.splitlines()
        if line.startswith("host:")
    )
    folder = workspace.target_dir() / f"{sanitizer}-sanitizer"
    environment = dict(os.environ, RUSTFLAGS=f"-Zsanitizer={sanitizer}", CARGO_TARGET_DIR=str(folder))
    command = [*NIGHTLY, "build", "--quiet", "-Zbuild-std", "--target", triple, "-p", "send-im-c", "--features", "panic-test"]
    workspace.run(*command, env=environment, check=True)
    sysroot = subprocess.run(
        ["rustc", "+nightly", "--print", "target-libdir"], capture_output=True, text=True, check=True
    ).stdout.strip()
    runtime = f"{sysroot}/librustc-nightly_rt.{sanitizer[0]}san.a"
    built, program = folder / triple / "debug", folder / "tests"
    options = [f'-DSEND_IM_VERSION="{workspace.version()}"', f"-I{c.TESTS}", f"-I{c.PACKAGE / 'include'}"]
    objects = []
    for source in c.UNITS:
        out = folder / f"{source.stem}.o"
        workspace.run(*c.C99, f"-fsanitize={sanitizer}", "-g", *options, "-c", source, "-o", out, check=True)
        objects.append(out)
    whole = ["-Wl,--whole-archive", runtime, "-Wl,--no-whole-archive", "-rdynamic"]
    system = ["-lstdc++", "-lm", "-ldl", "-lrt", "-pthread"]
    workspace.run("cc", *objects, built / "libsend_im.a", *whole, *system, "-o", program, check=True)
    return program


def thread():
    missing = nightly_problem("rust-src")
    if missing:
        return Outcome(skipped=1, why=[missing])
    options = f"exitcode=66 suppressions={workspace.ROOT / 'tests' / 'run' / 'tsan.supp'}"
    return c.tests([compiled_for("thread")], SEND_IM_QUICK="1", TSAN_OPTIONS=options)


def leak():
    return c.tests([c.units("tests-lsan", c.C99, "-fsanitize=leak")], SEND_IM_QUICK="1")


TOOLS = {"loom": loom, "miri": miri, "thread": thread, "leak": leak}


def main():
    wanted = os.environ.get("TOOLS", "").split() or list(TOOLS)
    unknown = set(wanted) - set(TOOLS)
    if unknown:
        sys.exit(f"TOOLS: there is no {', '.join(sorted(unknown))}; there are {', '.join(TOOLS)}.")
    if not shutil.which("cc"):
        sys.exit("sanitize: no cc on PATH")
    rows = {}
    for name in wanted:
        print(f"\n== {name} ==", flush=True)
        try:
            rows[name] = TOOLS[name]()
        except subprocess.SubprocessError as error:
            rows[name] = Outcome(failed=1, why=[str(error)[:200]])
    print(f"\n{'tool':<8} {'passed':>7} {'failed':>7} {'skipped':>8}  why")
    for name, outcome in rows.items():
        print(f"{name:<8} {outcome.passed:>7} {outcome.failed:>7} {outcome.skipped:>8}  {'; '.join(outcome.why)}".rstrip())
    sys.exit(1 if any(outcome.failed for outcome in rows.values()) else 0)


if __name__ == "__main__":
    main()
