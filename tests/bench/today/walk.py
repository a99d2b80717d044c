"""Sends one instant message as the vendor's walk-through does it, step by step, with requests.

Usage: walk.py new|keep ROUNDS. `new` makes a connection a request, as samples do; `keep` uses one session. Prints one line of
JSON. It stands for what people write: no retry, no second look at anything.
"""

import json
import os
import re
import statistics
import sys
import time
import uuid
from urllib.parse import urljoin

import requests

SERVER, ADDRESS, PASSWORD = (os.environ[f"SEND_IM_{name}"] for name in ("SERVER", "ADDRESS", "PASSWORD"))
TRUSTED = os.environ.get("SEND_IM_CA_FILE", True)


def send(http, to, text):
    def ask(method, url, **options):
        answer = http.request(method, url, verify=TRUSTED, timeout=210, **options)
        if answer.status_code != 401:
            answer.raise_for_status()
        return answer

    # Discovery, and the challenge of the user resource.
    root = ask("GET", SERVER, headers={"Accept": "application/json"}).json()
    user = root["_links"]["user"]["href"]
    challenge = ask("GET", user).headers["WWW-Authenticate"]
    service = re.search(r'MsRtcOAuth href="([^"]+)"', challenge)[1]

    # A token, and with it the user resource again.
    form = {"grant_type": "password", "username": ADDRESS, "password": PASSWORD}
    token = ask("POST", service, data=form).json()["access_token"]
    signed = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    applications = ask("GET", user, headers=signed).json()["_links"]["applications"]["href"]

    # The application.
    about = {"UserAgent": "walk", "EndpointId": str(uuid.uuid4()), "Culture": "en-US"}
    application = ask("POST", applications, headers=signed, json=about).json()

    def absolute(href):
        return urljoin(applications, href)

    # The invitation, without the text, and events until the conversation takes some.
    invitation = {"importance": "Normal", "subject": "Task Sample", "to": f"sip:{to}", "operationId": str(uuid.uuid4())}
    start = application["_embedded"]["communication"]["_links"]["startMessaging"]["href"]
    ask("POST", absolute(start), headers=signed, json=invitation)
    events, messaging = absolute(application["_links"]["events"]["href"]), None
    while messaging is None:
        batch = ask("GET", events, headers=signed).json()
        events = absolute(batch["_links"]["next"]["href"])
        for event in happened(batch):
            resource = event.get("_embedded", {}).get("messaging", {})
            if "sendMessage" in resource.get("_links", {}):
                messaging = resource["_links"]

    # The text, and events until it is confirmed.
    plain = {**signed, "Content-Type": "text/plain; charset=UTF-8"}
    context = {"OperationContext": str(uuid.uuid4())}
    ask("POST", absolute(messaging["sendMessage"]["href"]), headers=plain, params=context, data=text.encode())
    confirmed = False
    while not confirmed:
        batch = ask("GET", events, headers=signed).json()
        events = absolute(batch["_links"]["next"]["href"])
        confirmed = any(e["link"]["rel"] == "message" and e.get("status") == "Success" for e in happened(batch))

    # The end of the conversation and of the application.
    ask("POST", absolute(messaging["stopMessaging"]["href"]), headers=signed)
    ask("DELETE", absolute(application["_links"]["self"]["href"]), headers=signed)


def happened(batch):
    return [event for sender in batch.get("sender", []) for event in sender.get("events", [])]


def main():
    kind, rounds = sys.argv[1], int(sys.argv[2])
    times = []
    for number in range(rounds):
        started = time.perf_counter()
        if kind == "keep":
            with requests.Session() as session:
                send(session, f"user{number}@contoso.com", "disk full")
        else:
            send(requests, f"user{number}@contoso.com", "disk full")
        times.append((time.perf_counter() - started) * 1000)
    print(json.dumps({"n": rounds, "p50": statistics.median(times)}))


main()
