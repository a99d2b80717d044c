"""Sends from each language into one sandbox and shows what arrived."""

import os
import subprocess
import sys

import workspace

RECIPIENT = "lenea@contoso.com"


def say(text):
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def main():
    problem = workspace.python_problem()
    if problem:
        sys.exit(f"demo: {problem}")
    say("Building the command and the Python package. The first time takes a few minutes.")
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", check=True)
    workspace.install_python_package()
    command = workspace.command()

    say("$ send-im sandbox")
    sandbox = subprocess.Popen([str(command), "sandbox"], stdout=subprocess.PIPE, text=True, bufsize=1)
    try:
        url = sandbox.stdout.readline().strip()
        print(url)
        environment = dict(os.environ, SEND_IM_SERVER=url, SEND_IM_ADDRESS="tosh@contoso.com", SEND_IM_PASSWORD="any")
        sends = [
            (
                "$ send-im send --verbose --to lenea@contoso.com --subject db7 --importance urgent 'disk full'",
                [command, "send", "--verbose", "--to", RECIPIENT, "--subject", "db7", "--importance", "urgent", "disk full"],
            ),
            (
                "$ python examples/python/send.py lenea@contoso.com 'hello from Python'",
                [workspace.PYTHON, "examples/python/send.py", RECIPIENT, "hello from Python"],
            ),
        ]
        for line, arguments in sends:
            say(line)
            workspace.run(*arguments, env=environment, check=True)
        say(f"The inbox of {RECIPIENT}, as the sandbox tells it:")
        for _ in sends:
            print(sandbox.stdout.readline().rstrip())
    finally:
        sandbox.terminate()
        sandbox.wait(timeout=10)
    say("Try send-im send --server sandbox --to busy@contoso.com 'hello' for a recipient who is busy; more in README.md.")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"demo: {' '.join(map(str, error.cmd[:3]))} … ended with {error.returncode}")
