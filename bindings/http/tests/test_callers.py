"""Programs of other languages, pages in a browser, and the checkers of the description and the metrics ask the service."""

import json
import os
import subprocess
import tempfile
import urllib.request
from pathlib import Path

import workspace
from dotnet import build as build_dotnet
from http_service import CALLERS, LENE, PACKAGE, PYTHON, TOKEN, WHO, browser_environment
from commands import example
from http_service import example_environment, example_shell, service, texts
from programs import HANG, SANDBOX, asked, clean, ended, same, started


def caller(language, *command, environment=None):
    """A program of a language asks as it asked the old page, and every message arrives as it was written."""
    with started(*SANDBOX) as sandbox, service(sandbox, "--allow-query-credentials") as url:
        done = ended([*command, url, LENE], environment)
        wanted = "get 200\ncredentials 200\nform 200\njson 200\nbusy 409 busy\n"
        same((done.stdout, done.stderr, done.returncode), (wanted, "", 0))
        said = [f"{shape} from {language}: grüße, 50% & mehr 😀" for shape in ("credentials", "form", "get", "json")]
        same(texts(sandbox), said)


def test_curl():
    caller("curl", "sh", CALLERS / "curl" / "send.sh")


def test_php():
    caller("PHP", "php", CALLERS / "php" / "send.php")


def test_python():
    caller("Python", "python3", CALLERS / "python" / "send.py")


def test_ruby():
    caller("Ruby", "ruby", CALLERS / "ruby" / "send.rb", environment=dict(clean(), LANG="C.UTF-8"))


def test_java():
    caller("Java", "java", CALLERS / "java" / "Send.java")


def dotnet(language, project):
    built = build_dotnet(project, workspace.target_dir() / "send-im-http" / project.stem)
    caller(language, "dotnet", built / f"{project.stem}.dll")


def test_csharp():
    dotnet("C#", CALLERS / "csharp" / "HttpCallerCSharp.csproj")


def test_vb():
    dotnet("VB", CALLERS / "vb" / "HttpCallerVb.vbproj")


