"""The PHP package: its tests, its zip for Composer, and the zip used in an empty place.

On its own it makes the package in the clone ready.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import toolchains
import workspace
from outcome import Outcome, junit
from programs import empty_room, snippets
from targets import host

PACKAGE = workspace.ROOT / "bindings" / "php"
EXAMPLE = workspace.ROOT / "examples" / "php"
DIST = workspace.ROOT / "dist"
OLDEST_PHP = (8, 1)
NEEDED = [
    *("php-cli", "php-fpm", "php-mbstring", "php-xml", "php-zip"),
    *("composer", "phpunit", "php-psr-log", "php-codesniffer", "libfcgi-bin"),
]
DEBIAN = f"on Debian: apt install {' '.join(NEEDED)}"


def problem():
    """Why the package cannot be built and tested here, or None."""
    if not shutil.which("cargo"):
        return "no cargo on PATH (install Rust from rustup.rs)"
    for tool in ("php", "composer", "phpunit", "cgi-fcgi"):
        if not shutil.which(tool):
            return f"no {tool} on PATH ({DEBIAN})"
    found = asked("echo PHP_MAJOR_VERSION, '.', PHP_MINOR_VERSION;")
    if tuple(map(int, found.split("."))) < OLDEST_PHP:
        return f"PHP is too old, {'.'.join(map(str, OLDEST_PHP))} is the oldest ({DEBIAN})"
    for name in ("ffi", "dom", "pcntl", "posix", "zip"):
        if asked(f"echo (int) extension_loaded('{name}');") != "1":
            return f"this PHP has no extension {name} ({DEBIAN})"
    places = f"{os.environ['PATH']}:/usr/sbin"
    if not shutil.which(f"php-fpm{found}", path=places) and not shutil.which("php-fpm", path=places):
        return f"no php-fpm ({DEBIAN})"
    return None


def toolchain():
    """PHP with php-fpm, Composer and PHPUnit, all from Debian."""
    if problem() or not shutil.which("phpcs"):
        toolchains.debian(*NEEDED)


def asked(program):
    """What this PHP program prints."""
    return subprocess.run(["php", "-r", program], capture_output=True, text=True).stdout


def composer(*arguments, folder):
    """Runs Composer, which otherwise asks whether root means it."""
    environment = dict(os.environ, COMPOSER_ALLOW_SUPERUSER="1")
    workspace.run("composer", *arguments, "--quiet", "--no-interaction", folder=folder, env=environment, check=True)


def library():
    """Where the package has the native library of this platform."""
    return Path("lib") / host().php / host().library()


def compile_library(profile, package=PACKAGE):
    """Builds the native library and puts it and its header into the package."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-c", "--profile", profile, check=True)
    target = package / library()
    target.parent.mkdir(parents=True, exist_ok=True)
    # A process that runs keeps the file it has loaded.
    fresh = target.with_suffix(".new")
    shutil.copy(workspace.target_dir() / ("debug" if profile == "dev" else profile) / target.name, fresh)
    fresh.replace(target)
    shutil.copy(workspace.ROOT / "bindings" / "c" / "include" / "send_im.h", package / "lib")
    return target


def prepare():
    """The package in this clone with a debug library and Composer's autoloader."""
    compile_library("dev")
    composer("dump-autoload", "--dev", folder=PACKAGE)


def run():
    """Compiles the package in debug mode, runs its tests and counts what they report."""
    workspace.REPORTS.mkdir(exist_ok=True)
    report = workspace.REPORTS / "php.xml"
    report.unlink(missing_ok=True)
    prepare()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SEND_IM_", "RUST_"))}
    ended = workspace.run("phpunit", "--log-junit", report, folder=PACKAGE, env=environment)
    counted = report.exists() and report.stat().st_size
    return (junit(report) if counted else Outcome()).ended("phpunit", ended.returncode)


def driver():
    """The command line of the scenarios' driver."""
    prepare()
    return ["php", PACKAGE / "tests" / "driver.php"]


