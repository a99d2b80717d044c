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

/// Tests with a sandbox for each. `silent@` rings for an hour there: a call that went on waiting would count as hanging.
class SandboxCase: XCTestCase, @unchecked Sendable {
    private(set) var sandbox: Sandbox!

    /// How long `slow@` takes to accept.
    var slow: Duration { .seconds(3) }

    /// The account the tests send from.
    var tosh: Account { sandbox.account(sender, password: password) }

    override func setUp() async throws {
        sandbox = try await Sandbox.start(ring: .seconds(3600), slow: slow)
    }

    override func tearDown() async throws {
        SendImLog.bootstrap(nil)
        sandbox.stop()
    }

    /// Sends to somebody who never answers.
    func ring(_ client: Client? = nil, text: String = "hi") -> Task<Receipt, any Error> {
        let message = Message(to: "silent@contoso.com", text: text, timeout: .seconds(3600))
        return Task { [tosh] in
            guard let client else { return try await sendIm(message, from: tosh) }
            return try await client.send(message)
        }
    }

    /// Returns once so many invitations have been sent.
    func invited(_ count: Int = 1) async throws {
        try await eventually { try await sandbox.paths("/messaginginvitations").count >= count }
    }
}

extension Sandbox {
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

    /// The requests answered so far whose path ends like this.
    func paths(_ end: String) async throws -> [Exchange] {
        try await journal().filter { $0.path.lowercased().hasSuffix(end) && $0.status != nil }
    }
}

extension Result {
    var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
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

/// The error of a call that must fail in this way.
@discardableResult
func failure<T: Sendable>(
    _ kind: SendImError.Kind, sent: SendImError.Sent = .no, file: StaticString = #filePath, line: UInt = #line,
    of call: () async throws -> T
) async throws -> SendImError {
    do {
        let result = try await call()
        XCTFail("it succeeded: \(result)", file: file, line: line)
        throw CancellationError()
    } catch let error as SendImError {
        XCTAssertEqual(error.kind, kind, "\(error)", file: file, line: line)
        XCTAssertEqual(error.sent, sent, "\(error)", file: file, line: line)
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

/// Values that handlers on any thread collect.
final class Collected<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Value] = []

    var all: [Value] { lock.withLock { values } }

    var add: @Sendable (Value) -> Void {
        { value in self.lock.withLock { self.values.append(value) } }
    }
}

/// Runs a body with these variables set and every other one of ours unset. Tests run one after the other.
func withEnvironment(_ variables: [String: String], _ body: () async throws -> Void) async throws {
    let ours = ["ADDRESS", "PASSWORD", "USERNAME", "SERVER", "CA_FILE", "TLS"].map { "SEND_IM_" + $0 }
    let names = ours + ["XDG_CONFIG_HOME", "HOME"]
    let before = names.map { ($0, ProcessInfo.processInfo.environment[$0]) }
    defer {
        for (name, value) in before {
            if let value { setenv(name, value, 1) } else { unsetenv(name) }
        }
    }
    for name in ours {
        unsetenv(name)
    }
    for (name, value) in variables {
        setenv(name, value, 1)
    }
    try await body()
}
