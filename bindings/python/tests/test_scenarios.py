"""The cases that every language must pass, from ``tests/scenarios/scenarios.json``; its README tells the format."""

from __future__ import annotations

import dataclasses
import json
import threading

import pytest
from conftest import ROOT, eventually

from send_im import Client, Message, Receipt, Sandbox, SendImError, send_im

ERROR_FIELDS = (
    "kind",
    "step",
    "detail",
    "sent",
    "http_status",
    "code",
    "subcode",
    "diagnostics",
    "retry_after",
    "exit_code",
)
TELLING = 10


def merged(default, given):
    if isinstance(default, dict) and isinstance(given, dict) and "repeat" not in given:
        return {name: merged(default.get(name), given.get(name, default.get(name))) for name in {**default, **given}}
    return given


def expanded(value):
    if isinstance(value, dict):
        if value.keys() == {"repeat", "times"}:
            return value["repeat"] * value["times"]
        return {name: expanded(inner) for name, inner in value.items()}
    return [expanded(inner) for inner in value] if isinstance(value, list) else value


def numbered(value, n):
    if isinstance(value, str):
        return value.replace("{n}", str(n))
    return {name: numbered(inner, n) for name, inner in value.items()} if isinstance(value, dict) else value


def load():
    document = json.loads((ROOT / "tests" / "scenarios" / "scenarios.json").read_text())
    return [expanded(merged(document["defaults"], case)) for case in document["cases"]]


CASES = load()


def test_there_are_cases():
    assert len(CASES) > 50


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_scenario(case):
    spec = case["sandbox"]
    with Sandbox(spec["layout"], spec["https"], spec["ring_ms"] / 1000) as sandbox:
        for fault in spec["faults"]:
            sandbox.add_fault(**fault)
        results = act(case, sandbox)
        wanted = len(case["expect"].get("inbox") or ()) * case["count"]
        eventually(lambda: len(sandbox.messages()) >= wanted)
        eventually(lambda: sandbox.open_applications == 0)
        check_results(case, results)
        check_server(case, results, sandbox)


def act(case, sandbox):
    spec = case["account"]
    server = sandbox.url if spec["server"] == "sandbox" else spec["server"].replace("{root}", sandbox.url)
    account = {
        "address": spec["address"],
        "username": spec["username"],
        "password": spec["password"],
        "server": server,
        "ca_file": sandbox.ca_file if spec["ca"] == "right" else None,
    }
    messages = [message(numbered(case["message"], n)) for n in range(1, case["count"] + 1)]
    if case["action"] == "send":
        return [caught(lambda m=m: send_im(**dataclasses.asdict(m), **account)) for m in messages]
    with Client(**account, timeout=case["message"]["timeout_ms"] / 1000) as client:
        return client.send_all(messages) if case["action"] == "send_all" else in_threads(client, messages)


def message(spec):
    return Message(
        spec["to"],
        spec["text"],
        subject=spec["subject"],
        importance=spec["importance"],
        html=spec["html"],
        timeout=spec["timeout_ms"] / 1000,
        wait=spec["wait"],
    )


def in_threads(client, messages):
    results = [None] * len(messages)
    begin = threading.Barrier(len(messages))

    def work(at):
        begin.wait()
        results[at] = caught(lambda: client.send(**dataclasses.asdict(messages[at])))

    threads = [threading.Thread(target=work, args=(at,)) for at in range(len(messages))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def caught(call):
    try:
        return call()
    except SendImError as error:
        return error


def check_results(case, results):
    assert len(results) == case["count"]
    expect = case["expect"]
    for n, result in enumerate(results, 1):
        succeeded = isinstance(result, Receipt)
        assert succeeded == ("receipt" in expect), result
        shown = dataclasses.asdict(result) if succeeded else {name: getattr(result, name) for name in ERROR_FIELDS}
        wanted = numbered(expect["receipt" if succeeded else "error"], n)
        assert {name: shown[name] for name in wanted} == wanted, result
        assert shown.get("exit_code", 0) == expect.get("exit_code", 0)
        everything = f"{shown} {result!r} {result}"
        password, text = case["account"]["password"], numbered(case["message"]["text"], n)
        assert len(password) < TELLING or password not in everything
        assert succeeded or len(text) < TELLING or text not in everything


def check_server(case, results, sandbox):
    expect = case["expect"]
    delivered = [on_the_wire(each) for each in sandbox.messages()]
    if "inbox_count" in expect:
        assert len(delivered) == expect["inbox_count"]
    entries = expect.get("inbox")
    if entries is None and "error" in expect and all(getattr(result, "sent", None) == "no" for result in results):
        entries = []
    if entries is not None:
        left = list(delivered)
        for entry in entries:
            for n in range(1, case["count"] + 1):
                wanted = numbered(entry, n)
                left.remove(next(each for each in left if {name: each[name] for name in wanted} == wanted))
        assert left == []
    if len(results) == 1 and len(delivered) == 1 and isinstance(results[0], Receipt):
        assert delivered[0]["format"] == f"text/{results[0].format}"
    check_requests(expect, sandbox.journal())
    assert sandbox.open_applications == 0


def on_the_wire(delivered):
    """The names and words of the sandbox's own interface, which the scenarios use."""
    members = dataclasses.asdict(delivered)
    members["from"] = members.pop("sender")
    members["importance"] = delivered.importance.capitalize()
    members["format"] = f"text/{delivered.format}"
    return members


def check_requests(expect, journal):
    if "requests" in expect:
        assert len(journal) == expect["requests"], journal
    if "requests_before_accept" in expect:
        way = [exchange for exchange in journal if "/events" not in exchange.path]
        posts = [
            exchange.method == "POST" and exchange.path.lower().endswith("/messaginginvitations") for exchange in way
        ]
        # The invitation itself, and the event channel's answer.
        assert posts.index(True) + 2 <= expect["requests_before_accept"], way
