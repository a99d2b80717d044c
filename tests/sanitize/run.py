"""Runs the parts that share memory by hand under tools that see what a test cannot.

loom     the pieces that threads share by hand, in every order in which they can come to a lock
miri     the conversions of the C interface (its unsafe code), and the pieces that threads share, in some orders of the threads
thread   the tests of the C interface under ThreadSanitizer, with the library and the standard library compiled for it
leak     the same tests under LeakSanitizer

TOOLS picks some; REQUIRE_ALL=1 allows no gaps. Miri and ThreadSanitizer need a nightly toolchain with the components miri and rust-src.
"""

import os
import shutil
import subprocess
import sys

import workspace
from outcome import Outcome, counted
from workspace import clean

ORDERS = 16
# They have tests in a module `models`.
WITH_MODELS = ["send-im-c", "send-im-uniffi"]
# Package, orders of its threads, and the tests of it that Miri can follow: no sockets, no foreign code.
UNDER_MIRI = [
    ("send-im-c", 1, ["ffi::", "options::"]),
    ("send-im-runtime", ORDERS, ["slots::", "lineage::", "sync::"]),
    ("send-im", ORDERS, ["sent_status::", "outbox::schedule::"]),
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


def skipped(*components):
    """What is counted where the nightly toolchain cannot do this; None where it can."""
    missing = nightly_problem(*components)
    return Outcome(skipped=1, why=[missing]) if missing else None


def loom():
    chosen = {"RUSTFLAGS": "--cfg send_im_loom", "LOOM_MAX_PREEMPTIONS": PREEMPTIONS, "CARGO_TARGET_DIR": target("loom")}
    return total(counted("cargo", "test", "-p", package, "--lib", "models::", env=clean() | chosen) for package in WITH_MODELS)


def miri():
    # Each by itself: one that has no tests any more has failed.
    return skipped("miri", "rust-src") or total(under_miri(*one, test) for *one, tests in UNDER_MIRI for test in tests)


def under_miri(package, orders, test):
    flags = "-Zmiri-disable-isolation" + (f" -Zmiri-many-seeds=0..{orders}" if orders > 1 else "")
    chosen = {"MIRIFLAGS": flags, "CARGO_TARGET_DIR": target("miri")}
    return counted("cargo", "+nightly", "miri", "test", "-p", package, "--lib", "--", test, env=clean() | chosen)


def target(name):
    return str(workspace.target_dir() / name)


def total(outcomes):
    return sum(outcomes, Outcome())


def thread():
    return skipped("rust-src") or counted("make", "-C", workspace.BINDINGS / "c", "check-thread")


def leak():
    return counted("make", "-C", workspace.BINDINGS / "c", "check-leak")


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
    gaps = os.environ.get("REQUIRE_ALL") == "1" and any(outcome.skipped for outcome in rows.values())
    sys.exit(1 if gaps or any(outcome.failed for outcome in rows.values()) else 0)


if __name__ == "__main__":
    main()
