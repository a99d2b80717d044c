import Foundation
import SendIm
import XCTest

final class ErrorTests: XCTestCase {
    private let text = "the text of the message, which is secret"

    private func failing(
        _ sandbox: Sandbox, to: String = "lenea@contoso.com", timeout: Duration = .seconds(60), from: Account? = nil
    ) async throws -> SendImError {
        try await failure {
            try await sendIm(to: to, text: text, timeout: timeout, from: from ?? sandbox.tosh)
        }
    }

    func testADeclinedMessage() async throws {
        try await withSandbox { sandbox in
            let error = try await failing(sandbox, to: "declines@contoso.com")
            XCTAssertEqual(error.kind, .declined)
            XCTAssertEqual(error.rawKind, "declined")
            XCTAssertEqual(error.family, .notDelivered)
            XCTAssertEqual(error.step, .confirm)
            XCTAssertEqual(error.sent, .no)
            XCTAssertEqual(error.exitCode, 4)
            XCTAssertEqual(error.code, "RemoteFailure")
            XCTAssertEqual(error.subcode, "Declined")
            XCTAssertTrue(error.detail.contains("declines@contoso.com"))
        }
    }

    func testItsTextIsTheSentenceInEveryWayOfPrinting() async throws {
        try await withSandbox { sandbox in
            let error = try await failing(sandbox, to: "declines@contoso.com")
            XCTAssertEqual("\(error)", error.detail)
            XCTAssertEqual((error as any Error).localizedDescription, error.detail)
            XCTAssertEqual("\(error as any Error)", error.detail)
        }
    }

    func testARefusedPassword() async throws {
        try await withSandbox { sandbox in
            let error = try await failing(sandbox, from: sandbox.account(sender, password: "wrong"))
            XCTAssertEqual(error.kind, .signInRefused)
            XCTAssertEqual(error.family, .signIn)
            XCTAssertEqual(error.step, .signIn)
            XCTAssertEqual(error.httpStatus, 400)
            XCTAssertEqual(error.exitCode, 3)
        }
    }

    func testAServerThatIsNotThere() async throws {
        try await withSandbox { sandbox in
            let nowhere = Account(sender, password: password, server: "http://127.0.0.1:1/")
            let error = try await failing(sandbox, timeout: .seconds(5), from: nowhere)
            XCTAssertEqual(error.kind, .discoveryFailed)
            XCTAssertEqual(error.family, .service)
            XCTAssertEqual(error.hops.first?.url, "http://127.0.0.1:1/")
            XCTAssertEqual(error.hops.first?.outcome.isEmpty, false)
        }
    }

    func testADeadline() async throws {
        try await withSandbox { sandbox in
            let error = try await failing(sandbox, to: "silent@contoso.com", timeout: .milliseconds(500))
            XCTAssertEqual(error.kind, .timeout)
            XCTAssertEqual(error.exitCode, 5)
        }
    }

    func testANulIsRefusedAndCutsNothing() async throws {
        try await withSandbox { sandbox in
            let recipient = try await failing(sandbox, to: "lenea\u{0}@contoso.com")
            XCTAssertEqual(recipient.kind, .invalidInput)
            let text = try await failure {
                try await sendIm(to: "lenea@contoso.com", text: "disk\u{0}full", from: sandbox.tosh)
            }
            XCTAssertEqual(text.kind, .invalidInput)
            try await expectEqual(sandbox.journal().count, 0)
        }
    }

    func testTimesThatAreNoTimes() async throws {
        try await withSandbox { sandbox in
            for timeout: Duration in [.zero, .seconds(-5)] {
                let error = try await failing(sandbox, timeout: timeout)
                XCTAssertEqual(error.kind, .invalidInput)
            }
            try await sendIm(
                to: "lenea@contoso.com", text: "hi", timeout: .seconds(Int64.max / 4), from: sandbox.tosh)
            try await sendIm(
                to: "lenea@contoso.com", text: "hi", timeout: .seconds(60) + .nanoseconds(1), from: sandbox.tosh)
        }
    }

    func testAnUnknownOutcome() async throws {
        try await withSandbox { sandbox in
            try sandbox.addFault(.sendMessage, .dropBefore, times: 0)
            let error = try await failure {
                try await sendIm(
                    to: "lenea@contoso.com", text: String(repeating: "x", count: 900), timeout: .seconds(4),
                    from: sandbox.tosh)
            }
            XCTAssertEqual(error.kind, .outcomeUnknown)
            XCTAssertEqual(error.family, .outcomeUnknown)
            XCTAssertEqual(error.sent, .maybe)
            XCTAssertEqual(error.exitCode, 6)
        }
    }

