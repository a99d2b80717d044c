// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "border",
    platforms: [.macOS(.v13)],
    dependencies: [.package(name: "SendIm", path: "../../../../bindings/swift")],
    targets: [.executableTarget(name: "border", dependencies: ["SendIm"], path: ".", sources: ["main.swift"])]
)
