"""Code of the program that runs at its end can still send. Each test runs in a process of its own."""

from pathlib import Path

import pytest
from conftest import ends, issue_token, open_applications

ACCOUNT = """
import atexit, sys
"""

# One way to send that works in a handler registered before the import and in one registered after it.
WAYS = {
    "one call": 'send_im.send_im("lenea@contoso.com", text, account=account)',
    "awaited": 'asyncio.run(send_im.send_im_async("lenea@contoso.com", text, account=account))',
    "open client": 'client.send("lenea@contoso.com", text)',
    "client of its own": """
    with send_im.Client(account) as own:
        own.send("lenea@contoso.com", text)""",
    "client that stays open": 'send_im.Client(account).sign_in().send("lenea@contoso.com", text)',
    "own thread pool": """
    with ThreadPoolExecutor() as pool:
        pool.submit(client.send, "lenea@contoso.com", text).result()""",
    "token": """
    def token(request):
        return issued
    send_im.send_im("lenea@contoso.com", text, account=dataclasses.replace(account, password=None, token=token))""",
}


@pytest.fixture
def program(script, sandbox):
    """Runs the rest of a program that is told the sandbox's URL and a token."""
    return lambda code: script(ACCOUNT + code, sandbox.url, issue_token(sandbox, "tosh@contoso.com"))


def delivered(sandbox):
    return [message.text for message in sandbox.messages()]


@pytest.mark.parametrize("way", [way for way in WAYS if way != "own thread pool"])
def test_handlers_registered_before_and_after_the_import_send(program, sandbox, way):
    done = program(f"""
import asyncio, dataclasses
issued = sys.argv[2]
def say(text):
    {WAYS[way]}
atexit.register(say, "before the import")
import send_im
account = send_im.Account("tosh@contoso.com", "x", server=sys.argv[1])
atexit.register(say, "after the import")
client = send_im.Client(account).sign_in()
atexit.register(say, "after the sign-in")
client.send("lenea@contoso.com", "in the program")
sys.exit(4)
""")
    ends(done, 4)
    assert delivered(sandbox) == ["in the program", "after the sign-in", "after the import", "before the import"]
    assert open_applications(sandbox) == 0


