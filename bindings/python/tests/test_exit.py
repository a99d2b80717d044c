"""The end of a program: its exit code is kept, nothing hangs, nothing aborts, sessions are signed out.

Each test runs in a process of its own. The sandbox lets ``silent@`` ring for an hour: a process that waited for the
answer would count as hanging.
"""

import signal
import subprocess
import sys

import pytest
from conftest import HANG, ends, open_applications

HEADER = """
import sys, threading, time
from send_im import *
sandbox = Sandbox(ring=3600).start()
account = sandbox.account("tosh@contoso.com")

def quietly(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except SendImError:
        pass

def in_background(call, *arguments, **options):
    threading.Thread(target=quietly, args=(call, *arguments), kwargs=options, daemon=True).start()

def ringing():
    while not any("messagingInvitations" in exchange["path"] for exchange in sandbox.request("GET", "journal")):
        time.sleep(0.005)
"""


@pytest.fixture
def program(script):
    """Runs the rest of a program that has a sandbox and an account."""
    return lambda code: script(HEADER + code)


def test_an_import_alone_ends_at_once_and_starts_no_thread(script):
    ends(
        script("""
            import threading, os
            import send_im
            assert threading.active_count() == 1
            tasks = "/proc/self/task"
            assert not os.path.isdir(tasks) or len(os.listdir(tasks)) == 1
        """),
        0,
    )


# What a program does, and its exit code.
PROGRAMS = {
    "a send in flight, and the end": (
        0,
        """
in_background(send_im, "silent@contoso.com", "hi", timeout=3600, account=account)
ringing()
""",
    ),
    "a send in flight, and an exit code": (
        3,
        """
in_background(send_im, "silent@contoso.com", "hi", timeout=3600, account=account)
ringing()
sys.exit(3)
""",
    ),
    "a daemon thread that goes on after the shutdown": (
        0,
        """
def work():
    while True:
        try:
            send_im("lenea@contoso.com", "hi", account=account)
        except SendImError:
            pass
threading.Thread(target=work, daemon=True).start()
sandbox.wait_for(1)
""",
    ),
    "an unfinished awaited send": (
        4,
        """
import asyncio
async def main():
    asyncio.ensure_future(send_im_async("silent@contoso.com", "hi", timeout=3600, account=account))
    while not any("messagingInvitations" in exchange["path"] for exchange in sandbox.request("GET", "journal")):
        await asyncio.sleep(0.005)
asyncio.run(main())
sys.exit(4)
""",
    ),
    "a token callable that never returns": (
        6,
        """
asked = threading.Event()
def token(request):
    asked.set()
    time.sleep(3600)
in_background(send_im, "lenea@contoso.com", "hi", account=sandbox.account("tosh@contoso.com", token=token))
asked.wait()
sys.exit(6)
""",
    ),
    "an on step that never returns": (
        6,
        """
called = threading.Event()
def on_step(step):
    called.set()
    time.sleep(3600)
in_background(send_im, "lenea@contoso.com", "hi", on_step=on_step, account=account)
called.wait()
sys.exit(6)
""",
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_exit_code_is_kept_and_nothing_hangs(program, name):
    code, rest = PROGRAMS[name]
    ends(program(rest), code)


def test_a_send_in_flight_is_told_that_the_program_ends(program):
    done = program("""
import atexit
def work():
    try:
        send_im("silent@contoso.com", "hi", timeout=3600, account=account)
    except Cancelled as error:
        told.append(error)
    finally:
        over.set()
told, over = [], threading.Event()
class Report:
    # Registered after the handler of send_im, so the interpreter lets go of it later.
    def __call__(self): pass
    def __del__(self):
        over.wait()
        print(told[0].kind, told[0].sent, told[0].exit_code)
atexit.register(Report())
threading.Thread(target=work, daemon=True).start()
ringing()
""")
    ends(done, 0, "cancelled maybe 130\n")


def test_a_send_that_was_cut_off_is_withdrawn_and_signed_out(script, sandbox):
    done = script(
        """
import sys, threading, time
from send_im import Account, send_im
def work():
    try:
        send_im("silent@contoso.com", "hi", account=Account("tosh@contoso.com", "x", server=sys.argv[1]),
                on_step=lambda step: invited.set() if step.step == "invite" else None)
    except BaseException:
        pass
invited = threading.Event()
threading.Thread(target=work, daemon=True).start()
invited.wait()
sys.exit(9)
""",
        sandbox.url,
    )
    ends(done, 9)
    assert open_applications(sandbox) == 0
    assert sandbox.messages() == []


def test_a_loop_that_is_thrown_away_with_a_send_in_flight(program):
    done = program("""
import asyncio
loop = asyncio.new_event_loop()
task = loop.create_task(send_im_async("slow@contoso.com", "hi", account=account))
loop.run_until_complete(asyncio.sleep(0.3))
loop.close()
time.sleep(0.1)
sys.exit(4)
""")
    assert done.returncode == 4, done
    assert "panic" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
@pytest.mark.parametrize("awaited", [False, True])
def test_ctrl_c(tmp_path, awaited):
    file = tmp_path / "script.py"
    call = 'send_im("silent@contoso.com", "hi", timeout=3600, account=account)'
    if awaited:
        call = 'asyncio.run(send_im_async("silent@contoso.com", "hi", timeout=3600, account=account))'
    file.write_text(
        HEADER
        + f"""
import asyncio, signal
# Whoever runs the tests in the background may ignore Ctrl-C, and that is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
def tell():
    ringing()
    print("ringing", flush=True)
threading.Thread(target=tell).start()
try:
    {call}
except KeyboardInterrupt:
    print("interrupted", flush=True)
    while sandbox.request("GET", "state")["open_applications"]:
        time.sleep(0.005)
    print("signed out", len(sandbox.messages()))
    sys.exit(130)
"""
    )
    process = subprocess.Popen([sys.executable, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        assert process.stdout.readline() == "ringing\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=HANG)
    assert (process.returncode, out, err) == (130, "interrupted\nsigned out 0\n", "")
