"""The PowerShell module: its archive, that in an empty place, and what a grammar of PowerShell says of its scripts.

There is no PowerShell to run it. What its functions call is, as PowerShell loads it: by file, out of the module's folder.
"""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import dotnet_sdk
import workspace

MODULE = workspace.ROOT / "bindings" / "dotnet" / "powershell"
PROJECT = MODULE / "SendIm.PowerShell.csproj"
TESTS = workspace.ROOT / "bindings" / "dotnet" / "tests" / "PowerShell" / "SendIm.Tests.PowerShell.csproj"
DIST = workspace.ROOT / "dist"
SCRIPTS = ["SendIm.psd1", "SendIm.psm1"]
GRAMMAR = ["tree-sitter==0.26.1", "tree-sitter-powershell==0.26.4"]
GREETING = "lenea@contoso.com InvitationAccepted\nSendIm.Busy ResourceBusy\nhello world\n"

# Loads the module's assemblies by their files, as Import-Module does, and does what Send-Im does.
PROGRAM = """
using System;
using System.IO;
using System.Reflection;

static class Program
{
    static void Main(string[] arguments)
    {
        AppDomain.CurrentDomain.AssemblyResolve += (sender, asked) =>
            Assembly.LoadFrom(Path.Combine(arguments[0], new AssemblyName(asked.Name).Name + ".dll"));
        Send();
    }

    static void Send()
    {
        using var sandbox = SendIm.Sandbox.Start();
        using var sender = new SendIm.PowerShell.Sender(null, "tosh@contoso.com", "x", sandbox.Url, "", null);
        foreach (var to in new[] { "lenea@contoso.com", "busy@contoso.com" })
        {
            var message = SendIm.PowerShell.Message.Of(to, "hello world\\r\\n", "", SendIm.Importance.Normal, false, null);
            var pending = sender.Send(message);
            while (!pending.Wait(100)) { }
            var receipt = (SendIm.Receipt)pending.Result;
            Console.Write(receipt == null
                ? $"{pending.Failure.ErrorId} {pending.Failure.Category}\\n"
                : $"{receipt.AcceptedBy} {receipt.Evidence}\\n");
        }

        Console.Write(sandbox.Messages()[0].Text + "\\n");
    }
}
"""


def archive():
    """The file of the module's archive."""
    return DIST / f"SendIm-PowerShell-{workspace.version()}.zip"


def package(machines, profile):
    """Builds the archive: a folder SendIm for a folder of PSModulePath, with the libraries of these machines."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "SendIm"
        shutil.copytree(MODULE / "en-US", folder / "en-US")
        for file in (*(MODULE / name for name in SCRIPTS), MODULE / "README.md", *workspace.ROOT.glob("LICENSE-*")):
            shutil.copy(file, folder)
        built = Path(work) / "built"
        # Of the native libraries, those of the machines are taken.
        dotnet_sdk.build(PROJECT, built, "--configuration", "Release", "-p:SendImProfile=dev")
        for name in ("SendIm.dll", "SendIm.PowerShell.dll"):
            shutil.copy(built / name, folder)
        for machine in machines:
            place = folder / "runtimes" / machine.dotnet / "native"
            place.mkdir(parents=True)
            shutil.copy(machine.build(profile) / machine.library(), place)
            if machine.native:
                workspace.run("strip", place / machine.library(), check=True)
        return Path(shutil.make_archive(str(archive().with_suffix("")), "zip", work, "SendIm"))


def unpacked(room):
    """The module as its user unpacks it, and a program that does what Send-Im does: its folder, and its file."""
    shutil.unpack_archive(archive(), room)
    module = room / "SendIm"
    source = room / "source"
    source.mkdir()
    references = "".join(
        f'<Reference Include="{name}"><HintPath>{module / name}.dll</HintPath><Private>false</Private></Reference>'
        for name in ("SendIm", "SendIm.PowerShell")
    )
    properties = f"<OutputType>Exe</OutputType><TargetFramework>{dotnet_sdk.framework()}</TargetFramework><LangVersion>8.0</LangVersion>"
    (source / "AsModule.csproj").write_text(
        f'<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup>{properties}<UseAppHost>false</UseAppHost></PropertyGroup>'
        f"<ItemGroup>{references}</ItemGroup></Project>\n"
    )
    (source / "Program.cs").write_text(PROGRAM)
    built = dotnet_sdk.build(source / "AsModule.csproj", room / "built", "-p:Nullable=disable")
    return module, built / "AsModule.dll"


def clean_room():
    """The module in an empty place."""
    with tempfile.TemporaryDirectory() as work:
        module, program = unpacked(Path(work).resolve())
        environment = {name: value for name, value in dotnet_sdk.environment().items() if not name.startswith("SEND_IM_")}
        done = subprocess.run(dotnet_sdk.command(program, module), env=environment, capture_output=True, text=True)
        if (done.returncode, done.stdout, done.stderr) != (0, GREETING, ""):
            raise RuntimeError(f"the PowerShell module in the clean room did not greet: {done}")


def parsed():
    """What the grammar finds in each script: its mistakes, functions, and the strings of its hashtables and commands."""
    workspace.make_environment()
    workspace.run(workspace.PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *GRAMMAR, check=True)
    reader = Path(__file__).with_name("powershell_syntax.py")
    scripts = [*(MODULE / name for name in SCRIPTS), *sorted(MODULE.glob("tests/*.ps1"))]
    told = subprocess.run([workspace.PYTHON, reader, *scripts], capture_output=True, text=True, check=True)
    return json.loads(told.stdout)


def lint():
    """What is wrong with the scripts."""
    scripts = parsed()
    problems = [f"{name}: {mistake}" for name, script in scripts.items() for mistake in script["mistakes"]]
    manifest, module = ((MODULE / name).read_text() for name in SCRIPTS)
    exported = re.findall(r"'([^']+)'", re.search(r"FunctionsToExport\s*=\s*@\(([^)]*)\)", manifest)[1])
    lists = {
        "FunctionsToExport": exported,
        "Export-ModuleMember": re.findall(r"'([^']+)'", re.search(r"^Export-ModuleMember -Function (.*)$", module, re.M)[1]),
        "SendIm.psm1": [name for name in scripts["SendIm.psm1"]["functions"] if name not in ("New-ImSender", "New-ImErrorRecord")],
        "about_SendIm": re.findall(r"^    (\w+-Im\w*)$", (MODULE / "en-US" / "about_SendIm.help.txt").read_text(), re.M),
    }
    problems += [f"{place} has {names}, not {exported}" for place, names in lists.items() if sorted(names) != sorted(exported)]
    if f"ModuleVersion          = '{workspace.version()}'" not in manifest:
        problems.append(f"SendIm.psd1 is not of version {workspace.version()}")
    for name, script in scripts.items():
        problems += [f"{name}: {function} has no {part}" for function, part in script["undocumented"] if function in exported]
        for number, line in enumerate((MODULE / script["path"]).read_text().splitlines(), 1):
            if len(line) > 150 or line != line.rstrip() or "\t" in line or not line.isascii():
                problems.append(f"{name}:{number}: too long, a tab, blanks at the end, or not ASCII, which 5.1 reads in its own way")
    return problems


if __name__ == "__main__":
    print(lint())