def test_pages_of_a_listed_origin_send_and_others_do_not():
    command = ["node", CALLERS / "jquery" / "pages.mjs"]
    pages = subprocess.Popen(
        [str(part) for part in command],
        env=browser_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    origin = f"http://localhost:{pages.stdout.readline().strip()}"
    with (
        started(*SANDBOX) as sandbox,
        service(sandbox, "--allow-origin", origin) as url,
        service(sandbox, "--allow-origin", origin, SEND_IM_HTTP_TOKEN=TOKEN) as locked,
    ):
        told, _ = pages.communicate(json.dumps({"open": url, "locked": locked, "token": TOKEN}) + "\n", timeout=HANG)
        seen = json.loads(told)
        accepted = f"200 {LENE}"
        same(seen["listed"], [*(f"{name} {accepted}" for name in ("get", "post", "json", "uncached")), "busy 409 busy"])
        same(seen["token"], ["post 401 forbidden", f"token {accepted}", "token 401 forbidden"])
        same(seen["other"], ["get 0", "post 0", "json 0"])
        same([seen[name] for name in ("image", "form", "link", "opened", "rebound")], ["failed", 403, 403, 403, 403])
        arrived = [f"{shape} from jQuery: grüße, 50% & mehr 😀" for shape in ("get", "json", "post", "token", "uncached")]
        same(texts(sandbox), arrived)


def test_pages_of_elsewhere_send_nothing_by_any_spelling_of_loopback():
    # Without a limit: what is refused too often gets 429, which would hide why.
    with started(*SANDBOX) as sandbox, service(sandbox, "--rate", "0") as url:
        done = ended(["node", CALLERS / "jquery" / "spellings.mjs", url], browser_environment())
        same((done.returncode, done.stderr), (0, ""))
        *pages, program = json.loads(done.stdout)
        told = {}
        for seen in pages:
            said = [seen.get(name) or "not sent" for name in ("status", "site", "origin")]
            answer = "answered {}, Sec-Fetch-Site {}, Origin {}".format(*said) if "status" in seen else "never arrives"
            told.setdefault((seen["host"] or "no URL", answer), []).append(seen.get("way", seen["spelling"]))
        for (host, answer), ways in told.items():
            print(f"{host}: {answer}: {', '.join(sorted(set(ways)))}")
        same((program["way"], program["status"], texts(sandbox)), ("program", 200, ["sent by a program"]))
        same({seen["status"] for seen in pages if "status" in seen}, {403})
        # It is the service that refuses: these reach it in every way, and hosts that a browser tells it little of are among them.
        same([seen for seen in pages if seen["host"] == "127.0.0.1" and "status" not in seen], [])
        reached = {seen["host"] for seen in pages if "status" in seen}
        same({"127.0.0.1", "localhost", "[::1]", "rebound.example"} - reached, set())


def test_a_page_of_elsewhere_sends_through_the_xframe_page_of_the_sandbox():
    with started(*SANDBOX) as sandbox:
        done = ended(["node", CALLERS / "jquery" / "xframe.mjs", sandbox, LENE], browser_environment())
        same((done.returncode, done.stderr), (0, ""))
        steps = {"root": [200, True], "challenge": 401, "created": 201, "invited": 201}
        same(json.loads(done.stdout), {**steps, "own": ["no answer"] * 4})
        same(texts(sandbox), ["hello from a page"])


def test_the_page_sends_and_the_inbox_shows_it():
    """Where SEND_IM_PICTURES names a folder, pictures of both are put there."""
    with tempfile.TemporaryDirectory() as work, started(*SANDBOX) as sandbox, service(sandbox) as url:
        made = [f"{work}/im.pem", f"{work}/im.key"]
        request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
        names = ["-addext", "subjectAltName=IP:127.0.0.1", "-out", made[0], "-keyout", made[1]]
        subprocess.run([*request.split(), *names], check=True, capture_output=True)
        os.chmod(made[1], 0o600)
        with service(sandbox, "--tls-cert", made[0], "--tls-key", made[1], SEND_IM_HTTP_TOKEN=TOKEN) as locked:
            told = {"sandbox": sandbox, "service": url, "locked": locked, "token": TOKEN, "pictures": os.environ.get("SEND_IM_PICTURES")}
            command = ["node", PACKAGE / "tests" / "pages" / "pages.mjs"]
            done = ended(command, browser_environment(), input=json.dumps(told) + "\n")
        print(done.stdout, end="")
        same((done.returncode, done.stderr), (0, ""))
        same("with a token" in texts(sandbox), True)


def test_with_post_only_no_get_sends():
    with started(*SANDBOX) as sandbox, service(sandbox, "--post-only") as url:
        for path in ("", "index.html", "send"):
            got = ended(["curl", "-sS", "-i", f"{url}{path}?recipient={LENE}&message=got"]).stdout.lower()
            same(("405" in got.splitlines()[0], "\nallow: post\n" in got.replace("\r", "")), (True, True))
        same(ended(["curl", "-sS", "-o", os.devnull, "-w", "%{http_code}", f"{url}healthz"]).stdout, "200")
        posted = ended(["curl", "-sS", "-f", "-d", f"recipient={LENE}", "-d", "message=posted", f"{url}send"])
        same((posted.returncode, texts(sandbox)), (0, ["posted"]))


def test_the_example_in_a_page_sends():
    with started(*SANDBOX) as sandbox:
        environment = {**browser_environment(), "SEND_IM_SERVER": sandbox, **WHO}
        done = ended(example("jquery", LENE, "hello from a page"), environment)
        same((done.stdout, done.stderr, done.returncode), (f"{LENE} accepted the message (invitation_accepted).\n", "", 0))
        same(texts(sandbox), ["hello from a page"])
        done = ended(example("jquery", "busy@contoso.com", "hello"), environment)
        same((done.stdout, done.returncode), ("busy@contoso.com does not want to be disturbed.\n", 4))


def test_the_example_in_the_shell_sends():
    with started(*SANDBOX) as sandbox:
        environment = dict(example_environment(), SEND_IM_SERVER=sandbox, **WHO)
        done = ended(example_shell([LENE, "-disk full"]), environment)
        same((done.stdout, done.returncode), (f"{LENE} accepted the message.\n", 0))
        same(texts(sandbox), ["-disk full"])
        same(ended(example_shell(["busy@contoso.com", "hello"]), environment).returncode, 4)
        same(ended(example_shell([LENE]), environment).returncode, 2)


def test_the_description_is_one_of_openapi():
    with started(*SANDBOX) as sandbox, service(sandbox) as url:
        with urllib.request.urlopen(f"{url}openapi.json") as answer:
            description = answer.read().decode()
    with tempfile.TemporaryDirectory() as work:
        for text, code in ((description, 0), (description.replace('"description":"Delivered', '"descripton":"Delivered'), 1)):
            file = Path(work) / "openapi.json"
            file.write_text(text)
            done = ended([PYTHON, "-m", "openapi_spec_validator", file])
            same((done.returncode, done.stdout.strip().endswith("OK")), (code, code == 0))


def test_the_metrics_are_what_prometheus_reads():
    program = """
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families

families = {family.name: family for family in text_string_to_metric_families(sys.stdin.read())}
print(*sorted(families))
print([sample.value for sample in families["send_im_sends"].samples if sample.labels == {"kind": "delivered"}])
"""
    with started(*SANDBOX) as sandbox, service(sandbox) as url:
        asked(f"{url}?recipient={LENE}&message=hello")
        with urllib.request.urlopen(f"{url}metrics") as answer:
            metrics = answer.read().decode()
    done = ended([PYTHON, "-c", program], input=metrics)
    names = "build http_request_duration_seconds http_requests send_duration_seconds sends sends_in_flight sessions sign_ins"
    same(done.stdout.splitlines(), [" ".join(f"send_im_{name}" for name in names.split()), "[1]"])
