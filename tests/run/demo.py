"""Sends from every language whose toolchain is here into one sandbox and shows it. LANGS="python c++" picks some."""

import os
import shlex
import subprocess
import sys

import languages
import workspace

RECIPIENT = "lenea@contoso.com"


def say(text):
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def main():
    missing = workspace.cargo_problem()
    if missing:
        sys.exit(f"demo: {missing}")
    say("Building. The first time takes a few minutes.")
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", check=True)
    command = workspace.command()
    shell = ["send", "--verbose", "--to", RECIPIENT, "--subject", "db7", "--importance", "urgent", "disk full"]
    sends = [("$ send-im " + shlex.join(shell), [command, *shell])]
    wanted = os.environ.get("LANGS", "").lower().split()
    for language, module, example in languages.EXAMPLES:
        if wanted and language.lower() not in wanted:
            continue
        why = module.problem()
        if why:
            print(f"without {language}: {why}")
            continue
        arguments = [RECIPIENT, f"hello from {language}"]
        sends.append((f"$ the example in {language}: {shlex.join(arguments)}", example(arguments, None)))

    say("$ send-im sandbox")
    sandbox = subprocess.Popen([str(command), "sandbox"], stdout=subprocess.PIPE, text=True, bufsize=1)
    try:
        url = sandbox.stdout.readline().strip()
        print(url)
        environment = dict(os.environ, SEND_IM_SERVER=url, SEND_IM_ADDRESS="tosh@contoso.com", SEND_IM_PASSWORD="any")
        for line, arguments in sends:
            say(line)
            workspace.run(*arguments, env=environment, check=True)
        say(f"The inbox of {RECIPIENT}, as the sandbox tells it:")
        for _ in sends:
            print(sandbox.stdout.readline().rstrip())
    finally:
        sandbox.terminate()
        sandbox.wait(timeout=10)
    try:
        command = command.relative_to(workspace.ROOT)
    except ValueError:
        pass
    say(f"A recipient who is busy: {command} send --server sandbox --to busy@contoso.com hello    More in README.md.")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"demo: {' '.join(map(str, error.cmd[:3]))} … ended with {error.returncode}")
