"""The hooks of the HTTP service: a real Alertmanager and a real Apprise post there, as the README says it."""

import contextlib
import json
import re
import socket
import subprocess
import tempfile
import time
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

from http_service import LENE, PACKAGE, PYTHON, TOKEN, alertmanager, service, texts
from programs import HANG, SANDBOX, asked, clean, ended, same, started

APPRISE = PYTHON.with_name(f"apprise{PYTHON.suffix}")
OWN_URL = "http://alertmanager.contoso.com:9093"
LOOK = f"{OWN_URL}/#/alerts?receiver=send-im"
# Far more than a group waits here; so long is waited for what has to come.
ROUNDS = 600


def block(mark):
    """The lines of the README in this language that are about hooks."""
    about = PACKAGE.joinpath("README.md").read_text().split("\n## Hooks\n")[1].split("\n## ")[0]
    return re.search(rf"^```{mark}\n(.*?)^```", about, re.DOTALL | re.MULTILINE)[1]


def until(what, reached):
    for _ in range(ROUNDS):
        if found := reached():
            return found
        time.sleep(0.1)
    raise AssertionError(f"it did not come to this: {what}")


def answers(url):
    try:
        with urllib.request.urlopen(url):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def notifying(service_url, group_interval="1s"):
    """An Alertmanager with the README's configuration, in which the times are short, that posts to this service."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as work:
        token = Path(work) / "token"
        token.write_text(TOKEN)
        text = block("yaml")
        for there, here in (
            (r"http://127\.0\.0\.1:8480/", service_url),
            (r"/etc/prometheus/send-im\.token", str(token)),
            (r"group_wait: \S+", "group_wait: 200ms"),
            (r"group_interval: \S+", f"group_interval: {group_interval}"),
        ):
            text, found = re.subn(there, here, text)
            same((there, found), (there, 1))
        config = Path(work) / "alertmanager.yml"
        config.write_text(text)
        command = [
            alertmanager(),
            f"--config.file={config}",
            f"--storage.path={work}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            f"--web.external-url={OWN_URL}",
            "--cluster.listen-address=",
        ]
        with Path(work, "log").open("w") as log:
            process = subprocess.Popen(command, env=clean(), stdout=log, stderr=log)
            try:
                until("a ready Alertmanager", lambda: answers(f"http://127.0.0.1:{port}/-/ready"))
                yield f"http://127.0.0.1:{port}/api/v2/alerts"
            except AssertionError as error:
                raise AssertionError(f"{error}\n{Path(work, 'log').read_text()}") from error
            finally:
                process.terminate()
                process.wait(timeout=HANG)


def fire(api, name, *instances, severity="critical", ended=False):
    """Tells Alertmanager of alerts."""
    now = datetime.now(timezone.utc)
    times = {"startsAt": (now - timedelta(minutes=5)).isoformat(), **({"endsAt": now.isoformat()} if ended else {})}
    alerts = [
        {
            "labels": {"alertname": name, "instance": instance, "severity": severity},
            "annotations": {"summary": f"{instance} is down"},
            "generatorURL": "http://prometheus.contoso.com:9090/graph",
            **times,
        }
        for instance in instances
    ]
    request = urllib.request.Request(api, json.dumps(alerts).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        same(answer.status, 200)


def fault(sandbox, http, times, **more):
    """The next invitations are answered so."""
    body = {"route": "start_messaging", "times": times, "action": {"status": {"http": http, **more}}}
    request = urllib.request.Request(
        f"{sandbox}sandbox/api/faults", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        same(answer.status // 100, 2)


def hooked(service_url):
    """How often the hook was answered, by status."""
    request = urllib.request.Request(f"{service_url}metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request) as answer:
        metrics = answer.read().decode()
    found = re.findall(r'^send_im_http_requests_total\{path="/hooks",method="POST",status="(\d+)"\} (\d+)', metrics, re.MULTILINE)
    return {status: int(count) for status, count in found}


def answered(service_url, wanted):
    """Waits for these answers of the hook: the last one leaves after its message is in the inbox."""
    until(f"{wanted}", lambda: sum(hooked(service_url).values()) >= sum(wanted.values()))
    same(hooked(service_url), wanted)


def test_alertmanager_posts_a_group_and_its_end():
    with started(*SANDBOX) as sandbox, service(sandbox, SEND_IM_HTTP_TOKEN=TOKEN) as url, notifying(url) as api:
        fire(api, "InstanceDown", "web1:9100", "web2:9100", "web3:9100")
        lines = [f"web{n}:9100 is down" for n in (1, 2, 3)]
        firing = "\n".join(["FIRING (3): InstanceDown", *lines, LOOK])
        until("the alerts", lambda: texts(sandbox))
        same(texts(sandbox), [firing])
        (message,) = asked(f"{sandbox}sandbox/api/messages")
        same((message["to"], message["importance"]), (LENE, "Urgent"))
        fire(api, "InstanceDown", "web2:9100", ended=True)
        until("one is resolved", lambda: len(texts(sandbox)) == 2)
        mixed = ["FIRING (2), RESOLVED (1): InstanceDown", lines[0], lines[2], f"resolved: {lines[1]}", LOOK]
        same(asked(f"{sandbox}sandbox/api/messages")[1]["text"], "\n".join(mixed))
        fire(api, "InstanceDown", "web1:9100", "web3:9100", ended=True)
        until("all are resolved", lambda: len(texts(sandbox)) == 3)
        last = asked(f"{sandbox}sandbox/api/messages")[2]
        resolved = "\n".join(["RESOLVED (2): InstanceDown", lines[0], lines[2], LOOK])
        same((last["text"], last["importance"]), (resolved, "Normal"))
        answered(url, {"200": 3})


def test_alertmanager_tries_again_what_was_not_sent_and_it_arrives_once():
    with started(*SANDBOX) as sandbox, service(sandbox, SEND_IM_HTTP_TOKEN=TOKEN) as url, notifying(url, "1h") as api:
        fault(sandbox, 429, 1, retry_after=600)
        fire(api, "DiskFull", "db7")
        until("the alert", lambda: texts(sandbox))
        # What comes after it has come after whatever else there would be.
        fire(api, "Barrier", "web1")
        until("the other alert", lambda: len(texts(sandbox)) > 1)
        same([text.splitlines()[0] for text in texts(sandbox)], ["FIRING: Barrier", "FIRING: DiskFull"])
        answered(url, {"503": 1, "200": 2})


def test_alertmanager_does_not_try_again_what_may_have_arrived():
    with started(*SANDBOX) as sandbox, service(sandbox, SEND_IM_HTTP_TOKEN=TOKEN) as url, notifying(url, "1h") as api:
        fault(sandbox, 500, 1)
        fire(api, "DiskFull", "db7")
        answered(url, {"409": 1})
        fire(api, "Barrier", "web1")
        until("the other alert", lambda: texts(sandbox))
        answered(url, {"409": 1, "200": 1})
        same(texts(sandbox), [f"FIRING: Barrier\nweb1 is down\n{LOOK}"])


def apprise(url, *arguments):
    """Apprise with the README's URL, for this service."""
    (line,) = [line for line in block("sh").splitlines() if "json://" in line]
    there = re.search(r'"(json://[^"]*)"', line)[1]
    here = there.replace("127.0.0.1:8480", url.removeprefix("http://").rstrip("/")).replace("TOKEN", TOKEN)
    return ended([APPRISE, *arguments, here])