# What is delivered, and the program.
PROGRAMS = {
    # As the listener of a logging queue is: a daemon thread sends, a handler waits for it.
    "a queue is drained by a handler registered before the import": (
        [str(number) for number in range(20)],
        """
import queue, threading, time
waiting = queue.Queue()
atexit.register(waiting.join)
import send_im
account = send_im.Account("tosh@contoso.com", "x", server=sys.argv[1])
client = send_im.Client(account).sign_in()
def work():
    while True:
        number = waiting.get()
        client.send("slow@contoso.com" if number == 0 else "lenea@contoso.com", f"{number}")
        waiting.task_done()
threading.Thread(target=work, daemon=True).start()
for number in range(20):
    waiting.put(number)
""",
    ),
    "a thread pool that nobody shut down is drained": (
        [str(number) for number in range(21)],
        """
from concurrent.futures import ThreadPoolExecutor
import send_im
account = send_im.Account("tosh@contoso.com", "x", server=sys.argv[1])
client = send_im.Client(account).sign_in()
pool = ThreadPoolExecutor(2)
for number in range(20):
    pool.submit(client.send, f"user{number}@contoso.com", f"{number}")
pool.submit(send_im.send_im, "slow@contoso.com", "20", account=account)
""",
    ),
    "a thread that is no daemon sends on": (
        ["after the main thread"],
        """
import threading, time
import send_im
account = send_im.Account("tosh@contoso.com", "x", server=sys.argv[1])
client = send_im.Client(account).sign_in()
def work():
    threading.main_thread().join()
    client.send("lenea@contoso.com", "after the main thread")
threading.Thread(target=work).start()
""",
    ),
    # From Python 3.12 on an exit handler cannot start threads.
    "a token is asked for where no thread can start any more": (
        ["one call", "awaited", "client"],
        """
import asyncio, threading
def start(thread):
    raise RuntimeError("can't create new thread at interpreter shutdown")
def token(request):
    assert threading.current_thread() is threading.main_thread()
    return sys.argv[2]
def say():
    account = send_im.Account("tosh@contoso.com", server=sys.argv[1], token=token)
    threading.Thread.start = start
    send_im.send_im("lenea@contoso.com", "one call", account=account)
    asyncio.run(send_im.send_im_async("lenea@contoso.com", "awaited", account=account))
    with send_im.Client(account) as client:
        client.send("lenea@contoso.com", "client")
atexit.register(say)
import send_im
account = send_im.Account("tosh@contoso.com", "x", server=sys.argv[1])
""",
    ),
    "a client whose event loop is closed is signed out": (
        [],
        """
import asyncio
import send_im
account = send_im.Account("tosh@contoso.com", "x", server=sys.argv[1])
client = asyncio.run(send_im.AsyncClient(account, on_step=lambda step: None).sign_in())
""",
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_begun_is_sent_before_the_end(program, sandbox, name):
    texts, code = PROGRAMS[name]
    ends(program(code))
    assert sorted(delivered(sandbox)) == sorted(texts)
    assert open_applications(sandbox) == 0


def test_the_files_of_a_sandbox_are_there_for_a_handler_and_gone_after_it(script):
    done = script(
        """
import atexit, os
def say():
    receipt = send_im("lenea@contoso.com", "hi", account=sandbox.account("tosh@contoso.com"))
    print(receipt.accepted_by, os.path.exists(sandbox.ca_file), sandbox.ca_file)
atexit.register(say)
from send_im import Sandbox, send_im
sandbox = Sandbox(https=True).start()
"""
    )
    assert (done.returncode, done.stderr) == (0, "")
    accepted_by, existed, ca_file = done.stdout.split()
    assert (accepted_by, existed) == ("lenea@contoso.com", "True")
    assert not Path(ca_file).exists()


def test_cleared_handlers_are_not_the_end(program, sandbox):
    """A child of multiprocessing begins by clearing the handlers of its parent, from Python 3.13 on."""
    sandbox.add_fault("delete_application", {"delay": {"ms": 500}})  # what nobody waits for does not end in time
    done = program("""
import send_im
account = send_im.Account("tosh@contoso.com", "x", server=sys.argv[1])
atexit._clear()
client = send_im.Client(account).sign_in()
client.send("lenea@contoso.com", "hi")
""")
    ends(done)
    assert delivered(sandbox) == ["hi"]
    assert open_applications(sandbox) == 0


def test_a_handler_that_fails_changes_nothing(program, sandbox):
    done = program("""
def fail():
    raise ValueError("on purpose")
atexit.register(fail)
import send_im
account = send_im.Account("tosh@contoso.com", "x", server=sys.argv[1])
client = send_im.Client(account).sign_in()
""")
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "ValueError: on purpose"
    assert open_applications(sandbox) == 0


@pytest.mark.parametrize("fault", [{"delay": {"ms": 3_600_000}}, "drop_before"])
def test_a_server_that_does_not_answer_does_not_keep_the_program(program, sandbox, fault):
    sandbox.add_fault("delete_application", fault, times=0)
    done = program("""
import send_im
account = send_im.Account("tosh@contoso.com", "x", server=sys.argv[1])
clients = [send_im.Client(account).sign_in() for _ in range(3)]
""")
    ends(done)


def test_threads_that_send_all_the_time_do_not_crash_the_end(program, sandbox):
    """Native threads tell of steps, ask for tokens and finish awaited sends while the interpreter ends."""
    code = """
import asyncio, threading, time
import send_im
steps = []
def token(request):
    return send_im.BearerToken(sys.argv[2], 1)
account = send_im.Account("tosh@contoso.com", server=sys.argv[1], token=token)
client = send_im.Client(account, on_step=steps.append).sign_in()
def blocking():
    while True:
        client.send("lenea@contoso.com", "hi")
async def awaited():
    while True:
        sends = (send_im.send_im_async("a@b.c", "hi", account=account, on_step=steps.append) for _ in range(3))
        await asyncio.gather(*sends)
def quietly(work):
    try:
        work()
    except send_im.SendImError:
        pass
for _ in range(4):
    threading.Thread(target=quietly, args=(blocking,), daemon=True).start()
threading.Thread(target=quietly, args=(lambda: asyncio.run(awaited()),), daemon=True).start()
while len(steps) < 40:
    time.sleep(0.001)
sys.exit(5)
"""
    for _ in range(10):
        ends(program(code), 5)
