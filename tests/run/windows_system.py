"""What Windows itself asks of the command: to start, run and stop as a service, and Ctrl-Break. Under wine."""

import contextlib
import json
import os
import pty
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import http_service
import windows
import workspace
from outcome import checked, tests_in

SERVICE = "send-im-test"
LENE = "lenea@contoso.com"
PATIENCE = 60


def program():
    """The command as it was built last for Windows."""
    return windows.WINDOWS.folder("dev") / windows.WINDOWS.program()


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
    return http_service.asked(f"{sandbox}sandbox/api/state")["open_applications"]


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
    (line,) = [line for line in (http_service.PACKAGE / "README.md").read_text().splitlines() if line.startswith("sc.exe create")]
    # The page has the quotes of cmd; here each word is one argument.
    command = f'"{windows.there(program())}" serve --windows-service --log-folder "{windows.there(room / "logs")}" --listen 127.0.0.1:{port}'
    assert "serve --windows-service --log-folder" in line and line.split()[3] == "binPath=", line
    done = ask(room, "sc", "create", SERVICE, "binPath=", command, "start=", "demand")
    assert done[0] == 0, done
    try:
        yield
    finally:
        ask(room, "net", "stop", SERVICE)
        ask(room, "sc", "delete", SERVICE)


def log(room):
    return "".join(file.read_text() for file in sorted((room / "logs").glob("send-im.*.log")))


def test_service_that_starts_sends_and_signs_out_when_it_is_stopped(room):
    port = free_port()
    with http_service.started(*http_service.SANDBOX) as sandbox, profile(sandbox), service(room, port):
        started = ask(room, "net", "start", SERVICE)
        assert started[0] == 0, started
        # It is running only once it listens.
        assert answers(port)
        state = ask(room, "sc", "query", SERVICE)
        assert "STATE : 4 RUNNING" in state[1], state
        form = urllib.parse.urlencode({"recipient": LENE, "message": "hello world"}).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/send", form) as answer:
            assert json.load(answer)["accepted_by"] == LENE
        assert sessions(sandbox) == 1
        stopped = ask(room, "net", "stop", SERVICE)
        assert stopped[0] == 0, stopped
        eventually("it is stopped", lambda: "STATE : 1 STOPPED" in ask(room, "sc", "query", SERVICE)[1])
        assert sessions(sandbox) == 0 and not answers(port)
        assert "WIN32_EXIT_CODE : 0" in ask(room, "sc", "query", SERVICE)[1]
    said = log(room)
    assert 'outcome="delivered"' in said and "signed out" in said, said


def test_service_lets_a_send_end(room):
    port = free_port()
    with http_service.started(*http_service.SANDBOX) as sandbox, profile(sandbox), service(room, port):
        ask(room, "net", "start", SERVICE)
        form = urllib.parse.urlencode({"recipient": "slow@contoso.com", "message": "hello"})
        curl = ["curl", "--silent", "--show-error", "--write-out", " %{http_code}", "--data", form, f"http://127.0.0.1:{port}/send"]
        with subprocess.Popen(curl, stdout=subprocess.PIPE, text=True) as sending:
            rings = lambda: any("invitations" in one["path"].lower() for one in http_service.asked(f"{sandbox}sandbox/api/journal"))  # noqa: E731
            eventually("it rings", rings)
            ask(room, "net", "stop", SERVICE)
            told = sending.communicate(timeout=windows.HANG)[0]
        assert told.endswith(" 200"), told
        eventually("it is signed out", lambda: sessions(sandbox) == 0)


def test_service_that_cannot_start_says_why(room):
    with socket.socket() as taken, service(room, port := free_port()):
        taken.bind(("127.0.0.1", port))
        taken.listen()
        code, said = ask(room, "net", "start", SERVICE)
        assert code != 0, said
        state = ask(room, "sc", "query", SERVICE)[1]
        assert "1 STOPPED" in state, state
        eventually("why is in the log", lambda: f"cannot listen at 127.0.0.1:{port}" in log(room))


def test_service_option_is_for_the_manager_alone(room):
    code, said = windows.run(room, program(), "serve", "--windows-service", "--log-folder", windows.there(room / "logs"))
    assert code == 2 and "sc.exe create" in said, (code, said)
    code, said = windows.run(room, program(), "serve", "--windows-service")
    assert code == 2 and "--log-folder" in said, (code, said)


@contextlib.contextmanager
def in_console(room, *command, **variables):
    """A program in a console of its own, which gets Ctrl-Break when the file `break` is there: the program, and a terminal."""
    helper = room / "console.exe"
    source = workspace.ROOT / "tests" / "run" / "wine" / "console.c"
    workspace.run("x86_64-w64-mingw32-gcc", source, "-o", helper, check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SEND_IM_")}
    environment |= {**windows.WINE_ENVIRONMENT, **variables}
    outer, inner = pty.openpty()
    line = ["wine", helper, windows.there(room / "break"), *command]
    process = subprocess.Popen(list(map(str, line)), cwd=room, env=environment, stdin=inner, stdout=inner, stderr=inner)
    os.close(inner)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        os.close(outer)


def test_ctrl_break_cancels_a_send(room):
    with http_service.started(*http_service.SANDBOX) as sandbox:
        account = {"SEND_IM_SERVER": sandbox, "SEND_IM_ADDRESS": "tosh@contoso.com", "SEND_IM_PASSWORD": "x"}
        with in_console(room, program(), "send", "--to", "silent@contoso.com", "hello", **account) as process:
            rings = lambda: any("invitations" in one["path"].lower() for one in http_service.asked(f"{sandbox}sandbox/api/journal"))  # noqa: E731
            eventually("it rings", rings)
            (room / "break").touch()
            assert process.wait(timeout=PATIENCE) == 130, process.returncode
        assert sessions(sandbox) == 0


def tests():
    """Each in an empty place of its own."""

    def in_room(test):
        with tempfile.TemporaryDirectory() as work:
            test(Path(work).resolve())

    return checked([(f"{name.replace('_', ' ')}", lambda test=test: in_room(test)) for name, test in tests_in(globals())])


if __name__ == "__main__":
    windows.prepare()
    print(tests())
