import Foundation
import SendIm
import XCTest

/// The end of a program: its exit code is kept, nothing hangs, and what its own code at exit still sends arrives. Each runs in
/// a process of its own, see `Tests/helper`. `silent@` rings for an hour: a process that waited for the answer would count as
/// hanging.
final class EndTests: SandboxCase, @unchecked Sendable {
    /// Longer than the package's own handler waits for anything.
    override var slow: Duration { .seconds(5) }

    private func ended(
        _ act: String, _ more: String..., started: @escaping @Sendable (Int32) -> Void = { _ in }
    ) async throws -> Ended {
        try await helper([act, sandbox.url] + more, started: started)
    }

    func testAProgramThatSendsNothing() async throws {
        try await expectEqual(ended("nothing"), Ended(status: 0, out: "", err: ""))
        try await expectEqual(sandbox.journal().count, 0)
    }

    func testTheExitCodeIsKeptWithASendInFlightThatNobodyWaitsFor() async throws {
        for code: Int32 in [0, 3] {
            try await expectEqual(ended("exit-while-it-rings", "\(code)"), Ended(status: code, out: "", err: ""))
        }
        try await expectEqual(ended("return-while-it-rings"), Ended(status: 0, out: "", err: ""))
        XCTAssertEqual(try sandbox.messages().count, 0)
    }

    func testHandlersAtExitDrainTheSendsOfTheProgram() async throws {
        for order in ["before", "after"] {
            for way in ["one-call", "client"] {
                try await checkDrained(ended("drain", order, way), status: 3)
            }
        }
    }

    func testAProgramThatCatchesASignalDrainsItsSends() async throws {
        for (number, signal) in [SIGTERM, SIGINT].enumerated() {
            let done = try await ended("drain", "before", "client", "\(signal)") { process in
                Task {
                    // The first program sent five.
                    try await self.invited(number * 5 + 4)
                    kill(process, signal)
                }
            }
            try await checkDrained(done, status: 128 + signal)
        }
    }

    private func checkDrained(_ done: Ended, status: Int32) async throws {
        let accepted = done.out.split(separator: "\n").map(String.init).sorted()
        XCTAssertEqual(done, Ended(status: status, out: done.out, err: ""))
        XCTAssertEqual(accepted, ["last@contoso.com"] + Array(repeating: "slow@contoso.com", count: 4))
        XCTAssertEqual(try sandbox.messages().count, 5)
        try await sandbox.request("DELETE", "messages")
        try await expectEqual(sandbox.openApplications(), 0, "a session stays behind")
    }

    func testAHandlerAtExitSignsInOrCutsItsSendsOff() async throws {
        try await expectEqual(ended("sign-in-at-exit"), Ended(status: 0, out: "lenea@contoso.com\n", err: ""))
        try await expectEqual(ended("cancel-at-exit"), Ended(status: 7, out: "cancelled maybe 130\n", err: ""))
        try await expectEqual(sandbox.openApplications(), 0, "a session stays behind")
    }

    func testNoSessionStaysThatNothingIsUnderWayIn() async throws {
        for (number, act) in ["open-client", "let-go-client", "cancelled-send"].enumerated() {
            // Closing it takes more than one request.
            try sandbox.addFault(.dropBefore, on: .deleteApplication)
            try await expectEqual(ended(act), Ended(status: 0, out: "", err: ""), act)
            try await invited(number + 1)
            try await expectEqual(sandbox.openApplications(), 0, act)
        }
    }

    func testManySendsInFlightEndAgainAndAgain() async throws {
        for _ in 1...10 {
            try await expectEqual(ended("busy-ending"), Ended(status: 5, out: "", err: ""))
        }
    }

    func testAnUncaughtErrorEndsWithItsSentence() async throws {
        let done = try await ended("uncaught")
        XCTAssertNotEqual(done.status, 0)
        XCTAssertTrue(done.err.contains("busy@contoso.com"), done.err)
    }
}
