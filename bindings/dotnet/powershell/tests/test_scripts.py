"""What a grammar of PowerShell, which no registry carries, says of the module's scripts: run by pytest, with the modules of tests/run."""

import re

import pytest
import tree_sitter
import tree_sitter_powershell
from powershell import MODULE
from workspace import VERSION

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
SCRIPTS = [MODULE / "SendIm.psd1", MODULE / "SendIm.psm1", *sorted(MODULE.glob("tests/*.ps1"))]
MANIFEST, SOURCE = (script.read_text() for script in SCRIPTS[:2])
EXPORTED = sorted(re.findall(r"'([^']+)'", re.search(r"FunctionsToExport\s*=\s*@\(([^)]*)\)", MANIFEST)[1]))
INTERNAL = {"New-ImSender", "New-ImErrorRecord"}


def nodes(node):
    yield node
    for child in node.children:
        yield from nodes(child)


def parsed(script):
    return list(nodes(PARSER.parse(script.read_bytes()).root_node))


def functions():
    """Each function of the module by its name."""
    for node in parsed(SCRIPTS[1]):
        if node.type == "function_statement":
            (name,) = (child.text.decode() for child in node.children if child.type == "function_name")
            yield name, node


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_is_understood(script):
    assert [node.start_point[0] + 1 for node in parsed(script) if node.type == "ERROR" or node.is_missing] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_is_ascii_which_windows_powershell_does_not_read_in_its_own_way(script):
    assert script.read_text().isascii()


def test_every_list_has_the_functions_that_are_exported():
    member = re.search(r"^Export-ModuleMember -Function (.*)$", SOURCE, re.M)[1]
    about = (MODULE / "en-US" / "about_SendIm.help.txt").read_text()
    assert sorted(re.findall(r"'([^']+)'", member)) == EXPORTED
    assert sorted({name for name, _ in functions()} - INTERNAL) == EXPORTED
    assert sorted(re.findall(r"^    (\w+-Im\w*)$", about, re.M)) == EXPORTED


def test_the_version_is_that_of_the_workspace():
    assert f"ModuleVersion          = '{VERSION}'" in MANIFEST


@pytest.mark.parametrize("name", EXPORTED)
def test_an_exported_function_and_its_parameters_are_documented(name):
    function = dict(functions())[name]
    blocks = [block for block in nodes(function) if block.type == "script_parameter"]
    named = {child.text.decode()[1:] for block in blocks for child in block.children if child.type == "variable"}
    wanted = [".SYNOPSIS", ".EXAMPLE", *(f".PARAMETER {parameter}" for parameter in named)]
    text = function.text.decode()
    assert [part for part in wanted if not re.search(rf"^ *{re.escape(part)}$", text, re.M)] == []
