"""What users of each language get, for any machines, into dist/: each by its own tool, with the libraries that were built for them."""

import gzip
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import apple
import consumers
import dotnet
import powershell
import targets
import workspace
from languages import C, GO, HTTP, JVM, NODE, PHP, PYTHON, RUBY, SHELL, SWIFT, maven
from workspace import DIST, PROFILE, VERSION

# Makes .deb and .rpm. The versions after it need modules that not every proxy of modules has.
NFPM = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0"
# Makes wheels.
MATURIN = ["wheel==0.45.1", "maturin==1.16.0"]
# What stays in the repository. What prepare.sh has left is made anew.
NOT_IN_SWIFT = shutil.ignore_patterns("Tests", ".*", "*.sh", "lib", "SendImNative", "CSendIm.h", "*.xcframework", "Package.resolved")
# A user's library takes the place of the last three.
NOT_IN_GO = shutil.ignore_patterns("*_test.*", ".gitignore", "*.sh", "__pycache__", "*.a", "send_im.h", "library.h")
# How the file of completions of a shell is called.
COMPLETIONS = {
    "bash": "send-im.bash",
    "zsh": "_send-im",
    "fish": "send-im.fish",
    "powershell": "send-im.ps1",
    "elvish": "send-im.elv",
}


def quietly(*command, **options):
    """Runs a tool that must succeed, and shows what it says where it does not."""
    done = workspace.run(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        done.check_returncode()


def profile(machines):
    """The profile of the language's own part, which comes from this machine: its library goes into no package of others."""
    return PROFILE if any(machine.native for machine in machines) else "dev"


def licences(folder):
    """Puts their texts there."""
    for text in workspace.ROOT.glob("LICENSE-*"):
        shutil.copy(text, folder)


def place(machines, name, library, folder, below=""):
    """Puts this library of each machine into a folder of its own, which is called as that ecosystem calls the machine."""
    for machine in machines:
        there = folder / getattr(machine, name) / below
        there.mkdir(parents=True)
        file = shutil.copy(machine.build() / machine.library(library), there)
        if machine.native and not machine.windows:
            # Those of other machines are built without symbols.
            workspace.run("strip", "-x" if machine.macos else "--strip-all", file, check=True)


def of_command(machines):
    """An archive for each machine, and for Linux with glibc a package for dpkg and one for rpm."""
    for machine in machines:
        program = machine.build() / machine.program()
        yield command_archive(machine, program)
        if machine.glibc and not machine.native:
            yield from (system_package(machine, program, kind) for kind in ("deb", "rpm"))


def command_archive(machine, program):
    """The command with its manual and its completions; for musl with the recipe of the image."""
    name = f"send-im-{VERSION}-{machine.name}"
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / name
        folder.mkdir()
        for file in (program, SHELL.folder / "README.md", *([HTTP.folder / "Dockerfile"] if machine.musl else [])):
            shutil.copy(file, folder)
        licences(folder)
        pages(folder)
        if machine.native:
            workspace.run("strip", folder / program.name, check=True)
        return Path(shutil.make_archive(DIST / name, "zip" if machine.windows else "gztar", work, name))


def pages(folder):
    """Lets the command of this machine write its manual and its completions."""
    SHELL.prepare()
    (folder / "man").mkdir()
    workspace.run(workspace.command(), "man", folder / "man", check=True)
    (folder / "completions").mkdir()
    for shell, name in COMPLETIONS.items():
        with (folder / "completions" / name).open("wb") as script:
            workspace.run(workspace.command(), "completions", shell, stdout=script, check=True)


def system_package(machine, program, kind):
    """The package of a system, of this kind, as nfpm.yaml describes it."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        pages(folder)
        for page in (folder / "man").iterdir():
            page.with_name(f"{page.name}.gz").write_bytes(gzip.compress(page.read_bytes(), mtime=0))
        values = {"VERSION": VERSION, "ARCH": machine.debian if kind == "deb" else machine.rpm, "GLIBC": targets.OLDEST_GLIBC}
        values |= {"PROGRAM": str(program), "PAGES": work}
        (folder / "made").mkdir()
        command = ["go", "run", NFPM, "package", "--packager", kind, "--target", folder / "made"]
        workspace.run(*command, folder=SHELL.folder, env={**workspace.clean(), **values}, check=True, stdout=subprocess.DEVNULL)
        (package,) = (folder / "made").iterdir()
        return Path(shutil.copy(package, DIST))


def of_c(machines):
    """An archive for each machine: header, libraries, what pkg-config, CMake and Conan read, texts."""
    for machine in machines:
        workspace.run("make", "--silent", "archive", *for_c(machine), folder=C.folder, check=True)
        yield DIST / f"send_im-{VERSION}-{machine.name}.{'zip' if machine.windows else 'tar.gz'}"


def for_c(machine, features=()):
    """What the Makefile must know of a machine, whose library is built: its variables."""
    system = "macos" if machine.macos else "windows" if machine.windows else "musl" if machine.musl else "linux"
    values = {"SYSTEM": f"{system}-llvm" if machine.windows and machine.zig else system, "NAME": machine.name}
    values |= {"BUILT": machine.build(features=features), "PYTHON": sys.executable, "SEND_IM_PROFILE": PROFILE}
    if not machine.native:
        values["STRIP"] = " ".join(map(str, machine.strip))
    if machine.windows:
        kind = {"x86_64": "i386:x86-64", "i686": "i386", "aarch64": "arm64"}[machine.triple.split("-")[0]]
        values["DLLTOOL"] = f"{workspace.PYTHON} -m ziglang dlltool -m {kind}"
    return [f"{name}={value}" for name, value in values.items()]


def of_python(machines):
    """A wheel for each machine, and the archive of the sources."""
    workspace.pip(*MATURIN)
    for old in DIST.glob("send_im-*.whl"):
        old.unlink()
    with tempfile.TemporaryDirectory() as work:
        maturin("build", "--profile", profile(machines), "--compatibility", "linux", "--out", work)
        (wheel,) = Path(work).glob("*.whl")
        for machine in machines:
            yield Path(shutil.copy(wheel if machine.native else wheel_for(machine, wheel), DIST))
    yield python_sources()


def maturin(*arguments):
    """Runs maturin on the package, which takes the texts of the licences from its own folder."""
    licences(PYTHON.folder)
    quietly(workspace.PYTHON, "-m", "maturin", *arguments, folder=PYTHON.folder)


def wheel_for(machine, wheel):
    """This wheel with the library of another machine."""
    work = wheel.parent / machine.name
    tool = [workspace.PYTHON, "-m", "wheel"]
    quietly(*tool, "unpack", "--dest", work, wheel)
    (content,) = work.iterdir()
    for old in content.glob("send_im/_native/*"):
        if old.suffix in (".so", ".dylib", ".dll"):
            old.unlink()
    shutil.copy(machine.build() / machine.library("send_im_uniffi"), content / "send_im" / "_native")
    quietly(*tool, "pack", "--dest-dir", work, content)
    (packed,) = work.glob("*.whl")
    quietly(*tool, "tags", "--remove", "--platform-tag", machine.wheel, packed)
    return next(work.glob("*.whl"))


def python_sources():
    """The archive that pip builds where no wheel fits; it needs Rust."""
    workspace.pip(*MATURIN)
    maturin("sdist", "--out", DIST)
    return DIST / f"send_im-{VERSION}.tar.gz"


def of_ruby(machines):
    """A gem for each machine."""
    for old in DIST.glob("send_im-*.gem"):
        old.unlink()
    for machine in machines:
        environment = dict(os.environ, SEND_IM_PROFILE=profile([machine]))
        if not machine.native:
            # Ruby's part is generated from this machine's library, whose symbols are there.
            environment["SEND_IM_GEM_PLATFORM"] = machine.gem
            environment["SEND_IM_GEM_LIBRARY"] = str(machine.build() / machine.library("send_im_uniffi"))
        told = RUBY.do("rake --quiet package", env=environment, stdout=subprocess.PIPE, text=True)
        yield Path(told.stdout.splitlines()[-1])


def of_jvm(machines):
    """The jar with the library of each machine, the jars of the sources and of the documentation, and the pom."""
    with tempfile.TemporaryDirectory() as work:
        place([machine for machine in machines if machine.jna and not machine.native], "jna", "send_im_uniffi", Path(work))
        here = targets.host().jna
        without = "none" if any(machine.jna == here for machine in machines) else here
        chosen = ["-Dmaven.test.skip", f"-Dnatives={work}", f"-Dnative.without={without}"]
        # It ends colours that it never began, before whatever is printed next.
        command = [*maven(profile(machines)).split(), "--quiet", "clean", "package", *chosen]
        workspace.run(*JVM.words(shlex.join(command)), folder=JVM.folder, check=True, stdout=sys.stderr)
    made = [JVM.folder / "target" / f"send-im-{VERSION}{kind}.jar" for kind in ("", "-sources", "-javadoc")]
    pom = shutil.copy(JVM.folder / "pom.xml", DIST / f"send-im-{VERSION}.pom")
    return [*(Path(shutil.copy(jar, DIST)) for jar in made), Path(pom)]


def of_swift(machines):
    """Archives for the machines that Swift is used on: the package with its native library, one folder called SendIm."""
    for machine in machines:
        if machine.glibc or machine.macos and machine.native:
            yield swift_archive([machine])
    # Macs from elsewhere share one.
    if macs := [machine for machine in machines if machine.macos and not machine.native]:
        archive = swift_archive(macs)
        yield from (archive, apple.zipped(archive))


def swift_archive(machines):
    """The archive of a machine, or of Macs."""
    (machine, *_) = machines
    libraries = [each.build() / each.library("send_im_uniffi") for each in machines]
    foreign = machine.macos and not machine.native
    archive = DIST / f"send-im-swift-{VERSION}-{'macos' if foreign else machine.name}.tar.gz"
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "SendIm"
        shutil.copytree(SWIFT.folder, folder, ignore=NOT_IN_SWIFT)
        licences(folder)
        own = [profile(machines), folder, *([] if machine.native else libraries[:1])]
        workspace.run(SWIFT.folder / "prepare.sh", *own, check=True)
        if foreign:
            shutil.rmtree(folder / "lib")
            apple.framework(folder, libraries)
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(folder, arcname="SendIm")
    return archive


def of_dotnet(machines):
    """The NuGet package and the PowerShell module, with the libraries of these machines inside."""
    made = DIST / f"SendIm.{VERSION}.nupkg"
    made.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as work:
        place(machines, "dotnet", "send_im", Path(work), "native")
        variables = {"SEND_IM_PROFILE": profile(machines), "SendImRuntimes": work}
        if not dotnet.dotnet("pack", dotnet.PROJECT, "--configuration", "Release", "--output", DIST, **variables):
            raise RuntimeError("the NuGet package could not be made, see above")
        return [made, powershell.package(work)]


def of_php(machines):
    """The zip that Composer takes from a repository of the type `artifact`, with the libraries of these machines inside."""
    native = PHP.folder / "lib"
    shutil.rmtree(native, ignore_errors=True)
    place(machines, "php", "send_im", native)
    shutil.copy(C.folder / "include" / "send_im.h", native)
    licences(PHP.folder)
    name = f"send-im-send-im-{VERSION}"
    PHP.do(f"composer --quiet --no-interaction archive --format=zip --dir={DIST} --file={name}")
    # Who works on the package has a debug library there, and that of this machine alone.
    shutil.rmtree(native)
    return [DIST / f"{name}.zip"]


def of_node(machines):
    """The tarball of a package for each machine, which has the library, and that of the package that finds it."""
    with tempfile.TemporaryDirectory() as work:
        place(machines, "node", "send_im_node", Path(work))
        told = NODE.do(f"node pack.mjs {work} {DIST}", stdout=subprocess.PIPE, text=True)
    return [Path(file) for file in told.stdout.splitlines()]


def of_go(machines):
    """The zip of the module, with the static libraries of these machines inside."""
    with tempfile.TemporaryDirectory() as work:
        name = f"{consumers.go_module()}@v{VERSION}"
        folder = Path(work) / name
        shutil.copytree(GO.folder, folder, ignore=NOT_IN_GO)
        shutil.copy(GO.folder / "example_test.go", folder)
        licences(folder)
        native = folder / "internal" / "native"
        for machine in machines:
            library = shutil.copy(machine.build() / "libsend_im.a", native / f"libsend_im_{machine.go}.a")
            if strip := ["strip", "-S"] if machine.native else machine.strip:
                workspace.run(*strip, library, check=True)
        workspace.run(GO.folder / "internal" / "native" / "prepare.sh", native, check=True)
        return [Path(shutil.make_archive(str(consumers.go_archive().with_suffix("")), "zip", work, name))]


RECIPES = {
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
