// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "send",
    platforms: [.macOS(.v13)],
    dependencies: [.package(name: "SendIm", path: "../../../bindings/swift")],
    targets: [.executableTarget(name: "send", dependencies: ["SendIm"], path: ".", sources: ["main.swift"])]
)
