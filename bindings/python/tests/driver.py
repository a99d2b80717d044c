"""Sends what the judge of ``tests/scenarios`` asks for, a line of JSON a case; the README there says how."""

from __future__ import annotations

import dataclasses
import json
import sys
import threading
from typing import Any, Callable, Union

from send_im import Account, Client, Message, Receipt, SendImError, send_im

Result = Union[Receipt, SendImError]


def run(task: dict[str, Any]) -> list[Result]:
    seconds(task["account"])
    timeout = task["account"].pop("timeout")
    account = Account(**task["account"])
    messages = [Message(**seconds(each)) for each in task["messages"]]
    if task["action"] == "send":
        return [caught(lambda m=m: send_im(**dataclasses.asdict(m), account=account)) for m in messages]
    with Client(account, sign_in_timeout=timeout) as client:
        return client.send_all(messages) if task["action"] == "send_all" else in_threads(client, messages)


def seconds(members: dict[str, Any]) -> dict[str, Any]:
    members["timeout"] = members.pop("timeout_ms") / 1000
    return members


def in_threads(client: Client, messages: list[Message]) -> list[Result]:
    results: list[Any] = [None] * len(messages)
    begin = threading.Barrier(len(messages))

    def work(at: int) -> None:
        begin.wait()
        results[at] = caught(lambda: client.send(**dataclasses.asdict(messages[at])))

    threads = [threading.Thread(target=work, args=(at,)) for at in range(len(messages))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def caught(call: Callable[[], Receipt]) -> Result:
    try:
        return call()
    except SendImError as error:
        return error


def shown(result: Result) -> dict[str, Any]:
    printed = {"printed": f"{result!r} {result}"}
    if isinstance(result, Receipt):
        return {"receipt": {**dataclasses.asdict(result), **printed}}
    return {"error": {**vars(result), **printed}}


for line in sys.stdin:
    print(json.dumps([shown(result) for result in run(json.loads(line))], default=str), flush=True)
