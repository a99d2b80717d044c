import SendIm
import XCTest

/// What signing out does with the sends under way.
final class ClosingTests: SandboxCase, @unchecked Sendable {
    func testItWaitsForTheSendsUnderWay() async throws {
        for (number, bound) in [nil, Duration.seconds(3600)].enumerated() {
            let client = try await Client.signIn(tosh)
            let slow = Task { try await client.send(to: "slow@contoso.com", text: "hi") }
            try await invited(number + 1)
            try await client.signOut(timeout: bound)
            XCTAssertEqual(try sandbox.messages().count, number + 1)
            let receipt = try await slow.value
            XCTAssertEqual(receipt.acceptedBy, "slow@contoso.com")
            try await expectEqual(sandbox.openApplications(), 0)
        }
    }

    func testWhatHasNotEndedWithinTheBoundIsCancelledAlsoByACancelledTask() async throws {
        for (number, cancelled) in [false, true].enumerated() {
            let client = try await Client.signIn(tosh)
            let silent = ring(client)
            try await invited(number + 1)
            let closing = Task { try await client.signOut(timeout: .milliseconds(100)) }
            if cancelled { closing.cancel() }
            try await closing.value
            try await failure(.cancelled, sent: .maybe) { try await silent.value }
            try await expectEqual(sandbox.openApplications(), 0)
        }
        XCTAssertEqual(try sandbox.messages().count, 0)
    }

    func testCancellingEverythingSaysOfEachSendWhetherItCanHaveArrived() async throws {
        let client = try await Client.signIn(tosh)
        let messages = (1...20).map {
            Message(to: "silent@contoso.com", text: "hi", subject: "\($0)", timeout: .seconds(3600))
        }
        let long = ring(client, text: String(repeating: "x", count: 900))
        try await invited()
        let all = Task { await client.sendAll(messages) }
        try await invited(21)
        let closing = Task { try await client.signOut() }
        client.cancelAll()
        try await closing.value
        try await failure(.cancelled) { try await long.value }
        for result in await all.value {
            try await failure(.cancelled, sent: .maybe) { try result.get() }
        }
        try await failure(.closed) { try await client.send(to: "lenea@contoso.com", text: "late") }
        let results = await client.sendAll([Message(to: "lenea@contoso.com", text: "late")])
        XCTAssertEqual(results.map { $0.error?.kind }, [.closed])
        try await client.signOut()
        try await expectEqual(sandbox.openApplications(), 0)
        XCTAssertEqual(try sandbox.messages().count, 0)
    }
}
