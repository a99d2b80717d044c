"""The PHP package: its tests, and its zip used in an empty place. Composer packs it; bindings/php/build.php builds the library."""

import os
import shutil
import subprocess

import targets
import toolchains
import workspace
from outcome import counted
from programs import empty_room, snippets
from workspace import DIST

PACKAGE = workspace.ROOT / "bindings" / "php"
EXAMPLE = workspace.ROOT / "examples" / "php"
TOOLS = {"php": "php-cli", "composer": "composer", "phpunit": "phpunit", "cgi-fcgi": "libfcgi-bin"}
MORE = ["php-fpm", "php-mbstring", "php-xml", "php-zip", "php-psr-log", "php-codesniffer"]


def problem():
    """Why the package cannot be built and tested here, or None."""
    if missing := toolchains.lacks(TOOLS) or toolchains.too_old("PHP", (8, 1), "php", "-r", "echo PHP_VERSION;"):
        return missing
    asked = "foreach (['ffi', 'dom', 'mbstring', 'pcntl', 'posix', 'zip'] as $name) extension_loaded($name) || print(\"$name \");"
    lacking = subprocess.run(["php", "-r", asked], capture_output=True, text=True).stdout.split()
    found = subprocess.run(["php", "-r", "echo PHP_MAJOR_VERSION, '.', PHP_MINOR_VERSION;"], capture_output=True, text=True).stdout
    if not any(shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in (f"php-fpm{found}", "php-fpm")):
        lacking.append("php-fpm")
    return f"this PHP has no {' and no '.join(lacking)} (on Debian: apt install {' '.join(MORE)})" if lacking else None


def toolchain():
    """PHP with php-fpm, Composer and PHPUnit, all from Debian."""
    if problem() or not shutil.which("phpcs"):
        toolchains.debian(*TOOLS.values(), *MORE)


def composer(*arguments, folder=PACKAGE):
    """Runs Composer, which otherwise asks whether root means it."""
    environment = dict(os.environ, COMPOSER_ALLOW_SUPERUSER="1")
    workspace.run("composer", *arguments, "--quiet", "--no-interaction", folder=folder, env=environment, check=True)


def prepare(profile="dev"):
    """The package in this clone with its library and Composer's autoloader."""
    workspace.run("php", "build.php", profile, folder=PACKAGE, check=True)
    composer("dump-autoload", "--dev")


def run():
    """Builds the package in debug mode and runs its tests."""
    prepare()
    return counted("phpunit", "--verbose", cwd=PACKAGE)


def driver():
    """The command line of the scenarios' driver."""
    prepare()
    return ["php", PACKAGE / "tests" / "driver.php"]


def package(machines, profile):
    """Builds the zip that Composer takes from a repository of the type `artifact`, with the libraries of these machines inside."""
    shutil.rmtree(PACKAGE / "lib", ignore_errors=True)
    targets.place(machines, profile, "php", "send_im", PACKAGE / "lib")
    shutil.copy(workspace.ROOT / "bindings" / "c" / "include" / "send_im.h", PACKAGE / "lib")
    for text in workspace.ROOT.glob("LICENSE-*"):
        shutil.copy(text, PACKAGE)
    name = f"send-im-send-im-{workspace.version()}"
    composer("archive", "--format=zip", f"--dir={DIST}", f"--file={name}")
    # Who works on the package has a debug library there, and that of this machine alone.
    shutil.rmtree(PACKAGE / "lib")
    return [DIST / f"{name}.zip"]


def clean_room():
    """Installs the built zip with Composer in an empty place and runs the README's lines and the example with it."""
    with empty_room(HOME=".", COMPOSER_HOME="composer") as room:
        room.environment |= {"COMPOSER_ALLOW_SUPERUSER": "1", "LANG": "C.UTF-8"}
        (room.folder / "dist").mkdir()
        shutil.copy(DIST / f"send-im-send-im-{workspace.version()}.zip", room.folder / "dist")
        (room.folder / "composer.json").write_text('{"repositories": [{"packagist": false}]}\n')
        room.does("composer", "config", "repositories.send-im", "artifact", room.folder / "dist")
        room.does("composer", "require", "--no-interaction", "send-im/send-im")
        (room.folder / "greet.php").write_text(snippets(PACKAGE / "README.md", "php")[0])
        room.greets("php", "-d", "error_reporting=-1", "greet.php")
        header = room.does("vendor/bin/send-im-header")
        if f'FFI_LIB "{room.folder}' not in header:
            raise RuntimeError(f"the clean room does not use the library installed in it: {header}")
        shutil.copy(EXAMPLE / "send.php", room.folder)
        room.asks_for_an_account("php", "send.php")


def example(arguments):
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
        # Packagist reads the version from a tag; a zip has it from here.
        composer("validate", "--strict", "--no-check-version")
    except subprocess.CalledProcessError:
        problems.append("composer validate failed, see above")
    return problems
