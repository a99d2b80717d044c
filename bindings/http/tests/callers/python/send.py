"""python send.py URL RECIPIENT"""

import json
import sys
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

url, recipient = sys.argv[1:]
page = f"{url}index.html"
who = {"username": "tosh@contoso.com", "password": "s3cret-of-tosh"}


def text(shape):
    return f"{shape} from Python: grüße, 50% & mehr 😀"


def ask(name, request):
    """Prints the status, and the kind of a problem."""
    try:
        with urlopen(request) as answer:
            print(name, answer.status)
    except HTTPError as problem:
        print(name, problem.status, json.load(problem)["kind"])


ask("get", f"{page}?{urlencode({'recipient': recipient, 'message': text('get')})}")
ask("credentials", f"{page}?{urlencode({'recipient': recipient, 'message': text('credentials'), **who})}")
ask("form", Request(page, urlencode({"recipient": recipient, "message": text("form")}).encode()))
body = json.dumps({"recipient": recipient, "message": text("json"), **who}).encode()
ask("json", Request(page, body, {"Content-Type": "application/json"}))
ask("busy", Request(page, urlencode({"recipient": "busy@contoso.com", "message": "hello"}).encode()))
