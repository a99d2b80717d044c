"""The image of the HTTP service without what makes images: its files in an empty root, run as the image's user and lines say."""

import json
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

from programs import same
from workspace import BINDINGS

DOCKERFILE = BINDINGS / "http" / "Dockerfile"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
TOKEN = "t0ken-that-nobody-guesses"
PORT = 8480
PATIENCE = 60


def instruction(name):
    """What an instruction says; each stands once there."""
    (found,) = re.findall(rf"^{name} (.*)$", DOCKERFILE.read_text(), re.MULTILINE)
    return found


def words(name):
    """The list that an instruction has, without its options."""
    return json.loads(re.search(r"\[.*\]$", instruction(name))[0])


def fill(root, command):
    """Makes the root what the image is."""
    assert instruction("FROM") == "scratch"
    context = {"send-im": command, AUTHORITIES.name: AUTHORITIES}
    copied = re.findall(r"^COPY --chmod=(\d+) (\S+) (\S+)$", DOCKERFILE.read_text(), re.MULTILINE)
    assert sorted(name for _, name, _ in copied) == sorted(context), copied
    for mode, name, place in copied:
        there = root / place.lstrip("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(context[name], there)
        there.chmod(int(mode, 8))


def in_root(root, emulator, command):
    """The command line of a program there, as the image's user."""
    return [shutil.which("chroot"), f"--userspec={instruction('USER')}", str(root), *emulator, *command]


def serves(root, emulator=()):
    """Starts the service as the image does: its health is good while it runs and bad after, and it delivers. Raises where not."""
    where = {"SEND_IM_SERVER": "sandbox", "SEND_IM_ADDRESS": "tosh@contoso.com", "SEND_IM_PASSWORD": "x", "SEND_IM_HTTP_TOKEN": TOKEN}
    health = in_root(root, emulator, words("HEALTHCHECK"))

    def healthy():
        return subprocess.run(health, env={}, capture_output=True).returncode == 0

    with socket.socket() as probe:
        same(probe.connect_ex(("127.0.0.1", PORT)) != 0, True)
    same(healthy(), False)
    # Without a token it must not listen beyond this machine.
    start = in_root(root, emulator, [*words("ENTRYPOINT"), *words("CMD")])
    refused = subprocess.run(start, env={name: value for name, value in where.items() if "TOKEN" not in name}, capture_output=True)
    same(refused.returncode, 2)
    with subprocess.Popen(start, env=where, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as service:
        try:
            end = time.monotonic() + PATIENCE
            while not healthy() and time.monotonic() < end and service.poll() is None:
                time.sleep(0.1)
            same(healthy(), True)
            owner = Path(f"/proc/{service.pid}/status").read_text()
            same(re.search(r"^Uid:\s+(\d+)", owner, re.MULTILINE)[1], instruction("USER").split(":")[0])
            form = urllib.parse.urlencode({"recipient": "lenea@contoso.com", "message": "hello world"}).encode()
            asked = urllib.request.Request(f"http://127.0.0.1:{PORT}/send", form, {"Authorization": f"Bearer {TOKEN}"})
            with urllib.request.urlopen(asked) as answer:
                same(json.load(answer)["accepted_by"], "lenea@contoso.com")
        finally:
            service.send_signal(signal.Signals[instruction("STOPSIGNAL")])
            _, log = service.communicate(timeout=PATIENCE)
    same((service.returncode, "signed out" in log), (0, True))
    same(healthy(), False)


def check(command, emulator=()):
    """All of that in a new root; the emulator is a program of this machine in front of that root's."""
    with tempfile.TemporaryDirectory() as work:
        root = Path(work) / "root"
        root.mkdir()
        # The image's user must be able to reach it.
        Path(work).chmod(0o755)
        fill(root, command)
        inside = [f"/{Path(shutil.copy(shutil.which(name), root)).name}" for name in emulator]
        serves(root, inside)
