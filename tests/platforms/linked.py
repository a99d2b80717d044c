"""The first lines of the pages of C and Go as programs of another machine, linked with what its packages hold."""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import consumers
import workspace
from languages import C
from checks import checked
from programs import GREETING, same
from workspace import DIST, VERSION


def of_c(target, runs):
    """The programs with the shared and with the static library. Each greets where it can be run."""
    name = f"send_im-{VERSION}-{target.name}"
    with tempfile.TemporaryDirectory() as work:
        room = Path(work).resolve()
        shutil.unpack_archive(DIST / f"{name}.{'zip' if target.windows else 'tar.gz'}", room)
        (room / "hello.c").write_text(consumers.of_readme(C, "c")[0])

        def greets(kind, options):
            program = room / target.program(kind)
            compiler = [*target.compiler, "-std=c99", f"-I{room / name / 'include'}", "hello.c"]
            workspace.run(*compiler, *options, "-o", program, folder=room, check=True)
            if runs:
                done = subprocess.run([*target.run, program], cwd=room, capture_output=True, text=True)
                same((done.returncode, [message["text"] for message in json.loads(done.stdout)]), (0, ["hello world"]))

        described = (room / name / "lib" / "pkgconfig" / "send_im.pc").read_text()
        libraries = re.search(r"^Libs\.private: (.+)$", described, re.MULTILINE)[1].split()
        rpath = [] if target.windows else [f"-Wl,-rpath,{room / name / 'lib'}"]
        ways = {
            "shared": [f"-L{room / name / 'lib'}", "-lsend_im", *rpath],
            "static": ["-DSEND_IM_STATIC", room / name / "lib" / "libsend_im.a", *libraries],
        }
        return checked([(f"C with the {kind} library", lambda kind=kind: greets(kind, ways[kind])) for kind in ways])


def of_go(target, runs):
    """The program, which greets where it can be run."""

    def greets():
        with tempfile.TemporaryDirectory() as work:
            program = consumers.with_go(Path(work).resolve(), target)
            if runs:
                done = subprocess.run([*target.run, program], cwd=work, capture_output=True, text=True)
                same((done.returncode, done.stdout), (0, GREETING))

    return checked([("Go", greets)])
