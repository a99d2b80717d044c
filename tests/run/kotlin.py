"""The package for Kotlin and Java: its tests, and its jar used in an empty place. bindings/kotlin/pom.xml builds, tests and packs."""

import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

import targets
import toolchains
import workspace
from outcome import counted
from programs import empty_room, snippets
from workspace import DIST

PACKAGE = workspace.ROOT / "bindings" / "kotlin"
TARGET = PACKAGE / "target"
TOOLS = {"mvn": "maven", "javac": "openjdk-17-jdk-headless"}

# Named in full, so that Maven need not ask which versions there are.
INSTALL_FILE = "org.apache.maven.plugins:maven-install-plugin:3.1.4:install-file"
BUILD_CLASSPATH = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath"


def problem():
    """Why the package cannot be built here, or None."""
    return toolchains.lacks(TOOLS) or toolchains.too_old("the JDK", (17,), "javac", "-version")


def toolchain():
    """A JDK and Maven. Kotlin's compiler comes through Maven."""
    if problem():
        toolchains.debian(*TOOLS.values())


def command(*arguments, profile="dev"):
    """The command line of Maven for the package; its native library is built by this profile of cargo."""
    chosen = ["-Pdev"] if profile == "dev" else [f"-Dcargo.profile={profile}", f"-Dcargo.folder={profile}"]
    return ["mvn", "--batch-mode", "-f", PACKAGE, *chosen, f"-Dcargo.target={workspace.target_dir()}", *arguments]


def maven(*arguments, profile="dev", **options):
    """Runs Maven, which tells of failures alone."""
    # It ends colours that it never began, before whatever is printed next.
    return workspace.run(*command("--quiet", *arguments, profile=profile), **{"stdout": sys.stderr, **options})


@cache
def prepare():
    """Compiles package, tests and examples, once a process."""
    maven("clean", "test-compile", check=True)


def run_kotlin():
    """The tests in Kotlin, which are those of what both languages stand on."""
    prepare()
    return counted(*command("surefire:test", "-DexcludedGroups=java"))


def run_java():
    """The tests in Java."""
    prepare()
    return counted(*command("surefire:test", "-Dgroups=java"))


def package(machines, profile):
    """Builds the jar with the native library of each machine, the jars of the sources and of the documentation, and the pom."""
    own = profile if any(machine.native for machine in machines) else "dev"
    with tempfile.TemporaryDirectory() as work:
        others = [machine for machine in machines if machine.jna and not machine.native]
        targets.place(others, profile, "jna", "send_im_uniffi", Path(work))
        here = targets.host().jna
        without = "none" if any(machine.jna == here for machine in machines) else here
        maven("clean", "package", "-Dmaven.test.skip", f"-Dnatives={work}", f"-Dnative.without={without}", profile=own, check=True)
    prepare.cache_clear()
    made = [TARGET / f"{stem()}{kind}.jar" for kind in ("", "-sources", "-javadoc")]
    return [*(Path(shutil.copy(jar, DIST)) for jar in made), Path(shutil.copy(PACKAGE / "pom.xml", DIST / f"{stem()}.pom"))]


def stem():
    """The name of the artefact with its version."""
    return f"send-im-{workspace.version()}"


def clean_room():
    """Uses the built jar in an empty place, with a Maven repository of its own: both languages run the README."""
    with empty_room() as room:
        project = room.folder / "project"
        shutil.copytree(workspace.ROOT / "examples" / "kotlin", project)
        (project / "Send.kt").unlink()
        (project / "Greet.kt").write_text(lines("kotlin")[0])
        body = f"    public static void main(String[] arguments) {{\n{lines('java')[0]}    }}\n"
        (project / "Hello.java").write_text(f"import im.send.*;\npublic class Hello {{\n{body}}}\n")

        def mvn(*arguments):
            repository = f"-Dmaven.repo.local={room.folder / 'repository'}"
            room.does("mvn", "--batch-mode", "--quiet", repository, *arguments, inside="project")

        mvn(INSTALL_FILE, f"-Dfile={DIST / stem()}.jar", f"-DpomFile={DIST / stem()}.pom")
        mvn("compile", BUILD_CLASSPATH, f"-Dmdep.outputFile={room.folder / 'classpath'}")
        classpath = f"target/classes{os.pathsep}{(room.folder / 'classpath').read_text().strip()}"
        for main in ("GreetKt", "Hello"):
            room.greets("java", "-cp", classpath, main, inside="project")


def lines(language):
    """The programs the README shows in this language."""
    return snippets(PACKAGE / "README.md", language)


@cache
def classpath(scope="runtime"):
    """What the examples are run with, from this clone; with the scope `test`, what the tests are."""
    prepare()
    file = TARGET / f"classpath-{scope}.txt"
    maven(BUILD_CLASSPATH, f"-DincludeScope={scope}", f"-Dmdep.outputFile={file}", check=True)
    return os.pathsep.join([str(TARGET / "classes"), str(TARGET / "test-classes"), file.read_text().strip()])


def driver():
    """The command line of the scenarios' driver in Kotlin."""
    return ["java", "-cp", classpath("test"), "im.send.DriverKt"]


def driver_java():
    """The same in Java."""
    return ["java", "-cp", classpath("test"), "im.send.JavaDriver"]


def example(arguments):
    """The command line that runs the Kotlin example, which is built before; its account is in the environment."""
    return ["java", "-cp", classpath(), "SendKt", *arguments]


def example_java(arguments):
    """The same for the example in Java."""
    return ["java", "-cp", classpath(), str(workspace.ROOT / "examples" / "java" / "Send.java"), *arguments]
