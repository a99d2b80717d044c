"""Programs that take what was built as other people's programs do, on this machine or for another."""

import json
import os
import re
import shutil
import subprocess
import zipfile

import dotnet
import workspace
from languages import C, DOTNET, GO, JVM, NODE
from programs import ended, snippets
from workspace import BINDINGS, DIST, VERSION

CONAN = "conan==2.34.0"
# The first lines of the README as a program with the shared library, and as one with the static one.
PROJECT = """cmake_minimum_required(VERSION 3.16)
project(hello C)
find_package(send-im {version} REQUIRED)
foreach(library send-im send-im-static)
  add_executable(${{library}} hello.c)
  target_link_libraries(${{library}} send-im::${{library}})
endforeach()
"""
CONANFILE = """[requires]
send-im/{version}
[generators]
CMakeToolchain
"""

SWIFT_PACKAGE = """// swift-tools-version: 6.0
import PackageDescription
let package = Package(
    name: "consumer",
    platforms: [.macOS(.v13)],
    dependencies: [.package(name: "SendIm", path: "{path}")],
    targets: [{targets}]
)
"""


def of_readme(language, mark):
    """The programs of a package's page that have this mark."""
    return snippets(language.folder / "README.md", mark)


def greet_in_c(room):
    """Does in this folder, which has the archive, what the README says: its commands, with its first lines as hello.c."""
    (room / "hello.c").write_text(of_readme(C, "c")[0])
    greeted_in_c(ended(["sh", "-e", "-c", f"cd '{room}'\n{of_readme(C, 'sh')[0]}"]))


def greeted_in_c(done):
    """Checks the end of the README's first lines in C."""
    greeting = (done.returncode, done.stderr) == (0, "") and [message["text"] for message in json.loads(done.stdout)] == ["hello world"]
    assert greeting, f"the README's lines did not greet: {done}"


def declared():
    """The functions of the header."""
    header = (BINDINGS / "c" / "include" / "send_im.h").read_text()
    return set(re.findall(r"^[\w *]*?\b(send_im\w*)\(", header, re.MULTILINE))


def built(folder, source, *options, suffix=""):
    """Builds both programs of this source in a new folder: their files."""
    folder.mkdir()
    (folder / "hello.c").write_text(source)
    (folder / "CMakeLists.txt").write_text(PROJECT.format(version=VERSION))
    for step in (["-S", folder, "-B", folder / "built", "-DCMAKE_BUILD_TYPE=Release", *options], ["--build", folder / "built"]):
        workspace.run("cmake", *step, folder=folder, check=True, stdout=subprocess.DEVNULL)
    return [folder / "built" / f"{name}{suffix}" for name in ("send-im", "send-im-static")]


def with_cmake(room, source, prefix, *options, suffix=""):
    """Takes what was unpacked there."""
    return built(room / "with-cmake", source, f"-DCMAKE_PREFIX_PATH={prefix}", *options, suffix=suffix)


def with_conan(room, source, prefix):
    """Makes a package of what was unpacked there, and takes that."""
    workspace.pip(CONAN)
    environment = dict(os.environ, CONAN_HOME=str(room / "conan"))
    (room / "conanfile.txt").write_text(CONANFILE.format(version=VERSION))
    for step in (["profile", "detect"], ["export-pkg", prefix], ["install", room]):
        command = [workspace.PYTHON.with_name("conan"), *step, "-v", "error"]
        workspace.run(*command, folder=room, env=environment, check=True, stdout=subprocess.DEVNULL)
    return built(room / "with-conan", source, f"-DCMAKE_TOOLCHAIN_FILE={room / 'conan_toolchain.cmake'}")


def write_jvm(folder):
    """The README's first lines in both languages of the JVM, as files of programs."""
    (folder / "Greet.kt").write_text(of_readme(JVM, "kotlin")[0])
    body = f"    public static void main(String[] arguments) {{\n{of_readme(JVM, 'java')[0]}    }}\n"
    (folder / "Hello.java").write_text(f"import im.send.*;\npublic class Hello {{\n{body}}}\n")