def test_apprise_posts_to_its_hook():
    with started(*SANDBOX) as sandbox, service(sandbox, SEND_IM_HTTP_TOKEN=TOKEN) as url:
        done = apprise(url, "-t", "Backup of db7", "-b", "No space left: 100 % & more, grüße", "-n", "failure")
        same((done.returncode, texts(sandbox)), (0, ["Backup of db7\nNo space left: 100 % & more, grüße"]))
        (message,) = asked(f"{sandbox}sandbox/api/messages")
        same((message["to"], message["importance"]), (LENE, "Urgent"))
        with tempfile.TemporaryDirectory() as work:
            attached = Path(work) / "log.txt"
            attached.write_text("x")
            done = apprise(url, "-b", "with a file", "--attach", attached)
        same((done.returncode, texts(sandbox)[1]), (0, "with a file\n(not sent along: log.txt)"))


def test_the_readmes_own_hook_takes_what_it_says():
    with tempfile.TemporaryDirectory() as work:
        file = Path(work) / "backup.toml"
        file.write_text(block("toml"))
        with started(*SANDBOX) as sandbox, service(sandbox, "--hook", f"backup={file}") as url:
            (line,) = [line for line in block("sh").splitlines() if "hooks/backup" in line]
            done = ended(["sh", "-c", line.replace("http://127.0.0.1:8480/", url)])
            same((done.returncode, done.stderr), (0, ""))
            same(json.loads(done.stdout)["to"], LENE)
            same(texts(sandbox), ["Backup of db7: failed\n- /srv: no space left\n- /home: no space left"])
