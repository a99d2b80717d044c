"""How the package is linked, and what the compiler says where it cannot be: run by pytest, with the modules of tests/run."""

import re
import shutil
import subprocess

import pytest
from languages import C, GO
from programs import HANG, Sandbox, clean, ended
from workspace import PROFILE, ROOT, run, target_dir


@pytest.fixture(scope="module")
def shared():
    """The example, linked with the shared library as pkg-config names it."""
    prefix = target_dir() / "send-im-go"
    shutil.rmtree(prefix, ignore_errors=True)
    C.do(f"make --silent install PREFIX={prefix} SEND_IM_PROFILE={PROFILE}")
    environment = {"PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}
    GO.do(f"go build -C {ROOT / 'examples' / 'go'} -tags=send_im_pkgconfig -o {prefix / 'send'} .", env={**clean(), **environment})
    return prefix


def sends(prefix, **environment):
    return ended([prefix / "send", "lenea@contoso.com", "hello world"], {**clean(), **environment})


def test_the_shared_library_of_pkg_config_is_taken_where_it_is_asked_for(shared):
    there = {"LD_LIBRARY_PATH": str(shared / "lib"), "DYLD_LIBRARY_PATH": str(shared / "lib")}
    with Sandbox() as sandbox:
        done = sends(shared, **sandbox.account, **there)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "lenea@contoso.com accepted the message (invitation_accepted).\n"
        assert sandbox.texts() == ["hello world"]
    done = sends(shared)
    assert done.returncode != 0 and "libsend_im" in done.stderr


def test_a_library_of_another_interface_is_refused(shared):
    (shared / "other.c").write_text("unsigned send_im_abi_version(void) { return 2; }\n")
    run("cc", "-shared", "-fPIC", shared / "other.c", "-o", shared / "other.so", check=True)
    done = sends(shared, LD_LIBRARY_PATH=str(shared / "lib"), LD_PRELOAD=str(shared / "other.so"))
    assert done.returncode != 0 and "has interface 2, and this package needs 1" in done.stderr


def refusal(folder, **environment):
    """What the compiler says about a package that cannot be built."""
    done = ended(["go", "build", "./..."], {**clean(), **environment}, cwd=folder)
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_without_a_library_the_compiler_says_what_to_do(tmp_path):
    copied = shutil.ignore_patterns("*.a", "send_im.h", "library.h", "*_test.go")
    shutil.copytree(GO.folder, tmp_path / "package", ignore=copied)
    assert "go generate ./..." in refusal(tmp_path / "package")


def test_without_cgo_the_compiler_says_what_to_do():
    assert "CGO_ENABLED_to_1" in refusal(GO.folder, CGO_ENABLED="0")


def test_another_build_of_the_library_is_linked_again():
    header = GO.folder / "internal" / "native" / "library.h"
    kept = header.read_text()
    try:
        for digest in ("a" * 64, "b" * 64):
            header.write_text(f'#define SENDIM_LIBRARY "{digest}"\n')
            command = ["go", "test", "-run=^TestLibrary$", "-v", "./internal/native"]
            told = subprocess.run(command, cwd=GO.folder, capture_output=True, text=True, check=True, timeout=HANG)
            assert re.search(r"library (\w+)", told.stdout)[1] == digest
    finally:
        header.write_text(kept)
