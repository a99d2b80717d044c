"""The front page's lines of Python, which are the first lines of the package's own README, which its tests run."""

import re

import workspace
from outcome import Outcome

README = workspace.ROOT / "README.md"
PACKAGE = workspace.ROOT / "bindings" / "python" / "README.md"


def snippets(file):
    """The pieces of code of a Markdown file, each with its mark; commands and settings are none."""
    found = re.findall(r"^```([\w,]+)\n(.*?)^```", file.read_text(), re.DOTALL | re.MULTILINE)
    return [snippet for snippet in found if snippet[0] not in ("sh", "toml")]


def compared(language):
    """One test: the front page has one program, which opens Python's page. Those of the others are on their own pages alone."""
    if language != "python":
        return Outcome()
    if snippets(README) == snippets(PACKAGE)[:1]:
        return Outcome(passed=1)
    why = "README.md: its program is not the first one of bindings/python/README.md alone"
    print(why)
    return Outcome(failed=1, why=[why])
