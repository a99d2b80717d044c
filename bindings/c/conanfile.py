"""Makes a Conan package of the archive this lies in: `conan export-pkg .`; its CMake package is the archive's own."""

from pathlib import Path

from conan import ConanFile
from conan.tools.files import copy


class SendIm(ConanFile):
    """Nothing is built: the settings are those of the archive."""

    name = "send-im"
    version = "@VERSION@"
    description = "Delivers instant messages to Skype for Business and Lync users"
    license = "MIT OR Apache-2.0"
    settings = "os", "arch"

    def layout(self):
        """The archive is source and build."""
        self.folders.source = self.folders.build = "."

    def package(self):
        """All of it; the licences where Conan looks for them too."""
        for folder in ("bin", "include", "lib", "share"):
            copy(self, f"{folder}/*", self.source_folder, self.package_folder)
        documents = Path(self.source_folder, "share", "doc", "send_im")
        copy(self, "LICENSE-*", documents, Path(self.package_folder, "licenses"))

    def package_info(self):
        """find_package(send-im) finds send-im::send-im and send-im::send-im-static."""
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = ["lib/cmake/send-im"]
        self.cpp_info.libs = ["send_im"]
