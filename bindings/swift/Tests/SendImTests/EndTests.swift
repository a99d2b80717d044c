import SendIm
import XCTest

/// The end of a program: its exit code is kept, nothing hangs, sessions are signed out. Each runs in a process of its own,
/// see `Tests/helper`. `silent@` rings for an hour: a process that waited for the answer would count as hanging.
final class EndTests: XCTestCase {
    private func ended(
        _ act: String, _ more: String..., check: (Sandbox, Ended) throws -> Void
    ) async throws {
        let sandbox = try await Sandbox.start(ring: .seconds(3600))
        let done =
            switch more.first {
            case .some(let argument): try await helper(act, sandbox.url, argument)
            case .none: try await helper(act, sandbox.url)
            }
        try check(sandbox, done)
        XCTAssertEqual(try sandbox.openApplications(), 0, "the session was signed out")
        sandbox.stop()
    }

    func testAProgramThatSendsNothing() async throws {
        try await ended("nothing") { sandbox, done in
            XCTAssertEqual(done, Ended(status: 0, out: "", err: ""))
            XCTAssertEqual(try sandbox.journal().count, 0)
        }
    }

    func testTheExitCodeIsKeptWithASendInFlight() async throws {
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

    func testASendInFlightIsToldThatTheProgramEnds() async throws {
        try await ended("tell-while-ending") { _, done in
            XCTAssertEqual(done, Ended(status: 7, out: "cancelled maybe 130\n", err: ""))
        }
    }

    func testAnOpenClientIsSignedOut() async throws {
        try await ended("open-client") { sandbox, done in
            XCTAssertEqual(done, Ended(status: 0, out: "", err: ""))
            XCTAssertEqual(try sandbox.messages().count, 1)
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
