"""The PHP package: its tests, its zip for Composer, and the zip used in an empty place. On its own it builds the zip."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import toolchains
import workspace
from outcome import Outcome
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

GREETING = "lenea@contoso.com hello world\n"


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
    if not report.exists() or not report.stat().st_size:
        return Outcome(failed=1, why=["phpunit ended without a report, see above"])
    outcome = Outcome()
    for case in ElementTree.parse(report).iter("testcase"):
        if case.find("skipped") is not None:
            outcome.skipped += 1
            outcome.why.append(f"{case.get('name')} was skipped")
        elif len(case):
            outcome.failed += 1
        else:
            outcome.passed += 1
    if outcome.failed == 0 and (ended.returncode != 0 or outcome.passed == 0):
        outcome.failed = 1
        outcome.why.append(f"phpunit ended with {ended.returncode}, see above")
    return outcome


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
        del manifest["autoload-dev"]
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
    artefact = DIST / f"send-im-send-im-{workspace.version()}.zip"
    with tempfile.TemporaryDirectory() as work:
        room = Path(work).resolve()
        (room / "dist").mkdir()
        shutil.copy(artefact, room / "dist")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(room),
            "COMPOSER_HOME": str(room / "composer"),
            "COMPOSER_ALLOW_SUPERUSER": "1",
            "LANG": "C.UTF-8",
        }

        def in_room(*command):
            return subprocess.run(list(map(str, command)), cwd=room, env=environment, capture_output=True, text=True)

        (room / "composer.json").write_text('{"repositories": [{"packagist": false}]}\n')
        for command in (
            ("config", "repositories.send-im", "artifact", room / "dist"),
            ("require", "--no-interaction", "send-im/send-im"),
        ):
            done = in_room("composer", *command)
            if done.returncode:
                raise RuntimeError(f"composer {command[0]} failed: {done.stdout}{done.stderr}")
        (room / "greet.php").write_text(greeting())
        greeted = in_room("php", "-d", "error_reporting=-1", "greet.php")
        if (greeted.returncode, greeted.stdout, greeted.stderr) != (0, GREETING, ""):
            raise RuntimeError(f"the README's lines in the clean room did not greet: {greeted}")
        header = in_room("vendor/bin/send-im-header")
        if f'FFI_LIB "{room}' not in header.stdout:
            raise RuntimeError(f"the clean room does not use the library installed in it: {header}")
        shutil.copy(EXAMPLE / "send.php", room)
        refused = in_room("php", "send.php", "lenea@contoso.com", "hello world")
        if refused.returncode != 2 or "SEND_IM_ADDRESS" not in refused.stderr:
            raise RuntimeError(f"the example in the clean room did not ask for an account: {refused}")


def greeting():
    """The first lines of the README."""
    return re.search(r"^```php\n(.*?)^```", (PACKAGE / "README.md").read_text(), re.DOTALL | re.MULTILINE)[1]


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
    for path in package():
        print(path)
