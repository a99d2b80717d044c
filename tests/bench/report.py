"""Writes BENCHMARKS.md and its plot from the figures of a run. What a person has to say stands in tests/bench/notes.md."""

import os
import platform
import re
import statistics
from functools import partial
from pathlib import Path

import plot
import workspace

BENCH = workspace.ROOT / "tests" / "bench"
REPORT = workspace.ROOT / "BENCHMARKS.md"
PLOT = BENCH / "round-trip.svg"
FIRST_AT = "40"
PLOTTED = ["0", "5", "20", "50"]

FIRST, NEXT, MANY, TRACE_BYTES = 1.15, 1.15, 0.8, 8192
HTTP1_SESSION_KIB, HTTP2_SESSION_KIB = 64, 80
SEND, SEND_ALL, LOAD_MS, LIBRARY_MB = 1.1, 0.75, 50, 6.0
EXCHANGES, CONNECTIONS = 8, 1


class Budget:
    """Collects what is within its budget and what is not."""

    def __init__(self):
        self.rows = []

    def __call__(self, section, what, value, limit, unit="", least=False, digits=2):
        met = value >= limit if least else value <= limit
        sign = "≥" if least else "≤"
        shown = f"{value:.{digits}f}{unit}"
        self.rows.append((section, what, shown, f"{sign} {limit:g}{unit}", met))
        return f"**{shown}** ({sign} {limit:g}{unit}{'' if met else ', **missed**'})"

    def missed(self, section):
        return any(not met for where, *_, met in self.rows if where == section)


def write(results):
    """Writes the report and the plot."""
    budget = Budget()
    notes = read_notes()
    sections = []
    for key, title, make in SECTIONS:
        if key not in results:
            continue
        text = make(results[key], budget)
        note = notes.get(key, "").strip()
        if budget.missed(key) and not note:
            note = (
                f"A budget is missed here and nobody has said why yet: the place is `tests/bench/notes.md`, section `{key}`."
            )
        sections.append("\n\n".join(filter(None, [f"## {title}", text, note])))
    if {"first", "next", "today"} <= results.keys():
        PLOT.write_text(plot.draw(series(results)))
        picture = f"![Time of a message against the round trip]({PLOT.relative_to(workspace.ROOT).as_posix()})"
    else:
        picture = ""
    head = [INTRODUCTION.format(machine=machine()), summary(budget), picture, notes.get("profile", "")]
    REPORT.write_text("\n\n".join(filter(None, [part.strip() for part in head] + sections)) + "\n")
    print(f"{REPORT.name}: {sum(met for *_, met in budget.rows)} of {len(budget.rows)} budgets are kept")


INTRODUCTION = """
# Benchmarks

Written by `make bench`; what is compared runs in turn in one run, against a sandbox in another process. Figures are medians
where something is measured more than once.
Ratios say something on any machine, times only on this one: {machine}.

A link of some length is a proxy that holds every piece back for half of the round trip each way and lets a new connection
wait one round trip more, as TCP does. *Bare* is reqwest making the same requests and reading the same events, without
deadlines, retries or checks: [bare.rs](tests/bench/src/bare.rs).
"""


def summary(budget):
    rows = [[what, shown, limit, "yes" if met else "**no**"] for _, what, shown, limit, met in budget.rows]
    return table(["what", "measured", "budget", "kept"], rows)


def machine():
    """Processor, cores, kernel, compilers: what figures depend on, and nothing that names the machine."""
    model = ""
    if Path("/proc/cpuinfo").exists():
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        model = found[1].strip() if found else ""
    kernel = ".".join(platform.release().split("-")[0].split(".")[:2])
    rust = workspace.run("rustc", "--version", capture_output=True, text=True).stdout.split()
    release = f", Rust {rust[1]}" if len(rust) > 1 else ""
    return f"{os.cpu_count()} cores of {model or platform.machine()}, {platform.system()} {kernel}{release}"


