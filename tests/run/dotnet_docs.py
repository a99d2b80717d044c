"""The programs that the README of the .NET package shows, compiled and run."""

import re

import programs
import workspace

README = workspace.ROOT / "bindings" / "dotnet" / "README.md"

CSHARP_USINGS = "System System.Linq System.Threading System.Threading.Tasks".split()

PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>{framework}</TargetFramework>
    <LangVersion Condition="'$(MSBuildProjectExtension)' == '.csproj'">8.0</LangVersion>
    <Nullable>disable</Nullable>
    <NoWarn>CS1998</NoWarn>
    <RootNamespace></RootNamespace>
    <StartupObject>Snippets</StartupObject>
    <UseAppHost>false</UseAppHost>
  </PropertyGroup>
  <ItemGroup>
    {reference}
  </ItemGroup>
</Project>
"""


def snippets(language):
    """The programs of the README in `csharp` or `vb`."""
    return programs.snippets(README, language)


def csharp(number, snippet):
    """A snippet in C# as a class: its usings stay on top, its other lines become a method."""
    lines = snippet.splitlines()
    usings = [line for line in lines if re.fullmatch(r"using [\w.]+;", line)]
    rest = [line for line in lines if line not in usings]
    head = [f"using {name};" for name in CSHARP_USINGS if f"using {name};" not in usings]
    return "\n".join(
        [*head, *usings, f"static class Snippet{number}", "{", "static public async Task Main()", "{", *rest, "}", "}", ""]
    )


def vb(number, snippet):
    """A snippet in Visual Basic in a namespace of its own."""
    lines = snippet.splitlines()
    imports = [line for line in lines if line.startswith("Imports ")]
    rest = [line for line in lines if line not in imports]
    return "\n".join([*imports, f"Namespace Snippet{number}", *rest, "End Namespace", ""])


def write(language, folder, framework, reference, count=None):
    """Writes a project with the README's programs; its argument is the number of the one to run."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = snippets(language)[:count]
    suffix, wrap = {"csharp": ("cs", csharp), "vb": ("vb", vb)}[language]
    for old in folder.glob(f"*.{suffix}"):
        old.unlink()
    for number, snippet in enumerate(chosen):
        (folder / f"Snippet{number}.{suffix}").write_text(wrap(number, snippet))
    (folder / f"Snippets.{suffix}").write_text(CHOOSERS[language](chosen))
    project = folder / f"snippets-{language}.{suffix}proj"
    project.write_text(PROJECT.format(framework=framework, reference=reference))
    return project


def choose_csharp(chosen):
    cases = "".join(f'case "{number}": return Snippet{number}.Main();\n' for number in range(len(chosen)))
    return (
        "using System.Threading.Tasks;\n"
        "static class Snippets\n{\n"
        "static Task Main(string[] arguments)\n{\n"
        f'switch (arguments[0])\n{{\n{cases}default: throw new System.ArgumentException("no such snippet");\n}}\n'
        "}\n}\n"
    )


def choose_vb(chosen):
    names = [re.search(r"^Module (\w+)", snippet, re.MULTILINE)[1] for snippet in chosen]
    cases = "".join(f'Case "{number}" : Snippet{number}.{name}.Main()\n' for number, name in enumerate(names))
    return (
        "Module Snippets\n"
        "Sub Main(arguments As String())\n"
        f"Select Case arguments(0)\n{cases}"
        'Case Else : Throw New System.ArgumentException("no such snippet")\n'
        "End Select\nEnd Sub\nEnd Module\n"
    )


CHOOSERS = {"csharp": choose_csharp, "vb": choose_vb}
