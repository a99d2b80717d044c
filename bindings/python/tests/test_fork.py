"""Fork: threads do not survive it, so a child has to start over without touching what its parent left behind.

Each test runs in a process of its own, which forks. The sandbox is one more process: a child must be able to reach it.
"""

import os

import pytest
from conftest import ends

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

HEADER = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of every fork beside threads
from send_im import *
account = Account("tosh@contoso.com", "x", server=sys.argv[1])

def finish(child):
    _, status = os.waitpid(child, 0)
    assert os.WIFEXITED(status), status
    return os.WEXITSTATUS(status)

def in_child(work):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)
    return finish(child)
"""


@pytest.fixture
def forks(script, outside):
    """Runs the rest of a program that forks. It has to end well."""
    return lambda code: ends(script(HEADER + code, outside.url))


# What a program does that forks, and what has been delivered when it has ended well.
PROGRAMS = {
    "fork before the first use": (
        ["child", "parent"],
        """
assert in_child(lambda: send_im("lenea@contoso.com", "child", account=account)) == 0
send_im("lenea@contoso.com", "parent", account=account)
""",
    ),
    "a child waits for no sign in of its parent": (
        [],
        """
codes = []

def fork(step):
    if not codes:
        codes.append(None)
        codes.append(in_child(lambda: client.sign_in().close()))

client = Client(account, on_step=fork)
client.sign_in().close()
assert codes == [None, 0], codes
""",
    ),
    "a child that drops what it inherited harms nobody": (
        ["after"],
        """
import gc
client = Client(account).sign_in()
box = Sandbox(https=True).start()
path = box.ca_file

def work():
    global client, box
    del client, box
    gc.collect()

assert in_child(work) == 0
client.send("lenea@contoso.com", "after")
client.sign_out()
assert box.messages() == []
""",
    ),
    "a client of the parent is closed in the child and lives on in the parent": (
        ["after", "before", "child"],
        """
client = Client(account).sign_in()
client.send("lenea@contoso.com", "before")

def work():
    for use in (lambda: client.send("lenea@contoso.com", "inherited"), client.sign_out,
                lambda: client.send_all([Message("lenea@contoso.com", "inherited")])):
        try:
            use()
        except ClientClosed as error:
            assert error.kind == "closed" and "fork" in str(error), error
        else:
            raise AssertionError("the client of the parent worked in the child")
    with Client(account) as own:
        own.send("lenea@contoso.com", "child")

assert in_child(work) == 0
client.send("lenea@contoso.com", "after")
client.sign_out()
""",
    ),
    "a grandchild starts over too": (
        ["child", "grandchild", "parent"],
        """
send_im("lenea@contoso.com", "parent", account=account)
def child():
    send_im("lenea@contoso.com", "child", account=account)
    assert in_child(lambda: send_im("lenea@contoso.com", "grandchild", account=account)) == 0
assert in_child(child) == 0
""",
    ),
    # Not by `os._exit`: the child runs its own exit handlers, with its own threads.
    "a child that ends by itself ends": (
        ["child", "parent"],
        """
send_im("lenea@contoso.com", "parent", account=account)
child = os.fork()
if child == 0:
    client = Client(account).sign_in()
    client.send("lenea@contoso.com", "child")
    sys.exit(7)
assert finish(child) == 7
""",
    ),
    "fork during an awaited send": (
        ["child", "parent"],
        """
import asyncio
async def main():
    task = asyncio.ensure_future(send_im_async("slow@contoso.com", "parent", account=account))
    await asyncio.sleep(0.3)
    assert in_child(lambda: send_im("lenea@contoso.com", "child", account=account)) == 0
    await task
asyncio.run(main())
""",
    ),
    # A callback of the call forks: the child is in the middle of a call whose threads it does not have.
    "a call inherited in the middle fails in the child": (
        ["child", "parent"],
        """
children = []
def on_step(step):
    if step.step == "invite" and not children:
        children.append(os.fork())
try:
    send_im("slow@contoso.com", "parent", on_step=on_step, account=account)
except ClientClosed as error:
    assert children == [0] and "fork" in str(error) and error.sent == "maybe", (children, error)
    send_im("lenea@contoso.com", "child", account=account)
    os._exit(8)
assert finish(children[0]) == 8
""",
    ),
    "steps and tokens work in a child": (
        ["child", "parent"],
        """
import logging
logging.getLogger("send_im").setLevel(logging.DEBUG)
def both(name):
    seen = []
    send_im("lenea@contoso.com", name, on_step=seen.append, account=account)
    assert seen
both("parent")
assert in_child(lambda: both("child")) == 0
""",
    ),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_fork(forks, outside, program):
    delivered, code = PROGRAMS[program]
    forks(code)
    assert outside() == (delivered, "0 open")


def test_a_sandbox_of_the_parent_serves_the_child(forks, outside):
    forks("""
with Sandbox(https=True) as sandbox:
    account = sandbox.account("tosh@contoso.com")
    def work():
        send_im("lenea@contoso.com", "child", account=account)
        try:
            sandbox.messages()
        except ClientClosed as error:
            assert "fork" in str(error)
        else:
            raise AssertionError("the sandbox of the parent answered in the child")
    assert in_child(work) == 0
    assert [message.text for message in sandbox.messages()] == ["child"]
    assert os.path.exists(account.ca_file)
""")


def test_forks_while_other_threads_send(forks, outside):
    """The fork falls into the middle of other threads' calls; no lock they held may stop the child."""
    forks("""
import threading
stop = threading.Event()
def work():
    with Client(account) as client:
        while not stop.is_set():
            client.send("lenea@contoso.com", "noise")
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for n in range(20):
    assert in_child(lambda: send_im("lenea@contoso.com", f"child {n}", account=account)) == 0
stop.set()
for thread in threads:
    thread.join()
""")
    texts, still = outside()
    assert [text for text in texts if text != "noise"] == sorted(f"child {n}" for n in range(20))
    assert still == "0 open"


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_multiprocessing(script, outside, method):
    ends(
        script(
            """
import multiprocessing, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from send_im import Account, InvalidInput, send_im

def work(arguments):
    n, url = arguments
    account = Account("tosh@contoso.com", "x", server=url)
    try:
        send_im("nobody", "hi", account=account)
    except InvalidInput:
        pass
    return send_im(f"user{n}@contoso.com", f"child {n}", account=account).accepted_by

def fail(url):
    send_im("declines@contoso.com", "hi", account=Account("tosh@contoso.com", "x", server=url))

if __name__ == "__main__":
    method, url = sys.argv[1:]
    send_im("lenea@contoso.com", "parent", account=Account("tosh@contoso.com", "x", server=url))
    with multiprocessing.get_context(method).Pool(3) as pool:
        accepted = pool.map(work, [(n, url) for n in range(6)])
        try:
            pool.apply(fail, (url,))
        except Exception as error:
            assert (type(error).__name__, error.kind, error.step) == ("NotDelivered", "declined", "confirm"), error
        else:
            raise AssertionError("the error of the worker is lost")
        pool.close()
        pool.join()
    assert accepted == [f"user{n}@contoso.com" for n in range(6)]
""",
            method,
            outside.url,
        )
    )
    assert outside() == (sorted([f"child {n}" for n in range(6)] + ["parent"]), "0 open")
