"""Each package of this machine that is in dist/, used in an empty place, from which nothing of the clone is seen: rooms.py [LANGUAGE …]"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import consumers
import languages
import powershell
import recipes
import swift
import toolchains
import workspace
from consumers import of_readme
from languages import C, GO, PHP, PYTHON, RUBY, SHELL
from checks import checked
from programs import GREETING, ended, same
from room import empty_room
from targets import host
from workspace import DIST, ROOT, VERSION

# Named in full, so that Maven need not ask which versions there are.
INSTALL_FILE = "org.apache.maven.plugins:maven-install-plugin:3.1.4:install-file"
BUILD_CLASSPATH = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath"
EXAMPLES = ROOT / "examples"
# Seconds. No greeting takes so long unless it hangs.
HANG = 120


def of_command():
    """Does the first lines of the README with the command of the archive."""
    block = next(block for block in of_readme(SHELL, "sh") if block.startswith("export "))
    name = f"send-im-{VERSION}-{host().name}"
    with empty_room(HOME=".") as room:
        shutil.unpack_archive(DIST / f"{name}.tar.gz", room.folder)
        beside = [room.folder / name / place for place in ("man/send-im-send.1", "completions/send-im.bash")]
        assert all(file.exists() and file.stat().st_size for file in beside), f"the archive lacks one of {beside}"
        room.environment |= {"PATH": f"{room.folder / name}{os.pathsep}{os.environ['PATH']}", "LANG": "C.UTF-8"}
        accepted = "lenea@contoso.com accepted the message.\n"
        same(room.does("sh", "-c", block), f"{accepted}{accepted}not delivered, exit code 4\n")


def of_c():
    """Does what the README says: unpacks the archive, compiles its first lines and runs them. So do others' builds."""
    with tempfile.TemporaryDirectory() as work:
        room = Path(work).resolve()
        shutil.copy(DIST / f"send_im-{VERSION}-{host().name}.tar.gz", room)
        consumers.greet_in_c(room)
        prefix = room / "send_im"
        listed = subprocess.run(["nm", "-g", prefix / "lib" / "libsend_im.a"], capture_output=True, text=True, check=True)
        assert "send_im_panic_for_tests" not in listed.stdout, "the archive holds the test library"
        for taken in (consumers.with_cmake, consumers.with_conan):
            for built in taken(room, of_readme(C, "c")[0], prefix):
                consumers.greeted_in_c(ended([built], workspace.clean()))


def of_python(*chosen, **environment):
    """Installs what was chosen, else the wheel, and runs the README's lines and the example with it."""
    chosen = chosen or ("--no-index", "--find-links", DIST, "--only-binary", ":all:", "send-im")
    with empty_room(**environment) as room:
        workspace.make_environment(room.folder / "venv")
        interpreter = workspace.python_in(room.folder / "venv")
        room.does(interpreter, "-m", "pip", "install", "--quiet", *chosen)
        texts = list(room.folder.rglob("send_im-*.dist-info/**/LICENSE-*"))
        assert len(texts) == 3, f"the texts of the licences are {texts}"
        room.greets(interpreter, "-c", of_readme(PYTHON, "python")[0])
        room.asks_for_an_account(interpreter, EXAMPLES / "python" / "send.py")


def of_python_sources():
    """Builds the source archive, where cargo has fetched nothing yet, and does the same with it."""
    chosen = ("--no-cache-dir", "--config-settings=build-args=--profile dev", recipes.python_sources())
    of_python(*chosen, CARGO_HOME="cargo", CARGO_TARGET_DIR="target")


