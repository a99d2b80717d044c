"""The package for Kotlin and Java: its tests, its jar, and the jar used in an empty place."""

import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile
from functools import cache
from pathlib import Path

import toolchains
import workspace
from outcome import junit
from programs import empty_room, snippets
from targets import host

PACKAGE = workspace.ROOT / "bindings" / "kotlin"
TARGET = PACKAGE / "target"
REPORTS = TARGET / "surefire-reports"
DIST = workspace.ROOT / "dist"
OLDEST_JAVA = 17

# Named in full, so that Maven need not ask which versions there are.
INSTALL_FILE = "org.apache.maven.plugins:maven-install-plugin:3.1.4:install-file"
BUILD_CLASSPATH = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath"


def problem():
    """Why the package cannot be built here, or None."""
    for tool, way in (
        ("cargo", "install Rust from rustup.rs"),
        ("mvn", "on Debian: apt install maven"),
        ("javac", "on Debian: apt install openjdk-17-jdk-headless"),
    ):
        if not shutil.which(tool):
            return f"no {tool} on PATH ({way})"
    told = subprocess.run(["javac", "-version"], capture_output=True, text=True)
    version = re.search(r"javac (\d+)", told.stdout + told.stderr)
    if not version or int(version[1]) < OLDEST_JAVA:
        return f"the JDK is too old, {OLDEST_JAVA} is the oldest (on Debian: apt install openjdk-17-jdk-headless)"
    return None


def toolchain():
    """A JDK and Maven. Kotlin's compiler comes through Maven."""
    if problem():
        toolchains.debian("openjdk-17-jdk-headless", "maven")


def maven(*arguments, profile="dev", **options):
    """Runs Maven on the package; its native library is built by this profile of cargo."""
    chosen = ["-Pdev"] if profile == "dev" else [f"-Dcargo.profile={profile}", f"-Dcargo.folder={profile}"]
    target = f"-Dcargo.target={workspace.target_dir()}"
    return workspace.run("mvn", "--batch-mode", "--quiet", "-f", PACKAGE, *chosen, target, *arguments, **options)


@cache
def prepare():
    """Compiles package, tests and examples, once a process."""
    maven("clean", "test-compile", check=True)


def run_kotlin():
    """The tests in Kotlin, which are those of what both languages stand on."""
    return tests("-DexcludedGroups=java")


def run_java():
    """The tests in Java."""
    return tests("-Dgroups=java")


def run():
    """All tests."""
    return run_kotlin() + run_java()


def tests(selection):
    """Runs these tests and counts what surefire's reports say."""
    prepare()
    shutil.rmtree(REPORTS, ignore_errors=True)
    ended = maven("surefire:test", selection)
    return junit(*sorted(REPORTS.glob("TEST-*.xml"))).ended("surefire", ended.returncode)


def package(machines, profile):
    """Builds the jar with the native library of each machine, the jars of the sources and of the documentation, and the pom."""
    native = any(machine.native for machine in machines)
    own = profile if native else "dev"
    maven("clean", "package", "-Dmaven.test.skip", profile=own, check=True)
    prepare.cache_clear()
    natives = {
        f"{machine.jna}/{machine.library('send_im_uniffi')}": machine.build(profile) / machine.library("send_im_uniffi")
        for machine in machines
        if machine.jna and not machine.native
    }
    add_natives(TARGET / f"{stem()}.jar", natives, without=None if native else f"{host().jna}/")
    DIST.mkdir(exist_ok=True)
    built = []
    for source, name in (
        (TARGET / f"{stem()}.jar", f"{stem()}.jar"),
        (TARGET / f"{stem()}-sources.jar", f"{stem()}-sources.jar"),
        (TARGET / f"{stem()}-javadoc.jar", f"{stem()}-javadoc.jar"),
        (PACKAGE / "pom.xml", f"{stem()}.pom"),
    ):
        built.append(Path(shutil.copy(source, DIST / name)))
    return built


def add_natives(jar, natives, without):
    """Puts these libraries into the jar, by their places in it, and takes out a folder that is not meant to be there."""
    fresh = jar.with_suffix(".new")
    with zipfile.ZipFile(jar) as old, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in old.infolist():
            if entry.filename not in natives and not (without and entry.filename.startswith(without)):
                packed.writestr(entry, old.read(entry), zipfile.ZIP_DEFLATED)
        for place, library in natives.items():
            packed.write(library, place)
    fresh.replace(jar)


def stem():
    """The name of the artefact with its version."""
    pom = ElementTree.parse(PACKAGE / "pom.xml").getroot()
    names = {"m": "http://maven.apache.org/POM/4.0.0"}
    return f"{pom.findtext('m:artifactId', namespaces=names)}-{pom.findtext('m:version', namespaces=names)}"


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


def example(arguments, environment=None):
    """The command line that runs the Kotlin example, which is built before; its account is in the environment."""
    return ["java", "-cp", classpath(), "SendKt", *arguments]


def example_java(arguments, environment=None):
    """The same for the example in Java."""
    return ["java", "-cp", classpath(), str(workspace.ROOT / "examples" / "java" / "Send.java"), *arguments]
