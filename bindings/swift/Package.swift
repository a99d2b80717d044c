// swift-tools-version: 6.0
import Foundation
import PackageDescription

// The native library comes in one of three ways:
// - `lib/` in this folder, from `prepare.sh` or from the released archive;
// - `CSendIm.xcframework` in this folder, on Apple platforms;
// - installed in the system, where the linker finds `libsend_im_uniffi`.
let library = Context.packageDirectory + "/lib"
let framework = "CSendIm.xcframework"

func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
}

var native: Target = .systemLibrary(name: "CSendIm")
if exists(Context.packageDirectory + "/" + framework) {
    native = .binaryTarget(name: "CSendIm", path: framework)
}
// An executable finds the library here, and, where it is moved to another machine, next to itself.
let linking: [LinkerSetting] =
    exists(library) ? [.unsafeFlags(["-L\(library)", "-Xlinker", "-rpath", "-Xlinker", library])] : []

var targets: [Target] = [
    native,
    .target(name: "SendImNative", dependencies: ["CSendIm"], linkerSettings: linking),
    .target(name: "SendIm", dependencies: ["SendImNative"]),
]
// The released archive has no tests.
if exists(Context.packageDirectory + "/Tests") {
    targets += [
        .executableTarget(name: "helper", dependencies: ["SendIm", "SendImNative"], path: "Tests/helper"),
        .executableTarget(name: "driver", dependencies: ["SendIm"], path: "Tests/driver"),
        .testTarget(name: "SendImTests", dependencies: ["SendIm", "helper"]),
    ]
}

let package = Package(
    name: "SendIm",
    // The oldest of each with what the code uses, such as `Duration`. Nobody has run it on any of them yet: Linux is tested.
    platforms: [.macOS(.v13), .iOS(.v16), .tvOS(.v16), .watchOS(.v9)],
    products: [.library(name: "SendIm", targets: ["SendIm"])],
    targets: targets
)
