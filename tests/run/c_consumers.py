"""Programs that take the archive of the C library as other people's builds do: with CMake, and as a package of Conan."""

import os
import subprocess

import workspace

CONAN = "conan==2.34.0"
# The first lines of the README as a program with the shared library, and as one with the static one.
PROJECT = """cmake_minimum_required(VERSION 3.16)
project(hello C)
find_package(send-im {version} REQUIRED)
foreach(library send-im send-im-static)
  add_executable(${{library}} hello.c)
  target_link_libraries(${{library}} send-im::${{library}})
endforeach()
"""
CONANFILE = """[requires]
send-im/{version}
[generators]
CMakeToolchain
"""


def built(folder, source, *options, suffix="", **variables):
    """Builds both programs of this source in a new folder: their files."""
    folder.mkdir()
    (folder / "hello.c").write_text(source)
    (folder / "CMakeLists.txt").write_text(PROJECT.format(version=workspace.version()))
    for step in (["-S", folder, "-B", folder / "built", "-DCMAKE_BUILD_TYPE=Release", *options], ["--build", folder / "built"]):
        workspace.run("cmake", *step, folder=folder, env=dict(os.environ, **variables), check=True, stdout=subprocess.DEVNULL)
    return [folder / "built" / f"{name}{suffix}" for name in ("send-im", "send-im-static")]


def with_cmake(room, source, prefix, *options, suffix=""):
    """Takes what was unpacked there."""
    return built(room / "with-cmake", source, f"-DCMAKE_PREFIX_PATH={prefix}", *options, suffix=suffix)


def with_conan(room, source, prefix):
    """Makes a package of what was unpacked there, and takes that."""
    workspace.pip(CONAN)
    environment = dict(os.environ, CONAN_HOME=str(room / "conan"))
    (room / "conanfile.txt").write_text(CONANFILE.format(version=workspace.version()))
    for step in (["profile", "detect"], ["export-pkg", prefix], ["install", room]):
        command = [workspace.PYTHON.with_name("conan"), *step, "-v", "error"]
        workspace.run(*command, folder=room, env=environment, check=True, stdout=subprocess.DEVNULL)
    return built(room / "with-conan", source, f"-DCMAKE_TOOLCHAIN_FILE={room / 'conan_toolchain.cmake'}")