def read_notes():
    """The hand-written notes, by section."""
    text = (BENCH / "notes.md").read_text() if (BENCH / "notes.md").exists() else ""
    parts = re.split(r"^## ([\w-]+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2])))


def table(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def ms(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def limit_of_first(measured):
    return measured["handshake"]["p50"] + EXCHANGES * measured["exchange"]["p50"]


def first(results, budget):
    rows = []
    http1 = f"{FIRST_AT} ms, HTTP/1.1"
    over = {FIRST_AT: f"first message, {FIRST_AT} ms, over the limit", http1: f"first message, {http1}, over the limit"}
    for at, measured in [*results["at"].items(), (http1, results["http1"])]:
        limit, ours = limit_of_first(measured), measured["ours"]["p50"]
        ratio = ours / limit
        shown = budget("first", over[at], ratio, FIRST) if at in over else f"{ratio:.2f}"
        rows.append(
            [at if at == http1 else f"{at} ms", ms(measured["handshake"]["p50"]), ms(measured["exchange"]["p50"]), ms(limit)]
            + [ms(measured["until_receipt"]["p50"]), ms(ours), shown]
        )
    head = ["round trip", "handshake", "exchange", "limit", "until the receipt", "ours", "ours / limit"]
    cold = results["cold"] / limit_of_first(results["at"][FIRST_AT])
    traffic = results["traffic"]
    exchanges = results["at"][FIRST_AT]["exchanges"]
    counts = [
        "Over https, each time an account of its own, so that nothing is remembered. The limit is a TLS handshake and "
        f"{EXCHANGES} exchanges one after the other, the last of which signs out; both are measured by bare rustls and "
        "reqwest on the same link.",
        table(head, rows),
        f"In a process that has just been started, {FIRST_AT} ms: {ms(results['cold'])} ms, "
        f"{budget('first', f'the same in a process just started, {FIRST_AT} ms', cold, FIRST)} of the limit.",
        f"One send makes {budget('first', 'exchanges of a first message, signing out included', exchanges, EXCHANGES, digits=0)} "
        f"exchanges over {budget('first', 'connections of a first message', traffic['connections'], CONNECTIONS, digits=0)} "
        f"connection: {traffic['up']:,} bytes up, {traffic['down']:,} down, TLS included.",
    ]
    netem = results["netem"]
    if "skipped" in netem:
        counts.append(f"Delayed by the kernel itself (tc netem, {FIRST_AT} ms): not measured, {netem['skipped']}.")
    else:
        ratio = netem["ours"]["p50"] / limit_of_first(netem)
        shown = budget("first", f"first message, {FIRST_AT} ms by tc netem, over the limit", ratio, FIRST)
        counts.append(
            f"Delayed by the kernel itself (tc netem in a network namespace, {FIRST_AT} ms): handshake "
            f"{ms(netem['handshake']['p50'])}, exchange {ms(netem['exchange']['p50'])}, limit {ms(limit_of_first(netem))}, "
            f"ours {ms(netem['ours']['p50'])} ms: {shown}."
        )
    return "\n\n".join(counts)


def following(results, budget):
    rows = []
    for kind, name in (("new", "new recipient"), ("same", "same recipient")):
        for at, measured in results.items():
            ours, bare = measured[kind]["ours"]["p50"], measured[kind]["bare"]["p50"]
            shown = f"{ours / bare:.2f}"
            if at in ("0", "20"):
                shown = budget("next", f"next message, {name}, {at} ms, over POST and event", ours / bare, NEXT)
            rows.append([name, f"{at} ms", ms(measured["post"]["p50"]), ms(bare), ms(ours), shown])
    head = ["to", "round trip", "bare POST alone", "bare POST and event", "ours", "ours / POST and event"]
    return (
        "One POST; the receipt is there when its event has come on the GET that was pending all the while. The sandbox gathers "
        "events for 3 ms before it answers that GET, as a pool does, which are 4 to 5 with the timer and the work. So the limit "
        "is a bare POST with its event and not the POST alone, which is shown beside it.\n\n" + table(head, rows)
    )


def middle(rounds, who, what):
    return statistics.median(r[who][what] for r in rounds)


def throughput(results, budget):
    names = {"each": "a new recipient each", "few": "100 recipients"}
    rows = []
    for name, rounds in results["send_all"].items():
        ours = statistics.median(r["send-all"]["per_second"] for r in rounds)
        bare = statistics.median(r["bare"]["per_second"] for r in rounds)
        ratio = statistics.median(r["send-all"]["per_second"] / r["bare"]["per_second"] for r in rounds)
        shown = budget("throughput", f"send_all, {names[name]}, of bare", ratio, MANY, least=True)
        rows.append(
            [f"{rounds[0]['send-all']['messages']:,}, {names[name]}", f"{ours:,.0f}", f"{bare:,.0f}", shown]
            + [f"{middle(rounds, 'send-all', 'posts'):.2f} / {middle(rounds, 'bare', 'posts'):.2f}"]
            + [f"{middle(rounds, 'send-all', 'processor_us'):.0f} / {middle(rounds, 'bare', 'processor_us'):.0f}"]
            + [f"{middle(rounds, 'send-all', 'grown_kib') / 1024:.1f} / {middle(rounds, 'bare', 'grown_kib') / 1024:.1f}"]
        )
    head = ["send_all", "ours a second", "bare a second", "ours / bare", "POSTs a message", "processor µs a message", "MiB"]
    growth = [
        [f"{row['in_flight']:,}", f"{row['sends']['per_second']:,.0f}", f"{row['bare']['per_second']:,.0f}"]
        + [f"{row['sends']['per_second'] / row['bare']['per_second']:.2f}"]
        + [f"{row['sends']['processor_us']:.0f} / {row['bare']['processor_us']:.0f}"]
        + [f"{row['sends']['grown_kib'] / 1024:.1f} / {row['bare']['grown_kib'] / 1024:.1f}"]
        for row in results["in_flight"]
    ]
    return (
        "One session over https on the loopback; two figures separated by a slash are ours / bare. Bare has 32 messages under way, as "
        "`send_all` has, and makes as few requests as there can be: one invitation a recipient, the rest of what there is for "
        "that recipient into the same conversation, and its end.\n\n"
        + table(head, rows)
        + "\n\nTasks that call `send`, each to a new recipient. Of one account at most 32 sends are under way, whatever the "
        "program asks for: servers refuse a user more than 100 requests, and are known to allow 50 open conversations.\n\n"
        + table(
            ["asked to be under way", "ours a second", "bare a second", "ours / bare", "processor µs a message", "MiB"],
            growth,
        )
    )


def accounts(results, budget):
    names = {
        "ca_file": "https, private authority by `ca_file`",
        "system": "https, authority known to the system",
        "http1": "https, HTTP/1.1",
        "http": "http on the loopback",
    }
    rows = []
    for key, measured in results.items():
        most = HTTP1_SESSION_KIB if key.startswith("http") else HTTP2_SESSION_KIB
        idle = budget("accounts", f"KiB an idle session, {names[key]}", measured["idle_kib"], most, digits=0)
        rows.append(
            [names[key], idle, f"{measured['after_send_kib']:.0f}", f"{measured['idle_processor'] * 100:.1f} %"]
            + [f"{measured['sign_in_s']:.1f}", f"{measured['sign_in_processor_ms']:.1f}", f"{measured['send_s']:.2f}"]
            + [f"{measured['sign_out_s']:.1f}"]
        )
    head = [
        "server",
        "KiB idle",
        "KiB after a send",
        "processor idle",
        "sign in all, s",
        "processor ms each",
        "one send from each, s",
    ]
    count = next(iter(results.values()))["count"]
    return f"{count:,} signed-in clients in one process; the memory is what its resident set has grown.\n\n" + table(
        [*head, "sign out all, s"], rows
    )


def memory(results, budget):
    rows = []
    for kind, name in (("new", "new recipient, end of the conversation included"), ("same", "same recipient")):
        ours, bare = results[kind]["ours"], results[kind]["bare"]
        rows.append(
            [
                name,
                f"{ours['allocations']:.0f}",
                f"{bare['allocations']:.0f}",
                f"{ours['bytes'] / 1024:.1f}",
                f"{bare['bytes'] / 1024:.1f}",
            ]
        )
    trace = results["receipt_bytes"] + max(0, results["left_bytes"])
    shown = budget("memory", "bytes a finished message keeps", trace, TRACE_BYTES, digits=0)
    return (
        table(["allocations of a send", "ours", "bare", "KiB ours", "KiB bare"], rows)
        + f"\n\nA finished message keeps {shown} bytes: its receipt, {results['receipt_bytes']:.0f}, while the program holds it, "
        f"and {max(0, results['left_bytes']):.0f} in the client. A signed-in session has {results['session_kib']:.0f} KiB "
        "allocated, in a program that holds one; what is resident with a thousand of them stands above."
    )


def languages(results, budget):
    judged = partial(budget, "languages")
    programs = results["languages"]
    rust = [{"ours": run[when]} for rounds in programs.values() for run in rounds for when in ("before", "after")]
    rows = []
    for name, rounds in [("Rust", rust), *programs.items()]:
        p50, p99, rate = (middle_of(rounds, figure) for figure in (median_send, slow_send, per_second))
        send = send_all = load = ""
        if name != "Rust":
            send = judged(f"one send, {name}, of Rust's time", of_rust(rounds, median_send), SEND)
            send_all = judged(f"send_all, {name}, of Rust's rate", of_rust(rounds, per_second), SEND_ALL, least=True)
        if "load_ms" in rounds[0]["ours"]:
            load = judged(f"ms to load, {name}", middle_of(rounds, lambda run: run["load_ms"]), LOAD_MS, digits=0)
        rows.append([name, ms(p50), ms(p99), send, f"{rate:,.0f}", send_all, load])
    head = ["language", "one send, ms", "p99, ms", "of Rust's", "send_all, messages a second", "of Rust's", "load, ms"]
    sizes = [
        [name, judged(f"MB of {name}, stripped", library["bytes"] / 1e6, LIBRARY_MB), f"{library['load_ms']:.1f}"]
        for name, library in results["libraries"].items()
    ]
    skipped = "".join(f"\n\nskipped {name}: {why}" for name, why in results["skipped"].items())
    return (
        f"One session over http on the loopback: {results['sends']:,} sends to one recipient, each waited for, then one `send_all` "
        f"of {results['many']:,} messages to 100 recipients. Rust runs before and after every language; a ratio is to the mean of "
        "the two, and the median of the rounds. *Load* is the import in Python and Ruby, and with the first call in Java, .NET, "
        "PHP and Node.\n\n"
        + table(head, rows)
        + skipped
        + "\n\n"
        + table(["library, with sandbox", "MB stripped", "dlopen, ms"], sizes)
    )


def median_send(run):
    return run["send"]["p50"]


def slow_send(run):
    return run["send"]["p99"]


def per_second(run):
    return run["send_all_per_second"]


def middle_of(rounds, figure):
    return statistics.median(figure(run["ours"]) for run in rounds)


def of_rust(rounds, figure):
    """A figure of a language over the mean of Rust's before and after it: the median of the rounds."""
    return statistics.median(2 * figure(run["ours"]) / (figure(run["before"]) + figure(run["after"])) for run in rounds)


def today(results, budget):
    rows = []
    ours = results["ms"]["ours, Rust"]
    for name, times in results["ms"].items():
        if not times:
            continue
        traffic = results["traffic"].get(name, {})
        bytes_ = (traffic.get("up", 0) + traffic.get("down", 0)) / 1024
        row = [name, *(ms(times[at]) for at in times), *(f"{times[at] / ours[at]:.1f}" for at in ("0", FIRST_AT))]
        rows.append([*row, traffic.get("connections", ""), f"{bytes_:.0f}"])
    skipped = "".join(f"\n\nskipped {name}: {why}" for name, why in results["skipped"].items())
    return (
        "The vendor's walk-through of sending a message, followed step by step: [in Python](tests/bench/today/walk.py), "
        "[in PHP](tests/bench/today/walk.php), with a connection a request as samples do it and with connections kept. "
        "Milliseconds from nothing to signed out, the program itself already running.\n\n"
        + table(
            ["client", *(f"{at} ms" for at in ours), "times ours, 0 ms", f"times ours, {FIRST_AT} ms", "connections", "KiB"],
            rows,
        )
        + skipped
    )


SECTIONS = [
    ("first", "A first message, nothing cached", first),
    ("next", "The next message of an open session", following),
    ("throughput", "Many messages over one session", throughput),
    ("accounts", "Many accounts in one process", accounts),
    ("memory", "Allocations, and what stays of a message", memory),
    ("languages", "Each language beside Rust", languages),
    ("today", "Against what people do today", today),
]


def series(results):
    """The lines of the plot."""
    at = results["first"]["at"]
    lines = [
        ("first message, ours", "ours", {int(x): at[x]["ours"]["p50"] for x in PLOTTED}),
        ("first message, limit", "limit", {int(x): limit_of_first(at[x]) for x in PLOTTED}),
    ]
    for name, times in results["today"]["ms"].items():
        if times and not name.startswith("ours"):
            lines.append((name, "python" if "Python" in name else "php", {int(x): times[x] for x in PLOTTED}))
    following = results["next"]
    lines.append(("next message, ours", "next", {int(x): following[x]["new"]["ours"]["p50"] for x in PLOTTED}))
    lines.append(("next message, limit", "next limit", {int(x): following[x]["new"]["bare"]["p50"] for x in PLOTTED}))
    return lines
