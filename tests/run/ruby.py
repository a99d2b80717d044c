"""The Ruby package: its tests, and its gem used in an empty place. bindings/ruby/Rakefile builds, tests and packs."""

import os
import shutil
import subprocess
from pathlib import Path

import toolchains
import workspace
from outcome import counted
from programs import empty_room, snippets
from targets import host
from workspace import DIST

PACKAGE = workspace.ROOT / "bindings" / "ruby"
EXAMPLE = workspace.ROOT / "examples" / "ruby" / "send.rb"
TOOLS = {"ruby": "ruby", "rake": "rake", "gem": "ruby"}
LINTERS = {"rubocop": "rubocop", "yard": "yard"}


def problem():
    """Why the package cannot be built and tested here, or None."""
    if missing := toolchains.lacks(TOOLS) or toolchains.too_old("Ruby", (3, 1), "ruby", "-e", "print RUBY_VERSION"):
        return missing
    if asked("print RUBY_ENGINE; require %q(ffi); require %q(minitest)") != "ruby":
        return "this is not MRI with ffi and minitest (on Debian: apt install ruby ruby-ffi ruby-minitest)"
    return None


def toolchain():
    """Ruby with the gems the package and its tests need."""
    if problem():
        toolchains.debian("ruby", "ruby-dev", "ruby-ffi", "ruby-minitest", "rake")
    toolchains.get(LINTERS)


def asked(program):
    """What this Ruby program prints; nothing where it fails."""
    done = subprocess.run(["ruby", "-e", program], capture_output=True, text=True)
    return "" if done.returncode else done.stdout


def rake(task, profile="dev", **variables):
    """Runs a task of the package; what it prints at the end."""
    environment = dict(os.environ, SEND_IM_PROFILE=profile, **variables)
    told = workspace.run("rake", "--quiet", task, folder=PACKAGE, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return told.stdout.splitlines()[-1:]


def run():
    """Compiles the package in debug mode and runs its tests."""
    return counted("rake", "--quiet", "test", cwd=PACKAGE)


def driver():
    """The command line of the scenarios' driver."""
    rake("compile")
    return ["ruby", "-w", "-I", PACKAGE / "lib", PACKAGE / "test" / "driver.rb"]


def package(machines, profile):
    """Builds a gem for each machine, with the native library inside."""
    for old in DIST.glob("send_im-*.gem"):
        old.unlink()
    for machine in machines:
        if machine.native:
            yield Path(*rake("package", profile))
        elif machine.gem:
            library = machine.build(profile) / machine.library("send_im_uniffi")
            # Ruby's part is generated from this machine's library, whose symbols are there.
            yield Path(*rake("package", SEND_IM_GEM_PLATFORM=machine.gem, SEND_IM_GEM_LIBRARY=str(library)))


def clean_room():
    """Installs the built gem in an empty place and runs the README's lines and the example with it."""
    version = workspace.version()
    gem = next(gem for name in (asked("print Gem::Platform.local"), host().gem) for gem in DIST.glob(f"send_im-{version}-{name}.gem"))
    # The gem ffi, the one dependency, is this machine's.
    paths = os.pathsep.join(["gems", *asked("print Gem.default_path.join(%q(:))").split(":")])
    with empty_room(HOME=".", GEM_HOME="gems") as room:
        room.environment |= {"LANG": "C.UTF-8", "GEM_PATH": str(room.folder / paths)}
        room.does("gem", "install", "--local", "--ignore-dependencies", "--no-document", gem)
        (room.folder / "greet.rb").write_text(snippets(PACKAGE / "README.md", "ruby")[0])
        room.greets("ruby", "-w", "greet.rb")
        shutil.copy(EXAMPLE, room.folder / "send.rb")
        room.asks_for_an_account("ruby", "send.rb")


def lint():
    """What rubocop and yard have to say, as one sentence; they have said more before."""
    if missing := toolchains.lacks(LINTERS):
        return [missing]
    failed = workspace.run("rake", "--quiet", "lint", folder=PACKAGE).returncode
    return ["rake lint failed, see above"] if failed else []


def example(arguments):
    """The command line that runs the example from the clone, compiled if need be. It takes its account from the environment."""
    rake("compile")
    return ["ruby", "-I", str(PACKAGE / "lib"), str(EXAMPLE), *arguments]
