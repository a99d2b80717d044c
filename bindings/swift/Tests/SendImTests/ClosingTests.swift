import Foundation
import SendIm
import XCTest

/// What signing out does with the sends under way. `silent@` rings for an hour, and so long its sends may take.
final class ClosingTests: XCTestCase {
    private let long: Duration = .seconds(3600)
    private let short: Duration = .milliseconds(100)

    private func client(_ body: (Sandbox, Client) async throws -> Void) async throws {
        let sandbox = try await Sandbox.start(ring: long)
        let client = try await Client.signIn(sandbox.tosh)
        try await body(sandbox, client)
        sandbox.stop()
    }

    private func ring(_ client: Client, _ text: String = "hi") -> Task<Receipt, any Error> {
        let message = Message(to: "silent@contoso.com", text: text, timeout: long)
        return Task { try await client.send(message) }
    }

    func testItWaitsForTheSendsUnderWay() async throws {
        for bound in [nil, long] {
            try await client { sandbox, client in
                let slow = Task { try await client.send(to: "slow@contoso.com", text: "hi") }
                try await eventually { try await sandbox.sawInvitation() }
                try await client.signOut(timeout: bound)
                XCTAssertEqual(try sandbox.messages().count, 1)
                let receipt = try await slow.value
                XCTAssertEqual(receipt.acceptedBy, "slow@contoso.com")
                try await expectEqual(sandbox.openApplications(), 0)
            }
        }
    }

    func testEachSendEndsWithItsOwnTimeout() async throws {
        try await client { sandbox, client in
            let silent = Task { try await client.send(to: "silent@contoso.com", text: "hi", timeout: .seconds(2)) }
            try await eventually { try await sandbox.sawInvitation() }
            try await client.signOut()
            let error = try await failure { try await silent.value }
            XCTAssertEqual(error.kind, .timeout)
            XCTAssertEqual(error.sent, .no)
            try await expectEqual(sandbox.openApplications(), 0)
        }
    }

    func testWhatHasNotEndedWithinTheBoundIsCancelled() async throws {
        try await client { sandbox, client in
            let silent = ring(client)
            try await eventually { try await sandbox.sawInvitation() }
            try await client.signOut(timeout: short)
            let error = try await failure { try await silent.value }
            XCTAssertEqual(error.kind, .cancelled)
            XCTAssertEqual(error.sent, .maybe)
            try await expectEqual(sandbox.openApplications(), 0)
            XCTAssertEqual(try sandbox.messages().count, 0)
        }
    }

    func testSendsThatBeginAfterItFailAndASecondOneDoesNothing() async throws {
        try await client { sandbox, client in
            try await client.signOut()
            let asked = try await sandbox.journal().count
            let error = try await failure { try await client.send(to: "lenea@contoso.com", text: "late") }
            XCTAssertEqual(error.kind, .closed)
            XCTAssertEqual(error.sent, .no)
            try await client.signOut()
            try await client.signOut(timeout: short)
            client.cancelAll()
            try await expectEqual(sandbox.journal().count, asked)
        }
    }

    func testSendsThatBeginWhileItWaitsFailToo() async throws {
        try await client { sandbox, client in
            let silent = ring(client)
            try await eventually { try await sandbox.sawInvitation() }
            let closing = Task { try await client.signOut() }
            while true {
                do throws(SendImError) {
                    try await client.send(to: "lenea@contoso.com", text: "hi")
                } catch {
                    XCTAssertEqual(error.kind, .closed)
                    break
                }
            }
            client.cancelAll()
            try await closing.value
            let error = try await failure { try await silent.value }
            XCTAssertEqual(error.kind, .cancelled)
            try await expectEqual(sandbox.openApplications(), 0)
        }
    }

    func testCancellingEverythingSaysOfEachSendWhetherItCanHaveArrived() async throws {
        try await client { sandbox, client in
            // A short text rides in the invitation; a long one follows when that is accepted.
            let messages = (1...20).map {
                Message(to: "silent@contoso.com", text: "hi", subject: "\($0)", timeout: .seconds(3600))
            }
            let long = ring(client, String(repeating: "x", count: 900))
            try await eventually { try await sandbox.invitations() == 1 }
            let all = Task { await client.sendAll(messages) }
            try await eventually { try await sandbox.invitations() == 21 }
            client.cancelAll()
            let error = try await failure { try await long.value }
            XCTAssertEqual(error.kind, .cancelled)
            XCTAssertEqual(error.sent, .no)
            let results = await all.value
            XCTAssertEqual(Set(results.map { $0.error?.kind }), [.cancelled])
            XCTAssertEqual(Set(results.map { $0.error?.sent }), [.maybe])
            let late = try await failure { try await client.send(to: "lenea@contoso.com", text: "late") }
            XCTAssertEqual(late.kind, .closed)
            try await client.signOut()
            try await expectEqual(sandbox.openApplications(), 0)
            XCTAssertEqual(try sandbox.messages().count, 0)
        }
    }

    func testAServerThatIsGoneIsNotWaitedFor() async throws {
        try await client { sandbox, client in
            let silent = ring(client)
            try await eventually { try await sandbox.sawInvitation() }
            sandbox.stop()
            do throws(SendImError) {
                try await client.signOut()
            } catch {
                XCTAssertEqual(error.family, .service)
            }
            let error = try await failure { try await silent.value }
            XCTAssertTrue([.outcomeUnknown, .cancelled].contains(error.kind), "\(error)")
            XCTAssertEqual(error.sent, .maybe)
        }
    }

    func testItHidesNeitherWhatTheBodyGaveNorWhatItThrew() async throws {
        struct Broken: Error {}
        try await withSandbox { sandbox in
            for times in 1...2 {
                try sandbox.addFault(.deleteApplication, .status(403), times: 0)
                do {
                    let given = try await withClient(sandbox.tosh) { client in
                        try await client.send(to: "lenea@contoso.com", text: "hi")
                        if times == 2 { throw Broken() }
                        return 7
                    }
                    XCTAssertEqual(given, 7)
                } catch is Broken {
                    XCTAssertEqual(times, 2)
                }
            }
        }
    }

    func testABodyThatThrowsWaitsForSendsUnderWayToo() async throws {
        struct Broken: Error {}
        try await withSandbox { sandbox in
            let sends = Collected<Task<Receipt, any Error>>()
            do {
                try await withClient(sandbox.tosh) { client in
                    sends.add(Task { try await client.send(to: "slow@contoso.com", text: "hi") })
                    try await eventually { try await sandbox.sawInvitation() }
                    throw Broken()
                }
            } catch is Broken {}
            let receipt = try await sends.all[0].value
            XCTAssertEqual(receipt.acceptedBy, "slow@contoso.com")
            try await expectEqual(sandbox.openApplications(), 0)
        }
    }

    func testACancelledTaskSignsOutWithItsBound() async throws {
        try await client { sandbox, client in
            let silent = ring(client)
            try await eventually { try await sandbox.sawInvitation() }
            let closing = Task { [short] in try await client.signOut(timeout: short) }
            closing.cancel()
            try await closing.value
            let error = try await failure { try await silent.value }
            XCTAssertEqual(error.kind, .cancelled)
            try await expectEqual(sandbox.openApplications(), 0)
        }
    }
}
