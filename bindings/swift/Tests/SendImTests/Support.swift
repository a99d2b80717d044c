import Foundation
import SendIm
import XCTest

let sender = "tosh@contoso.com"
let password = "s3cret-of-tosh"

/// The folder of this package.
let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The folder of the whole project.
let project = package.deletingLastPathComponent().deletingLastPathComponent()

/// After so long a process, or a condition, counts as hanging. No test asserts on a shorter time.
let hang: Duration = .seconds(120)

extension Sandbox {
    /// The account the tests send from.
    var tosh: Account { account(sender, password: password) }

    /// A request the sandbox received.
    struct Exchange: Decodable {
        let method: String
        let path: String
        let status: Int?
    }

    /// Every request received, oldest first.
    func journal() async throws -> [Exchange] { try await asked("GET", "journal") }

    /// How many sessions are open on the server.
    func openApplications() async throws -> Int {
        let state: [String: Int] = try await asked("GET", "state")
        return try XCTUnwrap(state["open_applications"])
    }

    /// A bearer token that the sandbox accepts for this address.
    func issueToken(_ address: String) async throws -> String {
        let issued: [String: String] = try await asked("POST", "tokens/\(address)")
        return try XCTUnwrap(issued["token"])
    }

    private func asked<T: Decodable>(_ method: String, _ path: String) async throws -> T {
        try await JSONDecoder().decode(T.self, from: Data(request(method, path).utf8))
    }

    func sawInvitation() async throws -> Bool { try await invitations() > 0 }

    func invitations() async throws -> Int {
        try await journal().filter { $0.path.lowercased().hasSuffix("/messaginginvitations") && $0.status != nil }.count
    }
}

/// Returns once the condition holds; fails if it does not for very long.
func eventually(
    _ condition: () async throws -> Bool, file: StaticString = #filePath, line: UInt = #line
) async throws {
    let clock = ContinuousClock()
    let end = clock.now + hang / 4
    while try await !condition() {
        guard clock.now < end else {
            return XCTFail("it did not come about", file: file, line: line)
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// `XCTAssertEqual` for what has to be awaited.
func expectEqual<T: Equatable>(
    _ value: T, _ expected: T, _ message: String = "", file: StaticString = #filePath, line: UInt = #line
) {
    XCTAssertEqual(value, expected, message, file: file, line: line)
}

/// The error of a call that must fail.
func failure<T: Sendable>(
    file: StaticString = #filePath, line: UInt = #line, of call: () async throws -> T
) async throws -> SendImError {
    do {
        let result = try await call()
        XCTFail("it succeeded: \(result)", file: file, line: line)
        throw CancellationError()
    } catch let error as SendImError {
        return error
    }
}

/// Everything that printing a value in any of Swift's ways shows.
func shown(_ value: Any) -> String {
    var text = "\(value) \(String(reflecting: value)) "
    dump(value, to: &text)
    return text
}

/// How a process ended.
struct Ended: Equatable {
    var status: Int32
    var out: String
    var err: String
}

/// Runs the helper program, see `Tests/helper`. `started` is called with its process number.
func helper(
    _ arguments: [String], started: @escaping @Sendable (Int32) -> Void = { _ in }
) async throws -> Ended {
    let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("helper")
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    let (out, err) = (Pipe(), Pipe())
    process.standardOutput = out
    process.standardError = err
    return try await withCheckedThrowingContinuation { continuation in
        let reading = DispatchQueue(label: "helper")
        process.terminationHandler = { process in
            reading.async {
                let texts = [out, err].map {
                    String(decoding: $0.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                }
                let signal: Int32 = process.terminationReason == .exit ? 0 : 1000
                continuation.resume(
                    returning: Ended(status: process.terminationStatus + signal, out: texts[0], err: texts[1]))
            }
        }
        do {
            try process.run()
            started(process.processIdentifier)
        } catch {
            continuation.resume(throwing: error)
        }
        // A hanging helper ends with a signal, which no test expects.
        let ticket = process.processIdentifier
        DispatchQueue.global().asyncAfter(deadline: .now() + Double(hang.components.seconds)) {
            if process.isRunning {
                kill(ticket, SIGKILL)
            }
        }
    }
}
