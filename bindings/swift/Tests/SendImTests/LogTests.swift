import SendIm
import XCTest

final class LogTests: XCTestCase {
    override func tearDown() {
        SendImLog.bootstrap(nil)
    }

    func testEachStepIsADebugEntry() async throws {
        let entries = Collected<SendImLog.Entry>()
        SendImLog.bootstrap(entries.add)
        try await withSandbox { sandbox in
            let receipt = try await sendIm(to: "lenea@contoso.com", text: "hi", from: sandbox.tosh)
            let steps = entries.all.map { $0.metadata["step"] }
            XCTAssertEqual(Array(steps.prefix(receipt.steps.count)), receipt.steps.map(\.name.rawValue))
            XCTAssertTrue(entries.all.allSatisfy { $0.level == .debug })
            let first = entries.all[0]
            XCTAssertEqual(first.metadata["status"], "200")
            XCTAssertEqual(first.metadata["host"]?.hasPrefix("127.0.0.1:"), true)
            XCTAssertNotNil(first.metadata["elapsed_ms"].flatMap(Double.init))
            XCTAssertTrue(first.message.contains("discover"))
        }
    }

    func testAClientLogsToo() async throws {
        let entries = Collected<SendImLog.Entry>()
        SendImLog.bootstrap(entries.add)
        try await withSandbox { sandbox in
            try await withClient(sandbox.tosh) { try await $0.send(to: "lenea@contoso.com", text: "hi") }
        }
        let steps = Set(entries.all.compactMap { $0.metadata["step"] })
        XCTAssertTrue(steps.isSuperset(of: ["open_session", "invite", "confirm", "sign_out"]), "\(steps)")
    }

    func testNothingIsSaidAboveDebug() async throws {
        let entries = Collected<SendImLog.Entry>()
        SendImLog.bootstrap(level: .info, entries.add)
        try await withSandbox { sandbox in
            try await sendIm(to: "lenea@contoso.com", text: "hi", from: sandbox.tosh)
            // Steps are told to somebody here, and still not logged.
            try await sendIm(to: "lenea@contoso.com", text: "hi", from: sandbox.tosh, onStep: { _ in })
        }
        XCTAssertEqual(entries.all, [])
    }

    func testTheLevelsAreThoseOfSwiftLog() {
        XCTAssertEqual(
            SendImLog.Level.allCases.map(\.rawValue),
            ["trace", "debug", "info", "notice", "warning", "error", "critical"])
        XCTAssertEqual(SendImLog.Level.allCases.sorted(), SendImLog.Level.allCases)
    }

    func testNoSecretAtAnyLevel() async throws {
        let (text, subject) = ("the text of the message, which is secret", "a secret subject")
        for level in SendImLog.Level.allCases {
            let entries = Collected<SendImLog.Entry>()
            SendImLog.bootstrap(level: level, entries.add)
            try await withSandbox { sandbox in
                let token = try await sandbox.issueToken(sender)
                let bearer = Account(sender, server: sandbox.url) { _ in BearerToken(token) }
                let attempts: [(String, Account)] = [
                    ("lenea@contoso.com", sandbox.tosh), ("declines@contoso.com", sandbox.tosh),
                    ("lenea", sandbox.tosh), ("lenea@contoso.com", bearer),
                    ("lenea@contoso.com", sandbox.account(sender, password: "wrong")),
                    ("lenea@contoso.com", Account(sender, server: sandbox.url) { _ in throw Leak(text: password) }),
                ]
                for (to, account) in attempts {
                    _ = try? await sendIm(to: to, text: text, subject: subject, from: account)
                }
                let said = entries.all.map { shown($0) }.joined()
                if level <= .debug {
                    XCTAssertTrue(said.contains("open_session"))
                }
                for secret in [text, subject, password, token, "cwt="] {
                    XCTAssertFalse(said.contains(secret), secret)
                }
            }
        }
    }
}

/// An error whose text would give a secret away.
struct Leak: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}
