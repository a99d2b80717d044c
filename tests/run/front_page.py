"""The front page's lines of each language. They are the first lines of the package's own README, which its tests run."""

import re

import workspace
from outcome import Outcome

README = workspace.ROOT / "README.md"

# Row of the table, the mark of its code, where the same lines stand and are run.
SNIPPETS = {
    "python": ("python", "bindings/python"),
    "ruby": ("ruby", "bindings/ruby"),
    "kotlin": ("kotlin", "bindings/kotlin"),
    "java": ("java", "bindings/kotlin"),
    "swift": ("swift", "bindings/swift"),
    "c": ("c", "bindings/c"),
    "csharp": ("csharp", "bindings/dotnet"),
    "vb": ("vb", "bindings/dotnet"),
    "php": ("php", "bindings/php"),
    "node": ("js", "bindings/node"),
    "go": ("go", "bindings/go"),
}


def snippets(file, mark):
    """The pieces of code of a Markdown file that have this mark."""
    return re.findall(rf"^```{mark}\n(.*?)^```", file.read_text(), re.DOTALL | re.MULTILINE)


def compared(language):
    """One test: the front page says what the package's README says."""
    if language not in SNIPPETS:
        return Outcome()
    mark, folder = SNIPPETS[language]
    here, there = snippets(README, mark), snippets(workspace.ROOT / folder / "README.md", mark)
    if here[:1] == there[:1] and len(here) == 1:
        return Outcome(passed=1)
    why = f"README.md: its {mark} lines are not the first ones of {folder}/README.md"
    print(why)
    return Outcome(failed=1, why=[why])
