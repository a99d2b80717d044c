// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "sends",
    platforms: [.macOS(.v13)],
    dependencies: [.package(name: "SendIm", path: "../../../../bindings/swift")],
    targets: [.executableTarget(name: "sends", dependencies: ["SendIm"], path: ".", sources: ["main.swift"])]
)
