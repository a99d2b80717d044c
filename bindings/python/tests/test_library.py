"""A native library that cannot be loaded: the ImportError says which file, why, and what to do.

The sentences are those of all languages: ``tests/scenarios/unloadable.json``.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import HANG, ROOT

import send_im

SENTENCES = json.loads((ROOT / "tests" / "scenarios" / "unloadable.json").read_text())
INSTALLED = Path(send_im.__file__).parent
(BUNDLED,) = (file for file in (INSTALLED / "_native").iterdir() if file.suffix in {".so", ".dylib", ".dll"})
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="patches an ELF file")
PROGRAM = """
try:
    import send_im
except Exception as error:
    print(type(error).__name__, getattr(error, "name", None), error)
else:
    print("loaded", open("/proc/self/maps").read() if len(__import__("sys").argv) > 1 else "")
"""


def told(path=None, library=None, before=()):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SEND_IM_", "PYTHON"))}
    environment.update({"PYTHONPATH": str(path)} if path else {})
    environment.update({"SEND_IM_LIBRARY": str(library)} if library is not None else {})
    # Without the package that is installed here, where another one is given.
    isolation = ["-S"] if path else []
    done = subprocess.run(
        [*before, sys.executable, *isolation, "-c", PROGRAM, *(["maps"] if library else [])],
        capture_output=True,
        text=True,
        env=environment,
        timeout=HANG,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.strip()


def sentence(place, cause, **values):
    why = SENTENCES[cause].format(**values)
    return f"ImportError send_im {SENTENCES['head']}\n  {place}: {why}\n{SENTENCES['tail']}"


@pytest.fixture
def without(tmp_path):
    """A copy of the package that has no library."""
    shutil.copytree(INSTALLED, tmp_path / "send_im", ignore=shutil.ignore_patterns(BUNDLED.name, "__pycache__"))
    return tmp_path


def test_a_missing_library(without):
    assert told(without) == sentence(without / "send_im" / "_native" / BUNDLED.name, "missing")


def test_a_package_in_a_zip(without):
    archive = without / "app.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in (without / "send_im").rglob("*.py"):
            packed.write(file, file.relative_to(without))
        packed.write(BUNDLED, f"send_im/_native/{BUNDLED.name}")
    place = archive / "send_im" / "_native" / BUNDLED.name
    assert told(archive) == sentence(place, "archive", archive=archive)


def test_the_library_that_the_environment_names_is_loaded_instead(without):
    place = without / f"other-{BUNDLED.name}"
    shutil.copy(BUNDLED, place)
    out = told(without, place)
    assert out.startswith("loaded"), out
    assert sys.platform != "linux" or str(place) in out
    assert told(library="").startswith("loaded")
    assert told(library=without / "nowhere.so") == sentence(without / "nowhere.so", "missing")


def test_a_file_that_is_no_library(tmp_path):
    place = tmp_path / "text.so"
    place.write_text("no library")
    out = told(library=place)
    assert out.startswith(f"ImportError send_im {SENTENCES['head']}\n  {place}: "), out
    assert out.endswith(SENTENCES["tail"])


@LINUX
def test_a_library_of_another_processor(tmp_path):
    machine = BUNDLED.read_bytes()[18]
    number, found = (183, "aarch64") if machine == 62 else (62, "x86_64")
    own = {62: "x86_64", 183: "aarch64"}[machine]
    place = patched(tmp_path, lambda library: library[:18] + bytes([number, 0]) + library[20:])
    assert told(library=place) == sentence(place, "architecture", found=found, own=own)


@LINUX
def test_a_c_library_that_is_too_old(tmp_path):
    newest = max(re.findall(rb"GLIBC_2\.\d\d\0", BUNDLED.read_bytes()))
    place = patched(tmp_path, lambda library: library.replace(newest, b"GLIBC_2.99\0"))
    assert told(library=place) == sentence(place, "old_c_library", version="GLIBC_2.99")


@LINUX
def test_a_folder_that_is_mounted_noexec(tmp_path):
    mount = 'mount -t tmpfs -o noexec tmpfs "$1" && cp "$2" "$3" && shift 3 && exec "$@"'
    place = tmp_path / "library.so"
    before = ["unshare", "--mount", "sh", "-c", mount, "sh", str(tmp_path), str(BUNDLED), str(place)]
    if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here (it takes root)")
    assert told(library=place, before=before) == sentence(place, "noexec")


@LINUX
def test_a_library_of_something_else(tmp_path):
    assert "it is no library of this version of send-im" in told(library="libm.so.6")


def patched(folder, change):
    place = folder / "library.so"
    place.write_bytes(change(BUNDLED.read_bytes()))
    return place