def of_ruby():
    """Installs the gem and runs the README's lines and the example with it."""
    platforms = (toolchains.said("ruby", "-e", "print Gem::Platform.local"), host().gem)
    gem = next(gem for name in platforms for gem in DIST.glob(f"send_im-{VERSION}-{name}.gem"))
    # The gem ffi, the one dependency, is this machine's.
    paths = os.pathsep.join(["gems", *toolchains.said("ruby", "-e", "print Gem.default_path.join(%q(:))").split(":")])
    with empty_room(HOME=".", GEM_HOME="gems") as room:
        room.environment |= {"LANG": "C.UTF-8", "GEM_PATH": str(room.folder / paths)}
        room.does("gem", "install", "--local", "--ignore-dependencies", "--no-document", gem)
        (room.folder / "greet.rb").write_text(of_readme(RUBY, "ruby")[0])
        room.greets("ruby", "-w", "greet.rb")
        shutil.copy(EXAMPLES / "ruby" / "send.rb", room.folder)
        room.asks_for_an_account("ruby", "send.rb")


def of_jvm():
    """Takes the jar with a Maven repository of its own: both languages run the README."""
    with empty_room() as room:
        project = room.folder / "project"
        shutil.copytree(EXAMPLES / "kotlin", project)
        (project / "Send.kt").unlink()
        consumers.write_jvm(project)

        def mvn(*arguments):
            repository = f"-Dmaven.repo.local={room.folder / 'repository'}"
            room.does("mvn", "--batch-mode", "--quiet", repository, *arguments, inside="project")

        jar = DIST / f"send-im-{VERSION}.jar"
        mvn(INSTALL_FILE, f"-Dfile={jar}", f"-DpomFile={jar.with_suffix('.pom')}")
        mvn("compile", BUILD_CLASSPATH, f"-Dmdep.outputFile={room.folder / 'classpath'}")
        classpath = f"target/classes{os.pathsep}{(room.folder / 'classpath').read_text().strip()}"
        for main in ("GreetKt", "Hello"):
            room.greets("java", "-cp", classpath, main, inside="project")


def of_swift():
    """Builds the README's first lines with the archive. Then the program is moved, with the library, to where there is no package."""
    with tempfile.TemporaryDirectory() as work:
        room = Path(work).resolve()
        shutil.unpack_archive(DIST / f"send-im-swift-{VERSION}-{host().name}.tar.gz", room)
        folder = room / "consumer"
        folder.mkdir()
        (name,) = consumers.swift_package(folder, "../SendIm", consumers.swift_programs(room / "SendIm" / "README.md")[:1])
        swift.build(folder, folder=room)

        def greets(there, program):
            done = subprocess.run(swift.command(there, program, folder=room), capture_output=True, text=True, timeout=HANG)
            same((done.returncode, done.stdout, done.stderr), (0, GREETING, ""))

        greets(folder, folder / ".build" / "debug" / name)
        moved = room / "moved"
        shutil.copytree(room / "SendIm" / "lib", moved)
        shutil.copy(folder / ".build" / "debug" / name, moved)
        shutil.rmtree(room / "SendIm")
        greets(moved, moved / name)


def of_dotnet():
    """Takes the NuGet package, with a package folder of its own: both languages greet, and so does the PowerShell module."""
    of_powershell()
    with zipfile.ZipFile(DIST / f"SendIm.{VERSION}.nupkg") as packed:
        # The programs below need the first of these frameworks alone.
        others = {"lib/netstandard2.0/SendIm.dll", "lib/netstandard2.0/SendIm.xml", "buildTransitive/SendIm.targets"}
        assert others <= set(packed.namelist()), packed.namelist()
    with empty_room(HOME=".", DOTNET_CLI_HOME=".", NUGET_PACKAGES="packages") as room:
        for language in ("csharp", "vb"):
            built = consumers.with_nuget(room.folder, language, room.environment)
            room.greets("dotnet", built, 0)


def of_powershell():
    """There is no PowerShell: what the module's functions call is tried, as PowerShell loads it."""
    with tempfile.TemporaryDirectory() as work:
        module, program = powershell.unpacked(Path(work).resolve())
        done = ended(["dotnet", program, module])
        same((done.returncode, done.stdout, done.stderr), (0, powershell.GREETING, ""))