def package(machines, profile):
    """Builds the zip that Composer takes from a repository of the type `artifact`, with the libraries of these machines inside."""
    DIST.mkdir(exist_ok=True)
    artefact = DIST / f"send-im-send-im-{workspace.version()}.zip"
    with tempfile.TemporaryDirectory() as work:
        content = Path(work) / "send-im"
        for name in ("src", "bin"):
            shutil.copytree(PACKAGE / name, content / name)
        for text in (PACKAGE / "README.md", PACKAGE / "preload.php", *sorted(workspace.ROOT.glob("LICENSE-*"))):
            shutil.copy(text, content)
        manifest = json.loads((PACKAGE / "composer.json").read_text())
        del manifest["autoload-dev"], manifest["scripts"]
        manifest["version"] = workspace.version()
        (content / "composer.json").write_text(json.dumps(manifest, indent=4) + "\n")
        (content / "lib").mkdir()
        shutil.copy(workspace.ROOT / "bindings" / "c" / "include" / "send_im.h", content / "lib")
        for machine in machines:
            if machine.native:
                native = compile_library(profile, content)
                workspace.run("strip", "-x" if machine.macos else "--strip-all", native, check=True)
            else:
                place = content / "lib" / machine.php
                place.mkdir()
                shutil.copy(machine.build(profile) / machine.library(), place)
        artefact.unlink(missing_ok=True)
        with zipfile.ZipFile(artefact, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(content.rglob("*")):
                packed.write(path, path.relative_to(content))
    return [artefact]


def clean_room():
    """Installs the built zip with Composer in an empty place and runs the README's lines and the example with it."""
    with empty_room(HOME=".", COMPOSER_HOME="composer") as room:
        room.environment |= {"COMPOSER_ALLOW_SUPERUSER": "1", "LANG": "C.UTF-8"}
        (room.folder / "dist").mkdir()
        shutil.copy(DIST / f"send-im-send-im-{workspace.version()}.zip", room.folder / "dist")
        (room.folder / "composer.json").write_text('{"repositories": [{"packagist": false}]}\n')
        room.does("composer", "config", "repositories.send-im", "artifact", room.folder / "dist")
        room.does("composer", "require", "--no-interaction", "send-im/send-im")
        (room.folder / "greet.php").write_text(greeting())
        room.greets("php", "-d", "error_reporting=-1", "greet.php")
        header = room.does("vendor/bin/send-im-header")
        if f'FFI_LIB "{room.folder}' not in header:
            raise RuntimeError(f"the clean room does not use the library installed in it: {header}")
        shutil.copy(EXAMPLE / "send.php", room.folder)
        room.asks_for_an_account("php", "send.php")


def greeting():
    """The first lines of the README."""
    return snippets(PACKAGE / "README.md", "php")[0]


def example(arguments, environment=None):
    """The command line that runs the example from the clone. It takes its account from the environment."""
    prepare()
    composer("install", folder=EXAMPLE)
    return ["php", str(EXAMPLE / "send.php"), *arguments]


def lint():
    """Syntax, PSR-12, and whether Composer finds fault with the package."""
    problems = []
    sources = [*PACKAGE.glob("*.php"), *(PACKAGE / "src").rglob("*.php"), *(PACKAGE / "tests").glob("*.php")]
    for source in [*sources, PACKAGE / "bin" / "send-im-header", EXAMPLE / "send.php"]:
        if workspace.run("php", "-l", source, stdout=subprocess.DEVNULL).returncode:
            problems.append(f"{source.relative_to(workspace.ROOT)} is no PHP, see above")
    if workspace.run("phpcs", "-q", folder=PACKAGE).returncode:
        problems.append("phpcs failed, see above")
    try:
        composer("validate", "--strict", folder=PACKAGE)
    except subprocess.CalledProcessError:
        problems.append("composer validate failed, see above")
    return problems


if __name__ == "__main__":
    if missing := problem():
        sys.exit(f"php: {missing}")
    prepare()
