"""The scenarios as a table for C, and the comparison of what came of them. The format is in tests/scenarios/README.md."""

import json

import workspace
from outcome import Outcome

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


def cases():
    """Every case with its defaults."""
    document = json.loads((workspace.ROOT / "tests" / "scenarios" / "scenarios.json").read_text())
    return [expanded(merged(document["defaults"], case)) for case in document["cases"]]


def table():
    """The cases as C. Texts are lists of bytes: some are longer than a literal may be."""
    texts, rows = {}, []

    def text(value):
        if value is None:
            return "0"
        name = texts.setdefault(value, f"text_{len(texts)}")
        return name

    lists = []
    for at, case in enumerate(cases()):
        sandbox, account, message = case["sandbox"], case["account"], case["message"]
        options = json.dumps({name: sandbox[name] for name in ("layout", "https", "ring_ms")})
        faults = [text(json.dumps(fault)) for fault in sandbox["faults"]]
        lists.append(f"static const char *const faults_{at}[] = {{{', '.join([*faults, '0'])}}};")
        server = "{root}" if account["server"] == "sandbox" else account["server"]
        row = [
            text(json.dumps(case["name"])),
            text(options),
            f"faults_{at}",
            *(text(account[name]) for name in ("address", "username", "password")),
            text(server),
            str(int(account["ca"] == "right")),
            text(case["action"]),
            str(case["count"]),
            text(message["to"]),
            text(message["text"]),
            text("true" if message["html"] else "false"),
            text(message["subject"]),
            text(message["importance"]),
            text(str(message["timeout_ms"])),
            text(message["wait"]),
            str(len(case["expect"].get("inbox") or ()) * case["count"]),
        ]
        rows.append(f"    {{{', '.join(row)}}},")
    signed = [
        f"static const char {name}[] = {{{', '.join(str(b - 256 if b > 127 else b) for b in value.encode())}"
        f"{', ' if value else ''}0}};"
        for value, name in texts.items()
    ]
    return "\n".join([*signed, *lists, "static const scenario scenarios[] = {", *rows, "};", ""])


def compared(output):
    """What the runner told, against what is expected. One test a case."""
    told = {}
    for line in output.splitlines():
        case = json.loads(line)
        told[case["name"]] = case
    outcome = Outcome()
    for case in cases():
        name = case["name"]
        try:
            check(case, told[name])
            outcome.passed += 1
            outcome.scenarios += 1
            print(f"ok - {name}")
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            outcome.failed += 1
            print(f"not ok - {name}: {type(error).__name__} {error}")
    return outcome


def expect_that(condition, what):
    if not condition:
        raise AssertionError(what)


def check(case, told):
    expect, results, inbox = case["expect"], told["results"], told["inbox"]
    expect_that(len(results) == case["count"], f"{len(results)} results")
    side = "receipt" if "receipt" in expect else "error"
    for n, result in enumerate(results, 1):
        expect_that(side in result, result)
        shown = result[side]
        wanted = numbered(expect[side], n)
        expect_that({name: shown[name] for name in wanted} == wanted, result)
        expect_that(shown.get("exit_code", 0) == expect.get("exit_code", 0), result)
        everything = json.dumps(shown, ensure_ascii=False)
        password, text = case["account"]["password"], numbered(case["message"]["text"], n)
        expect_that(len(password) < TELLING or password not in everything, "the password is told")
        expect_that(side == "receipt" or len(text) < TELLING or text not in everything, "the text is told")
    entries = expect.get("inbox")
    if "inbox_count" in expect:
        expect_that(len(inbox) == expect["inbox_count"], inbox)
    if entries is None and side == "error" and all(result["error"]["sent"] == "no" for result in results):
        entries = []
    if entries is not None:
        left = list(inbox)
        for entry in entries:
            for n in range(1, case["count"] + 1):
                wanted = numbered(entry, n)
                found = next((each for each in left if {name: each[name] for name in wanted} == wanted), None)
                expect_that(found is not None, f"{wanted} was not delivered")
                left.remove(found)
        expect_that(left == [], left)
    if len(results) == 1 and len(inbox) == 1 and side == "receipt":
        expect_that(inbox[0]["format"] == f"text/{results[0]['receipt']['format']}", inbox)
    check_requests(expect, told["journal"])
    expect_that(told["open"] == 0, f"{told['open']} open applications")


def check_requests(expect, journal):
    if "requests" in expect:
        expect_that(len(journal) == expect["requests"], journal)
    if "requests_before_accept" in expect:
        way = [each for each in journal if "/events" not in each["path"]]
        posts = [each["method"] == "POST" and each["path"].lower().endswith("/messaginginvitations") for each in way]
        # The invitation itself, and the event channel's answer.
        expect_that(posts.index(True) + 2 <= expect["requests_before_accept"], way)
