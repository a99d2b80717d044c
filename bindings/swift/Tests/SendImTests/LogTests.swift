import SendIm
import XCTest

final class LogTests: SandboxCase, @unchecked Sendable {
    func testEachStepIsADebugEntryOfAClientToo() async throws {
        let entries = Collected<SendImLog.Entry>()
        SendImLog.bootstrap(entries.add)
        let receipt = try await sendIm(to: "lenea@contoso.com", text: "hi", from: tosh)
        let steps = entries.all.map { $0.metadata["step"] }
        XCTAssertEqual(Array(steps.prefix(receipt.steps.count)), receipt.steps.map(\.name.rawValue))
        let first = entries.all[0]
        XCTAssertEqual(first.metadata["status"], "200")
        XCTAssertEqual(first.metadata["host"]?.hasPrefix("127.0.0.1:"), true)
        XCTAssertNotNil(first.metadata["elapsed_ms"].flatMap(Double.init))
        XCTAssertTrue(first.message.contains("discover"))
        try await withClient(tosh) { try await $0.send(to: "lenea@contoso.com", text: "hi") }
        XCTAssertEqual(entries.all.filter { $0.metadata["step"] == "sign_out" }.count, 2)
        XCTAssertTrue(entries.all.allSatisfy { $0.level == .debug })
    }

    func testNothingIsSaidAboveDebug() async throws {
        let entries = Collected<SendImLog.Entry>()
        SendImLog.bootstrap(level: .info, entries.add)
        try await sendIm(to: "lenea@contoso.com", text: "hi", from: tosh)
        // Steps are told to somebody here, and still not logged.
        try await sendIm(to: "lenea@contoso.com", text: "hi", from: tosh, onStep: { _ in })
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
        let token = try await sandbox.issueToken(sender)
        let url = sandbox.url
        for level in SendImLog.Level.allCases {
            let entries = Collected<SendImLog.Entry>()
            SendImLog.bootstrap(level: level, entries.add)
            let attempts: [(String, Account)] = [
                ("lenea@contoso.com", tosh), ("declines@contoso.com", tosh), ("lenea", tosh),
                ("lenea@contoso.com", Account(sender, server: url) { _ in BearerToken(token) }),
                ("lenea@contoso.com", sandbox.account(sender, password: "wrong")),
                ("lenea@contoso.com", Account(sender, server: url) { _ in throw Leak(text: password) }),
            ]
            for (to, account) in attempts {
                _ = try? await sendIm(to: to, text: text, from: account, subject: subject)
            }
            let said = entries.all.map { shown($0) }.joined()
            XCTAssertEqual(said.contains("open_session"), level <= .debug)
            for secret in [text, subject, password, token, "cwt="] {
                XCTAssertFalse(said.contains(secret), secret)
            }
        }
    }
}

/// An error whose text would give a secret away.
struct Leak: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}
