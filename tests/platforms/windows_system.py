"""What Windows itself asks of the command: to start, run and stop as a service, and Ctrl-C. Under wine."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import programs
import windows
import workspace
from checks import checked, tests_in
from programs import same

SERVICE = "send-im-test"
LENE = "lenea@contoso.com"
PATIENCE = 60


def program():
    """The command as it was built last for Windows."""
    return windows.WINDOWS.folder / windows.WINDOWS.program()


def eventually(what, condition):
    """Waits until it is so."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"it did not come to this: {what}")
        time.sleep(0.05)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(port):
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def sessions(sandbox):
    """How many sessions are open on the sandbox."""
    return programs.asked(f"{sandbox}sandbox/api/state")["open_applications"]


def rings(sandbox):
    """Whether somebody was invited there."""
    return any("invitations" in one["path"].lower() for one in programs.asked(f"{sandbox}sandbox/api/journal"))


@contextlib.contextmanager
def profile(sandbox):
    """The account of the user that wine runs services as, in that user's %APPDATA%."""
    (roaming,) = (windows.WINE / "drive_c" / "users").glob("*/AppData/Roaming/Microsoft")
    folder = roaming.parent / "send-im"
    folder.mkdir(mode=0o700)
    try:
        file = folder / "config.toml"
        file.touch(0o600)
        file.write_text(f"address = 'tosh@contoso.com'\npassword = 'x'\nserver = '{sandbox}'\n")
        yield
    finally:
        shutil.rmtree(folder)


def ask(room, *command):
    """Runs a program of Windows; how it ended, and what it said in one line."""
    code, said = windows.run(room, *command)
    return code, " ".join(said.split())


@contextlib.contextmanager
def service(room, port):
    """The command, registered as a service by the line of the page."""
    page = (workspace.BINDINGS / "http" / "README.md").read_text()
    (command,) = re.findall(r'^sc\.exe create send-im binPath= "((?:\\.|[^"])*)" start= ', page, re.MULTILINE)
    # The page has the quotes of cmd, and places of a real machine.
    places = {'\\"': '"', r"C:\Program Files\send-im\send-im.exe": program(), r"C:\ProgramData\send-im\log": room / "logs"}
    for place, ours in places.items():
        assert place in command, command
        command = command.replace(place, windows.there(ours) if isinstance(ours, Path) else ours)
    command += f" --listen 127.0.0.1:{port}"
    # A test that was cut off has left it.
    ask(room, "sc", "delete", SERVICE)
    done = ask(room, "sc", "create", SERVICE, "binPath=", command, "start=", "demand")
    assert done[0] == 0, done
    try:
        yield
    finally:
        ask(room, "net", "stop", SERVICE)
        ask(room, "sc", "delete", SERVICE)


def log(room):
    return "".join(file.read_text() for file in sorted((room / "logs").glob("send-im.*.log")))


def send(port, recipient):
    """Who accepted a message that was posted to the service."""
    form = urllib.parse.urlencode({"recipient": recipient, "message": "hello world"}).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/send", form) as answer:
        return json.load(answer)["accepted_by"]


def is_now(room, state):
    return f"STATE : {state}" in ask(room, "sc", "query", SERVICE)[1]


def start(room):
    """Starts it; `net start` of wine does not wait until it runs."""
    said = ask(room, "net", "start", SERVICE)
    assert "was started" in said[1], said
    eventually("it runs", lambda: is_now(room, "4 RUNNING"))


def test_service_that_starts_sends_and_signs_out_when_it_is_stopped(room):
    port = free_port()
    with programs.started(*programs.SANDBOX) as sandbox, profile(sandbox), service(room, port):
        start(room)
        # It is running only once it listens.
        assert answers(port), "it does not listen"
        same(send(port, LENE), LENE)
        same(sessions(sandbox), 1)
        said = ask(room, "net", "stop", SERVICE)
        assert "was stopped" in said[1], said
        eventually("it is stopped", lambda: is_now(room, "1 STOPPED"))
        same((sessions(sandbox), answers(port)), (0, False))
    said = log(room)
    assert 'outcome="delivered"' in said and "signed out" in said, said


def test_service_lets_a_send_end(room):
    port = free_port()
    with programs.started(*programs.SANDBOX) as sandbox, profile(sandbox), service(room, port):
        start(room)
        with ThreadPoolExecutor() as pool:
            sending = pool.submit(send, port, "slow@contoso.com")
            eventually("it rings", lambda: rings(sandbox))
            ask(room, "net", "stop", SERVICE)
            same(sending.result(PATIENCE), "slow@contoso.com")
        eventually("it is signed out", lambda: sessions(sandbox) == 0)


def test_service_that_cannot_start_says_why(room):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        # Nobody is signed in before the first message.
        with profile("http://127.0.0.1:9/"), service(room, port):
            ask(room, "net", "start", SERVICE)
            eventually("it is stopped", lambda: is_now(room, "1 STOPPED"))
            assert f"cannot listen at 127.0.0.1:{port}" in log(room), log(room)
            state = ask(room, "sc", "query", SERVICE)[1]
            assert "SERVICE_EXIT_CODE : 5" in state, state


def test_service_option_is_for_the_manager_alone(room):
    code, said = windows.run(room, program(), "serve", "--windows-service", "--log-folder", windows.there(room / "logs"))
    assert code == 2 and "sc.exe create" in said, (code, said)
    code, said = windows.run(room, program(), "serve", "--windows-service")
    assert code == 2 and "--log-folder" in said, (code, said)


def test_ctrl_c_cancels_a_send(room):
    """Of what a console can be told, wine 8 raises Ctrl-C alone."""
    with programs.started(*programs.SANDBOX) as sandbox:
        account = {"SEND_IM_SERVER": sandbox, "SEND_IM_ADDRESS": "tosh@contoso.com", "SEND_IM_PASSWORD": "x"}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SEND_IM_")}
        command = ["wine", program(), "send", "--to", "silent@contoso.com", "hello"]
        with subprocess.Popen(command, cwd=room, env=environment | windows.WINE_ENVIRONMENT | account) as sending:
            eventually("it rings", lambda: rings(sandbox))
            sending.send_signal(signal.SIGINT)
            same(sending.wait(timeout=PATIENCE), 130)
        same(sessions(sandbox), 0)


def tests():
    """Each in an empty place of its own."""

    def in_room(test):
        with tempfile.TemporaryDirectory() as work:
            test(Path(work).resolve())

    return checked([(f"{name.replace('_', ' ')}", lambda test=test: in_room(test)) for name, test in tests_in(globals())])
