"""What the documentation shows is run."""

import doctest
import importlib
import pkgutil
import re

import pytest
from conftest import PACKAGE, ROOT

import send_im

MODULES = [send_im] + [
    importlib.import_module(f"send_im.{info.name}") for info in pkgutil.iter_modules(send_im.__path__) if not info.ispkg
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_examples_of_the_docstrings(module):
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


def test_there_are_examples():
    examples = [test for module in MODULES for test in doctest.DocTestFinder().find(module) if test.examples]
    assert {"send_im._send.send_im", "send_im._client.Client", "send_im._client.AsyncClient"} <= {
        test.name for test in examples
    }


def snippets():
    return re.findall(r"^```python\n(.*?)^```", (PACKAGE / "README.md").read_text(), re.DOTALL | re.MULTILINE)


def test_the_front_page_has_the_first_lines_of_this_one_and_no_other_program():
    shown = re.findall(r"^```([\w,]+)\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert [(mark, lines) for mark, lines in shown if mark not in ("sh", "toml")] == [("python", snippets()[0])]


def test_the_readme_opens_with_five_lines_that_work(script):
    first = snippets()[0]
    assert len(first.strip().splitlines()) <= 5
    done = script(first)
    assert (done.returncode, done.stdout, done.stderr) == (0, "lenea@contoso.com hello world\n", "")


@pytest.mark.parametrize("number", range(len(snippets())))
def test_every_snippet_of_the_readme_works(script, number, monkeypatch, sandbox):
    monkeypatch.setenv("SEND_IM_ADDRESS", "tosh@contoso.com")
    monkeypatch.setenv("SEND_IM_PASSWORD", "x")
    monkeypatch.setenv("SEND_IM_SERVER", sandbox.url)
    done = script(snippets()[number])
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def test_the_version_is_that_of_the_workspace():
    manifest = (ROOT / "Cargo.toml").read_text()
    assert send_im.__version__ == re.search(r'^version = "([^"]+)"', manifest, re.MULTILINE)[1]
