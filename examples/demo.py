"""Sends from every language whose toolchain is here into one sandbox and shows it. LANGS="python cpp" picks some."""

import os
import shlex
import subprocess
import sys

import workspace
from commands import EXAMPLES, example
from languages import among

RECIPIENT = "lenea@contoso.com"


def say(text):
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def main():
    missing = workspace.cargo_problem()
    if missing:
        sys.exit(f"demo: {missing}")
    wanted = among(EXAMPLES, os.environ.get("LANGS", "").split())
    say("Building the command. The first time takes a minute or two.")
    workspace.run("cargo", "build", "-p", "send-im-cli", check=True)
    command = workspace.command()
    say("$ send-im sandbox")
    sandbox = subprocess.Popen([str(command), "sandbox"], stdout=subprocess.PIPE, text=True, bufsize=1)
    try:
        url = sandbox.stdout.readline().strip()
        print(url)
        account = dict(workspace.clean(), SEND_IM_SERVER=url, SEND_IM_ADDRESS="tosh@contoso.com", SEND_IM_PASSWORD="any")

        def send(line, arguments):
            say(line)
            workspace.run(*arguments, env=account, check=True)
            print(f"in the inbox: {sandbox.stdout.readline().rstrip()}", flush=True)

        shell = ["send", "--verbose", "--to", RECIPIENT, "--subject", "db7", "--importance", "urgent", "disk full"]
        send("$ send-im " + shlex.join(shell), [command, *shell])
        for name in possible(wanted):
            arguments = [RECIPIENT, f"hello from {name}"]
            say(f"Building examples/{name}.")
            send(f"$ examples/{name}: {shlex.join(arguments)}", example(name, *arguments))
    finally:
        sandbox.terminate()
        sandbox.wait(timeout=10)
    try:
        command = command.relative_to(workspace.ROOT)
    except ValueError:
        pass
    say(f"A recipient who is busy: {command} send --server sandbox --to busy@contoso.com hello    More in README.md.")


def possible(wanted):
    """The examples of these that can run here."""
    for name in wanted:
        if why := EXAMPLES[name][0].problem():
            print(f"\nwithout {name}: {why}", flush=True)
        else:
            yield name


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"demo: {' '.join(map(str, error.cmd[:3]))} … ended with {error.returncode}")