    func testAServerThatAsksToWait() async throws {
        try await withSandbox { sandbox in
            try sandbox.addFault(.applications, .status(429, code: "TooManyRequests", retryAfter: 600), times: 0)
            let error = try await failing(sandbox)
            XCTAssertEqual(error.kind, .throttled)
            XCTAssertEqual(error.retryAfter, .seconds(600))
            XCTAssertEqual(error.httpStatus, 429)
        }
    }

    func testNothingSecretIsSaid() async throws {
        try await withSandbox { sandbox in
            let errors = [
                try await failing(sandbox, to: "declines@contoso.com"),
                try await failing(sandbox, to: "lenea"),
                try await failing(sandbox, to: "silent@contoso.com", timeout: .milliseconds(300)),
                try await failing(sandbox, from: sandbox.account(password, password: password)),
            ]
            for error in errors.prefix(3) {
                XCTAssertFalse(shown(error).contains(password), shown(error))
            }
            for error in errors {
                XCTAssertFalse(shown(error).contains(text), shown(error))
            }
        }
    }

    func testTheCatchClauseOfOneCallHasTheTypeOfTheError() async throws {
        let sandbox = try await Sandbox.start()
        defer { sandbox.stop() }
        func kind() async -> SendImError.Kind? {
            do {
                try await sendIm(to: "busy@contoso.com", text: "hi", from: sandbox.tosh)
                return nil
            } catch {
                return error.kind
            }
        }
        let found = await kind()
        XCTAssertEqual(found, .busy)
    }

    func testAnErrorOfOnesOwn() {
        let error = SendImError(.busy, detail: "Lene is busy.", step: .confirm)
        XCTAssertEqual(error.exitCode, 4)
        XCTAssertEqual(error.sent, .no)
        XCTAssertEqual("\(error)", "Lene is busy.")
        XCTAssertEqual(error, SendImError(.busy, detail: "Lene is busy.", step: .confirm))
        XCTAssertNotEqual(error, SendImError(.busy))
        XCTAssertEqual(SendImError(.outcomeUnknown).sent, .maybe)
        XCTAssertEqual(SendImError(.throttled, retryAfter: .seconds(5)).retryAfter, .seconds(5))
        let caused = SendImError(.credentialUnavailable, underlyingError: CancellationError())
        XCTAssertTrue(caused.underlyingError is CancellationError)
        XCTAssertNil(error.underlyingError)
    }

    func testAReceiptOfOnesOwnIsAsASendGivesIt() async throws {
        try await withSandbox { sandbox in
            let real = try await sendIm(to: "lenea@contoso.com", text: "hi", from: sandbox.tosh)
            let own = Receipt(to: "lenea@contoso.com", threadID: real.threadID, steps: real.steps)
            XCTAssertEqual(own, real)
        }
        XCTAssertNil(Receipt(to: "lenea@contoso.com", evidence: .submitted).acceptedBy)
        XCTAssertEqual(Step(.invite, host: "pool.contoso.com").status, 200)
    }

    /// A kind added to the core must be sorted here too.
    func testEveryKindOfTheCoreIsKnownAndHasItsExitCode() throws {
        let source = try String(
            contentsOf: project.appendingPathComponent("core/client/src/error/kind.rs"), encoding: .utf8)
        let rule = try NSRegularExpression(pattern: #"= "([a-z_]+)", exit (\d+);"#)
        var kinds: [String: Int32] = [:]
        for match in rule.matches(in: source, range: NSRange(source.startIndex..., in: source)) {
            let parts = (1...2).map { String(source[Range(match.range(at: $0), in: source)!]) }
            kinds[parts[0]] = Int32(parts[1])!
        }
        let known = SendImError.Kind.allCases.filter { $0 != .unrecognized }
        XCTAssertEqual(Set(kinds.keys), Set(known.map(\.rawValue)))
        for kind in known {
            XCTAssertEqual(kind.family.exitCode, kinds[kind.rawValue], kind.rawValue)
        }
    }

    func testEveryStepOfTheCoreIsKnown() throws {
        let source = try String(
            contentsOf: project.appendingPathComponent("core/client/src/steps.rs"), encoding: .utf8)
        let rule = try NSRegularExpression(pattern: #"Step::\w+ => "([a-z_]+)""#)
        let names = rule.matches(in: source, range: NSRange(source.startIndex..., in: source)).map {
            String(source[Range($0.range(at: 1), in: source)!])
        }
        let known: [Step.Name] = [.discover, .signIn, .openSession, .invite, .send, .confirm, .signOut]
        XCTAssertEqual(Set(names), Set(known.map(\.rawValue)))
    }
}
