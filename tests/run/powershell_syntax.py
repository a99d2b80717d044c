"""Reads PowerShell scripts by a grammar and tells what is in them as JSON: powershell_syntax.py FILE …"""

import json
import re
import sys
from pathlib import Path

import tree_sitter
import tree_sitter_powershell

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def nodes(node):
    yield node
    for child in node.children:
        yield from nodes(child)


def text(node):
    return node.text.decode()


def described(path):
    every = list(nodes(PARSER.parse(path.read_bytes()).root_node))
    mistakes = [f"line {node.start_point[0] + 1}: not understood" for node in every if node.type == "ERROR" or node.is_missing]
    functions, undocumented = [], []
    for node in every:
        if node.type != "function_statement":
            continue
        (name,) = (text(child) for child in node.children if child.type == "function_name")
        functions.append(name)
        help_text = text(node)
        parameters = {
            text(variable)[1:]
            for block in nodes(node)
            if block.type == "script_parameter"
            for variable in block.children
            if variable.type == "variable"
        }
        wanted = [".SYNOPSIS", ".EXAMPLE", *(f".PARAMETER {parameter}" for parameter in sorted(parameters))]
        undocumented += [(name, part) for part in wanted if not re.search(rf"^ *{re.escape(part)}$", help_text, re.M)]
    return {"path": str(path), "mistakes": mistakes, "functions": functions, "undocumented": undocumented}


print(json.dumps({Path(file).name: described(Path(file)) for file in sys.argv[1:]}))