def of_php():
    """Installs the zip with Composer and runs the README's lines and the example with it."""
    with empty_room(HOME=".", COMPOSER_HOME="composer") as room:
        room.environment |= {"COMPOSER_ALLOW_SUPERUSER": "1", "LANG": "C.UTF-8"}
        (room.folder / "dist").mkdir()
        shutil.copy(DIST / f"send-im-send-im-{VERSION}.zip", room.folder / "dist")
        (room.folder / "composer.json").write_text('{"repositories": [{"packagist": false}]}\n')
        room.does("composer", "config", "repositories.send-im", "artifact", room.folder / "dist")
        room.does("composer", "require", "--no-interaction", "send-im/send-im")
        (room.folder / "greet.php").write_text(of_readme(PHP, "php")[0])
        room.greets("php", "-d", "error_reporting=-1", "greet.php")
        header = room.does("vendor/bin/send-im-header")
        assert f'FFI_LIB "{room.folder}' in header, f"it does not use the library installed in it: {header}"
        shutil.copy(EXAMPLES / "php" / "send.php", room.folder)
        room.asks_for_an_account("php", "send.php")


def of_node():
    """Installs the tarballs with an empty cache, and runs the README's lines and the example with them."""
    with empty_room(XDG_CONFIG_HOME=".", npm_config_cache="cache") as room:
        (room.folder / "package.json").write_text('{"private": true}')
        room.does("npm", "install", "--no-audit", "--no-fund", *consumers.tarballs(host()))
        for name, lines in consumers.node_greetings().items():
            (room.folder / name).write_text(lines)
            room.greets("node", name)
        shutil.copy(EXAMPLES / "node" / "send.mjs", room.folder)
        room.asks_for_an_account("node", "send.mjs")


def of_go():
    """Takes the zip through a module proxy, vendored, and by replacing, and runs the README's first lines."""
    module, archive = consumers.go_module(), consumers.go_archive()
    with empty_room(HOME=".", GOPATH="go", GOMODCACHE="go/pkg/mod", GOCACHE="cache") as room:
        served = room.folder / "proxy" / module / "@v"
        served.mkdir(parents=True)
        shutil.copy(archive, served / f"v{VERSION}.zip")
        with zipfile.ZipFile(archive) as packed:
            (served / f"v{VERSION}.mod").write_bytes(packed.read(f"{module}@v{VERSION}/go.mod"))
            packed.extractall(room.folder / "unpacked")
        (served / f"v{VERSION}.info").write_text(json.dumps({"Version": f"v{VERSION}"}))
        # Folders of modules can be removed.
        proxied = {"GOPROXY": (room.folder / "proxy").as_uri(), "GOFLAGS": "-modcacherw"}
        room.environment |= {"GONOSUMDB": module.split("/")[0], **proxied}
        replaced = room.folder / "unpacked" / "sendim"
        shutil.move(room.folder / "unpacked" / f"{module}@v{VERSION}", replaced)
        ways = {
            "get": [["get", f"{module}@v{VERSION}"]],
            "vendor": [["get", f"{module}@v{VERSION}"], ["mod", "vendor"]],
            "replace": [["mod", "edit", f"-require={module}@v0.0.0", f"-replace={module}={replaced}"]],
        }
        for way, steps in ways.items():
            (room.folder / way).mkdir()
            (room.folder / way / "main.go").write_text(of_readme(GO, "go")[0])
            for step in [["mod", "init", "hello"], *steps, ["build", "-o", "hello", "."]]:
                room.does("go", *step, inside=way)
            room.greets("./hello", inside=way)
            program = (room.folder / way / "hello").read_bytes()
            assert b"send_im_panic_for_tests" not in program, "the zip holds the test library"


ROOMS = {
    "python": of_python,
    "ruby": of_ruby,
    "kotlin": of_jvm,
    "swift": of_swift,
    "c": of_c,
    "dotnet": of_dotnet,
    "php": of_php,
    "node": of_node,
    "go": of_go,
    "shell": of_command,
}

if __name__ == "__main__":
    chosen = languages.packaged(sys.argv[1:])
    outcome = checked([(f"{name}: works in an empty place", ROOMS[name]) for name in chosen])
    sys.exit(bool(outcome.failed))
