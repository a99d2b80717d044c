import Foundation
import SendIm
import XCTest

final class ErrorTests: SandboxCase, @unchecked Sendable {
    func testWhatAnErrorSays() async throws {
        let error = try await failure(.declined) {
            try await sendIm(to: "declines@contoso.com", text: "hi", from: tosh)
        }
        XCTAssertEqual("\(error.kind)", "declined")
        XCTAssertEqual(error.family, .notDelivered)
        XCTAssertEqual(error.step, .confirm)
        XCTAssertEqual(error.exitCode, 4)
        XCTAssertEqual(error.code, "RemoteFailure")
        XCTAssertEqual(error.subcode, "Declined")
        XCTAssertTrue(error.detail.contains("declines@contoso.com"))
        XCTAssertEqual("\(error)", error.detail)
        XCTAssertEqual("\(error as any Error)", error.detail)
        XCTAssertEqual((error as any Error).localizedDescription, error.detail)
    }

    func testWhatAServerSaidAndWhereNoneWas() async throws {
        try sandbox.addFault(
            .status(429, code: "TooManyRequests", retryAfter: .seconds(600)), on: .applications, times: 0)
        let error = try await failure(.throttled) {
            try await sendIm(to: "lenea@contoso.com", text: "hi", from: tosh)
        }
        XCTAssertEqual(error.retryAfter, .seconds(600))
        XCTAssertEqual(error.httpStatus, 429)
        XCTAssertEqual(error.code, "TooManyRequests")

        let nowhere = Account(sender, password: password, server: "http://127.0.0.1:1/")
        let other = try await failure(.discoveryFailed) {
            try await sendIm(to: "lenea@contoso.com", text: "hi", from: nowhere, timeout: .seconds(5))
        }
        XCTAssertEqual(other.hops.first?.url, "http://127.0.0.1:1/")
        XCTAssertEqual(other.hops.first?.outcome.isEmpty, false)
    }

    func testANulIsRefusedAndCutsNothing() async throws {
        for (to, text) in [("lenea\u{0}@contoso.com", "hi"), ("lenea@contoso.com", "disk\u{0}full")] {
            try await failure(.invalidInput) { try await sendIm(to: to, text: text, from: tosh) }
        }
        try await expectEqual(sandbox.journal().count, 0)
    }

    func testTimesThatAreNoTimes() async throws {
        for timeout: Duration in [.zero, .seconds(-5)] {
            try await failure(.invalidInput) {
                try await sendIm(to: "lenea@contoso.com", text: "hi", from: tosh, timeout: timeout)
            }
        }
        for timeout: Duration in [.seconds(Int64.max / 4), .seconds(60) + .nanoseconds(1)] {
            try await sendIm(to: "lenea@contoso.com", text: "hi", from: tosh, timeout: timeout)
        }
    }

    func testTheCatchClauseOfOneCallHasTheTypeOfTheError() async {
        do {
            try await sendIm(to: "busy@contoso.com", text: "hi", from: tosh)
            XCTFail("delivered")
        } catch {
            switch error.kind {
            case .busy, .declined: XCTAssertEqual(error.kind, .busy)
            default: XCTFail("\(error)")
            }
        }
    }

    func testAnErrorOfOnesOwn() {
        let hops = [SendImError.Hop(url: "https://pool.contoso.com/", outcome: "401")]
        let error = SendImError(.busy, detail: "Lene is busy.", step: .confirm, hops: hops)
        XCTAssertEqual(error.exitCode, 4)
        XCTAssertEqual(error.sent, .no)
        XCTAssertEqual("\(error)", "Lene is busy.")
        XCTAssertEqual(error, SendImError(.busy, detail: "Lene is busy.", step: .confirm, hops: hops))
        XCTAssertNotEqual(error, SendImError(.busy))
        XCTAssertNil(error.underlyingError)
        XCTAssertEqual(SendImError(.outcomeUnknown).sent, .maybe)
        XCTAssertEqual(SendImError(.throttled, retryAfter: .seconds(5)).retryAfter, .seconds(5))
        XCTAssertEqual(SendImError(.init(rawValue: "of_tomorrow")).family, .service)
        let caused = SendImError(.credentialUnavailable, underlyingError: CancellationError())
        XCTAssertTrue(caused.underlyingError is CancellationError)
    }

    func testAReceiptOfOnesOwnIsAsASendGivesIt() async throws {
        let real = try await sendIm(to: "lenea@contoso.com", text: "hi", from: tosh)
        XCTAssertEqual(Receipt(to: "lenea@contoso.com", threadID: real.threadID, steps: real.steps), real)
        XCTAssertNil(Receipt(to: "lenea@contoso.com", evidence: .submitted).acceptedBy)
        XCTAssertEqual(Step(.invite, host: "pool.contoso.com").status, 200)
    }

    /// What is added to the core must be named, and sorted, here too.
    func testEveryKindAndStepOfTheCoreIsKnown() throws {
        let kinds = try found(#"= "([a-z_]+)", exit (\d+);"#, in: "core/client/src/error/kind.rs")
        let ours = "bindings/swift/Sources/SendIm"
        XCTAssertEqual(
            Set(kinds.map { $0[0] }),
            try Set(found(#"Kind\(rawValue: "([a-z_]+)"\)"#, in: "\(ours)/SendImError.swift").map { $0[0] }))
        for kind in kinds {
            XCTAssertEqual("\(SendImError(.init(rawValue: kind[0])).exitCode)", kind[1], kind[0])
        }
        XCTAssertEqual(
            try Set(found(#"Step::\w+ => "([a-z_]+)""#, in: "core/client/src/steps.rs")),
            try Set(found(#"StepName\(rawValue: "([a-z_]+)"\)"#, in: "\(ours)/Step.swift")))
    }

    /// The groups of each place in a file that matches.
    private func found(_ pattern: String, in file: String) throws -> [[String]] {
        let source = try String(contentsOf: project.appendingPathComponent(file), encoding: .utf8)
        let matches = try NSRegularExpression(pattern: pattern).matches(
            in: source, range: NSRange(source.startIndex..., in: source))
        XCTAssertFalse(matches.isEmpty, file)
        return matches.map { match in
            (1..<match.numberOfRanges).map { String(source[Range(match.range(at: $0), in: source)!]) }
        }
    }
}
