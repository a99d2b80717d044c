"""The Ruby package: its tests, its gem, and the gem used in an empty place."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import toolchains
import workspace
from outcome import Outcome, shown
from programs import empty_room, snippets
from targets import host

PACKAGE = workspace.ROOT / "bindings" / "ruby"
EXAMPLE = workspace.ROOT / "examples" / "ruby" / "send.rb"
DIST = workspace.ROOT / "dist"
OLDEST_RUBY = (3, 1)
LINTERS = ("rubocop", "yard")
DEBIAN = "on Debian: apt install ruby ruby-ffi ruby-minitest rake"


def problem():
    """Why the package cannot be built and tested here, or None."""
    if not shutil.which("cargo"):
        return "no cargo on PATH (install Rust from rustup.rs)"
    for tool in ("ruby", "rake", "gem"):
        if not shutil.which(tool):
            return f"no {tool} on PATH ({DEBIAN})"
    if asked("print RUBY_ENGINE") != "ruby":
        return f"this ruby is not MRI ({DEBIAN})"
    if tuple(int(part) for part in asked("print RUBY_VERSION").split(".")[:2]) < OLDEST_RUBY:
        return f"Ruby is too old, {'.'.join(map(str, OLDEST_RUBY))} is the oldest ({DEBIAN})"
    for library in ("ffi", "minitest"):
        if asked(f"require {library!r}; print 1") != "1":
            return f"this Ruby has no {library} ({DEBIAN})"
    return None


def toolchain():
    """Ruby with the gems the package and its tests need."""
    if problem():
        toolchains.debian("ruby", "ruby-dev", "ruby-ffi", "ruby-minitest", "rake")
    if not all(map(shutil.which, LINTERS)):
        toolchains.debian(*LINTERS)


def asked(program):
    """What this Ruby program prints."""
    return subprocess.run(["ruby", "-e", program], capture_output=True, text=True).stdout


def run():
    """Compiles the package in debug mode, runs its tests and counts what minitest says at the end."""
    command = ["rake", "--quiet", "test"]
    process = subprocess.Popen(
        command, cwd=PACKAGE, env=dict(os.environ, SEND_IM_PROFILE="dev"), stdout=subprocess.PIPE, text=True, errors="replace"
    )
    outcome = Outcome()
    for line in shown(process.stdout):
        if ended := re.match(r"(\d+) runs, \d+ assertions, (\d+) failures, (\d+) errors, (\d+) skips", line):
            runs, failures, errors, skips = map(int, ended.groups())
            outcome += Outcome(runs - failures - errors - skips, failures + errors, skips)
    return outcome.ended("rake test", process.wait())


def driver():
    """The command line of the scenarios' driver."""
    compile_package()
    return ["ruby", "-w", "-I", PACKAGE / "lib", PACKAGE / "test" / "driver.rb"]


def compile_package():
    """Puts the debug library and its Ruby side into the package in the clone."""
    workspace.run("rake", "--quiet", "compile", folder=PACKAGE, env=dict(os.environ, SEND_IM_PROFILE="dev"), check=True)


def package(machines, profile):
    """Builds a gem for each machine, with the native library inside."""
    for old in DIST.glob("send_im-*.gem"):
        old.unlink()
    return [gem_for(machine, profile) for machine in machines if machine.gem]


def gem_for(machine, profile):
    """The gem of one machine."""
    environment = dict(os.environ, SEND_IM_PROFILE=profile)
    if not machine.native:
        # Ruby's part is generated from this machine's library, whose symbols are there.
        environment["SEND_IM_PROFILE"] = "dev"
        environment["SEND_IM_GEM_PLATFORM"] = machine.gem
        environment["SEND_IM_GEM_LIBRARY"] = str(machine.build(profile) / machine.library("send_im_uniffi"))
    rake = ("rake", "--quiet", "package")
    told = workspace.run(*rake, folder=PACKAGE, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return Path(told.stdout.splitlines()[-1])


def clean_room():
    """Installs the built gem in an empty place and runs the README's lines and the example with it."""
    gem = next(gem for name in (asked("print Gem::Platform.local"), host().gem) for gem in DIST.glob(f"send_im-{version()}-{name}.gem"))
    # The gem ffi, the one dependency, is this machine's.
    paths = os.pathsep.join(["gems", *asked("print Gem.default_path.join(%q(:))").split(":")])
    with empty_room(HOME=".", GEM_HOME="gems") as room:
        room.environment |= {"LANG": "C.UTF-8", "GEM_PATH": str(room.folder / paths)}
        room.does("gem", "install", "--local", "--ignore-dependencies", "--no-document", gem)
        (room.folder / "greet.rb").write_text(greeting())
        room.greets("ruby", "-w", "greet.rb")
        where = room.does("ruby", "-r", "send_im", "-e", "print Gem.loaded_specs.fetch(%q(send_im)).full_gem_path")
        if not Path(where).resolve().is_relative_to(room.folder):
            raise RuntimeError(f"the clean room used {where!r} and not the gem installed in it")
        shutil.copy(EXAMPLE, room.folder / "send.rb")
        room.asks_for_an_account("ruby", "send.rb")


def version():
    """The version of the package."""
    return re.search(r'VERSION = "([^"]+)"', (PACKAGE / "lib" / "send_im" / "version.rb").read_text())[1]


def greeting():
    """The first lines of the README."""
    return snippets(PACKAGE / "README.md", "ruby")[0]


def lint():
    """What rubocop and yard have to say, as one sentence; they have said more before."""
    missing = [tool for tool in LINTERS if not shutil.which(tool)]
    if missing:
        return [f"no {' and no '.join(missing)} on PATH (make toolchains)"]
    failed = workspace.run("rake", "--quiet", "lint", folder=PACKAGE).returncode
    return ["rake lint failed, see above"] if failed else []


def example(arguments, environment=None):
    """The command line that runs the example from the clone, compiled if need be. It takes its account from the environment."""
    compile_package()
    return ["ruby", "-I", str(PACKAGE / "lib"), str(EXAMPLE), *arguments]
