"""Empty places in which packages are tried."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

from programs import GREETING, ended
from workspace import clean


@contextmanager
def empty_room(**environment):
    """An empty place for somebody who has the built packages and nothing else of this clone."""
    with tempfile.TemporaryDirectory() as work:
        yield Room(Path(work).resolve(), environment)


class Room:
    """A folder, and the environment of what runs there. A value may be a path in the room."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.environment = {name: value for name, value in clean().items() if not name.startswith(("PYTHON", "NODE_"))}
        self.environment |= {name: str(folder / value) for name, value in environment.items()}

    def run(self, *command, inside="."):
        """Runs a program to its end."""
        return ended(command, self.environment, cwd=self.folder / inside)

    def does(self, *command, inside="."):
        """Runs a program that must succeed; what it prints."""
        done = self.run(*command, inside=inside)
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command[:3]))} failed in the empty place: {done.stdout}{done.stderr}")
        return done.stdout

    def greets(self, *command, inside="."):
        """Runs the first lines of a package's page."""
        done = self.run(*command, inside=inside)
        if (done.returncode, done.stdout, done.stderr) != (0, GREETING, ""):
            raise RuntimeError(f"the first lines of the page did not greet in the empty place: {done}")

    def asks_for_an_account(self, *command):
        """Runs an example, which finds no account here."""
        done = self.run(*command, "lenea@contoso.com", "hello world")
        if done.returncode != 2 or "SEND_IM_ADDRESS" not in done.stderr:
            raise RuntimeError(f"the example did not ask for an account in the empty place: {done}")
