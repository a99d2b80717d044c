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

    func testHowLongAThrottlingServerAsksToWait() async throws {
        let fault = Sandbox.Fault.status(429, code: "TooManyRequests", retryAfter: .seconds(600))
        try sandbox.addFault(fault, on: .applications, times: 0)
        let error = try await failure(.throttled) {
            try await sendIm(to: "lenea@contoso.com", text: "hi", from: tosh)
        }
        XCTAssertEqual(error.httpStatus, 429)
        XCTAssertEqual(error.retryAfter, .seconds(600))
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

    func testTheWayOfACallIsTold() async throws {
        let nowhere = Account(sender, password: password, server: "http://127.0.0.1:1/")
        let error = try await failure(.discoveryFailed) {
            try await sendIm(to: "lenea@contoso.com", text: "hi", from: nowhere, timeout: .seconds(5))
        }
        XCTAssertEqual(error.hops.first?.url, "http://127.0.0.1:1/")
        XCTAssertEqual(error.hops.first?.outcome.isEmpty, false)
    }

    func testTheExitCodeOfEachKindIsThatOfTheCore() throws {
        let file = project.appendingPathComponent("core/client/src/error/kind.rs")
        let kinds = try String(contentsOf: file, encoding: .utf8).matches(of: /= "([a-z_]+)", exit (\d+);/)
        XCTAssertFalse(kinds.isEmpty)
        for kind in kinds {
            XCTAssertEqual("\(SendImError(.init(rawValue: "\(kind.1)")).exitCode)", "\(kind.2)", "\(kind.1)")
        }
    }
}
