import Foundation
import SendIm
import XCTest

/// The end of a program: its exit code is kept, nothing hangs, and what its own code at exit still sends arrives. Each runs in
/// a process of its own, see `Tests/helper`. `silent@` rings for an hour: a process that waited for the answer would count as
/// hanging.
final class EndTests: XCTestCase {
    private func ended(
        _ act: String, _ more: String..., fault: Sandbox.Fault? = nil,
        started: @escaping @Sendable (Sandbox, Int32) -> Void = { _, _ in },
        check: (Sandbox, Ended) async throws -> Void
    ) async throws {
        let sandbox = try await Sandbox.start(ring: .seconds(3600), slow: .seconds(5))
        if let fault { try sandbox.addFault(.deleteApplication, fault) }
        let done = try await helper([act, sandbox.url] + more, started: { started(sandbox, $0) })
        try await check(sandbox, done)
        sandbox.stop()
    }

    func testAProgramThatSendsNothing() async throws {
        try await ended("nothing") { sandbox, done in
            XCTAssertEqual(done, Ended(status: 0, out: "", err: ""))
            try await expectEqual(sandbox.journal().count, 0)
        }
    }

    func testTheExitCodeIsKeptWithASendInFlightThatNobodyWaitsFor() async throws {
        for code: Int32 in [0, 3] {
            try await ended("exit-while-it-rings", String(code)) { sandbox, done in
                XCTAssertEqual(done, Ended(status: code, out: "", err: ""))
                XCTAssertEqual(try sandbox.messages().count, 0)
            }
        }
    }

    func testTheEndOfMainWithASendInFlight() async throws {
        try await ended("return-while-it-rings") { _, done in
            XCTAssertEqual(done, Ended(status: 0, out: "", err: ""))
        }
    }

    func testHandlersAtExitDrainTheSendsOfTheProgram() async throws {
        for order in ["before", "after"] {
            for way in ["one-call", "client"] {
                try await ended("drain", order, way) { sandbox, done in
                    try await checkDrained(sandbox, done, status: 3)
                }
            }
        }
    }

    func testAProgramThatCatchesASignalDrainsItsSends() async throws {
        for signal in [SIGTERM, SIGINT] {
            try await ended(
                "drain", "before", "client", String(signal),
                started: { sandbox, process in
                    Task {
                        try await eventually { try await sandbox.invitations() == 4 }
                        kill(process, signal)
                    }
                },
                check: { sandbox, done in try await checkDrained(sandbox, done, status: 128 + signal) })
        }
    }

    private func checkDrained(_ sandbox: Sandbox, _ done: Ended, status: Int32) async throws {
        XCTAssertEqual(done.status, status, done.err)
        XCTAssertEqual(done.err, "")
        let accepted = done.out.split(separator: "\n").map(String.init).sorted()
        XCTAssertEqual(accepted, ["last@contoso.com"] + Array(repeating: "slow@contoso.com", count: 4))
        XCTAssertEqual(try sandbox.messages().count, 5)
        try await expectEqual(sandbox.openApplications(), 0, "a session stays behind")
    }

    func testAHandlerAtExitSignsIn() async throws {
        try await ended("sign-in-at-exit") { sandbox, done in
            XCTAssertEqual(done, Ended(status: 0, out: "lenea@contoso.com\n", err: ""))
            try await expectEqual(sandbox.openApplications(), 0, "a session stays behind")
        }
    }

    func testAHandlerAtExitCutsItsSendsOff() async throws {
        try await ended("cancel-at-exit") { sandbox, done in
            XCTAssertEqual(done, Ended(status: 7, out: "cancelled maybe 130\n", err: ""))
            try await expectEqual(sandbox.openApplications(), 0)
        }
    }

    func testNoSessionStaysThatNothingIsUnderWayIn() async throws {
        for act in ["open-client", "let-go-client", "cancelled-send"] {
            // Closing it takes more than one request.
            try await ended(act, fault: .dropBefore) { sandbox, done in
                XCTAssertEqual(done, Ended(status: 0, out: "", err: ""))
                try await expectEqual(sandbox.sawInvitation(), true)
                try await expectEqual(sandbox.openApplications(), 0, act)
            }
        }
    }

    func testManySendsInFlightEndAgainAndAgain() async throws {
        for _ in 1...10 {
            try await ended("busy-ending") { _, done in
                XCTAssertEqual(done.status, 5, done.err)
                XCTAssertEqual(done.err, "")
            }
        }
    }

    func testAnUncaughtErrorEndsWithItsSentence() async throws {
        try await ended("uncaught") { _, done in
            XCTAssertNotEqual(done.status, 0)
            XCTAssertTrue(done.err.contains("busy@contoso.com"), done.err)
        }
    }
}