def dotnet_project(language, folder, count=None):
    """Makes a project in a folder from the first programs of the README; its argument is the number of the one to run."""
    suffix, name = {"csharp": ("cs", "ReadmeCSharp"), "vb": ("vb", "ReadmeVb")}[language]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in (dotnet.TESTS / "Readme").glob(f"*.{suffix}*"):
        shutil.copy(file, folder)
    for number, snippet in enumerate(of_readme(DOTNET, language)[:count]):
        # What is imported stays on top; lines of C# become a method.
        imported = r"using [\w.]+;" if suffix == "cs" else "Imports .*"
        head = [line for line in snippet.splitlines() if re.fullmatch(imported, line)]
        body = "\n".join(line for line in snippet.splitlines() if line not in head)
        if suffix == "cs":
            usual = [f"using {name};" for name in ("System", "System.Linq", "System.Threading", "System.Threading.Tasks")]
            head += [line for line in usual if line not in head]
            body = f"namespace Snippet{number}\n{{\nstatic class Program\n{{\npublic static async Task Main()\n{{\n{body}\n}}\n}}\n}}\n"
        else:
            body = f"Namespace Snippet{number}\n{body}\nEnd Namespace\n"
        (folder / f"Snippet{number}.{suffix}").write_text("\n".join([*head, body]))
    return folder / f"{name}.{suffix}proj"


def with_nuget(room, language, environment):
    """The program of the README's first lines, with the built package as the only source of packages."""
    sources = f'<clear /><add key="dist" value="{DIST}" />'
    (room / "nuget.config").write_text(f"<configuration><packageSources>{sources}</packageSources></configuration>\n")
    project = dotnet_project(language, room / language, count=1)
    chosen = [f"-p:SendImFramework={dotnet.framework()}", f"-p:SendImVersion={VERSION}"]
    out = room / f"out-{language}"
    done = ended(["dotnet", "build", project, "--output", out, *dotnet.QUIET, *chosen], environment, cwd=room)
    assert done.returncode == 0, f"the README's first lines do not compile with the package: {done.stdout}"
    return out / f"{project.stem}.dll"


def tarballs(machine):
    """Those of Node that somebody with this machine installs."""
    return [DIST / f"{name}-{VERSION}.tgz" for name in (f"send-im-{machine.node}", "send-im")]


def node_greetings():
    """The first lines of Node's README, as a module and for CommonJS, by the name of the file."""
    lines = of_readme(NODE, "js")[:2]
    return {"greet.cjs" if "require(" in text else "greet.mjs": text for text in lines}


def go_module():
    """The path of Go's module."""
    return re.search(r"^module (\S+)", (GO.folder / "go.mod").read_text())[1]


def go_archive():
    """The zip of Go's module."""
    return DIST / f"send-im-go-{VERSION}.zip"


def with_go(room, machine, tests=False):
    """The README's first lines as a program of another machine, linked with the package's library; or the package's own tests."""
    with zipfile.ZipFile(go_archive()) as packed:
        packed.extractall(room / "unpacked")
    (package,) = (room / "unpacked").rglob("go.mod")
    (room / "main.go").write_text(of_readme(GO, "go")[0])
    system, *libc, processor = machine.go.split("_")
    there = {"GOOS": system, "GOARCH": processor, "CGO_ENABLED": "1", "CC": " ".join(machine.compiler)}
    if machine.musl:
        # What Alpine's gcc brings by itself.
        there["CGO_LDFLAGS"] = "-lunwind"
    program, built = room / machine.program("hello"), [f"-tags={','.join(libc)}", "-o"]
    steps = [
        (room, "mod", "init", "hello"),
        (room, "mod", "edit", f"-require={go_module()}@v0.0.0", f"-replace={go_module()}={package.parent}"),
        (room, "build", *built, program, "."),
    ]
    if tests:
        for test in GO.folder.glob("*_test.go"):
            shutil.copy(test, package.parent)
        program = room / machine.program("tests")
        steps = [(package.parent, "test", "-c", *built, program, ".")]
    for folder, *step in steps:
        environment = {**workspace.clean(), "GOFLAGS": "-mod=mod", **there}
        workspace.run("go", *step, folder=folder, env=environment, check=True, stderr=subprocess.DEVNULL)
    return program


def swift_programs(readme):
    """The programs that this README of the Swift package shows, in order. A piece of a manifest is none."""
    return [snippet for snippet in snippets(readme, "swift") if not snippet.startswith("// Package.swift")]


def swift_package(folder, package, programs):
    """A package in `folder` that uses `package` and has one executable a program: their names."""
    names = [f"program{number}" for number in range(len(programs))]
    targets = ", ".join(f'.executableTarget(name: "{name}", dependencies: ["SendIm"])' for name in names)
    for name, program in zip(names, programs):
        source = folder / "Sources" / name / "main.swift"
        source.parent.mkdir(parents=True)
        source.write_text(program)
    (folder / "Package.swift").write_text(SWIFT_PACKAGE.format(path=package, targets=targets))
    return names
