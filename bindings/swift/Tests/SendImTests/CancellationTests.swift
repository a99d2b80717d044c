import Foundation
import SendIm
import XCTest

/// A cancelled task stops waiting, and its error tells the truth.
final class CancellationTests: SandboxCase, @unchecked Sendable {
    func testWhetherTheTextCanHaveLeftWhileItsInvitationRings() async throws {
        // A short text rides in the invitation; a long one follows when that is accepted.
        for (number, (length, sent)) in [(2, SendImError.Sent.maybe), (900, .no)].enumerated() {
            let sending = ring(text: String(repeating: "x", count: length))
            try await invited(number + 1)
            sending.cancel()
            try await failure(.cancelled, sent: sent) { try await sending.value }
        }
        // The invitations are withdrawn and the sessions signed out, without anybody waiting for it.
        try await eventually { try await sandbox.openApplications() == 0 }
        XCTAssertEqual(try sandbox.messages().count, 0)
    }

    func testATaskThatIsCancelledAlreadyAsksNothingOfTheServer() async throws {
        let sending = Task { [tosh] in
            while !Task.isCancelled { await Task.yield() }
            return try await sendIm(to: "lenea@contoso.com", text: "hi", from: tosh)
        }
        sending.cancel()
        try await failure(.cancelled) { try await sending.value }
        try await expectEqual(sandbox.journal().count, 0)
    }

    func testACancelledSignInLeavesNoSession() async throws {
        try sandbox.addFault(.delay(.milliseconds(200)), on: .applications)
        let signingIn = Task { [tosh] in try await Client.signIn(tosh) }
        try await eventually { try await sandbox.journal().contains { $0.path.hasSuffix("/applications") } }
        signingIn.cancel()
        try await failure(.cancelled) { try await signingIn.value }
        try await eventually { try await sandbox.openApplications() == 0 }
    }

    func testOneCancelledSendLeavesTheClientUsable() async throws {
        try await withClient(tosh) { client in
            let sending = ring(client)
            try await invited()
            sending.cancel()
            try await failure(.cancelled, sent: .maybe) { try await sending.value }
            let receipt = try await client.send(to: "lenea@contoso.com", text: "still here")
            XCTAssertEqual(receipt.acceptedBy, "lenea@contoso.com")
        }
        try await expectEqual(sandbox.openApplications(), 0)
    }

    func testManyMessagesKeepTheResultsTheyHad() async throws {
        try await withClient(tosh) { client in
            // The second message to a recipient is sent when what became of the first is known.
            let answering = ["a@contoso.com", "b@contoso.com", "declines@contoso.com"]
            let messages = answering + ["silent@contoso.com"] + answering
            let sending = Task {
                await client.sendAll(messages.map { Message(to: $0, text: "hi", timeout: .seconds(3600)) })
            }
            try await sandbox.waitFor(4)
            // Once to each, and again to the one who declines.
            try await invited(5)
            // The outcome of each is handed over a moment after it is known.
            try await client.send(to: "lenea@contoso.com", text: "another")
            sending.cancel()
            let results = await sending.value
            XCTAssertEqual(try results[0].get().acceptedBy, "a@contoso.com")
            XCTAssertEqual(try results[1].get().acceptedBy, "b@contoso.com")
            XCTAssertEqual(results[2].error?.kind, .declined)
            try await failure(.cancelled, sent: .maybe) { try results[3].get() }
        }
    }

    func testACancelledTaskStillSignsOut() async throws {
        let working = Task { [tosh] in
            try await withClient(tosh) { client in
                _ = try await client.send(to: "silent@contoso.com", text: "hi", timeout: .seconds(3600))
            }
        }
        try await invited()
        working.cancel()
        try await failure(.cancelled, sent: .maybe) { try await working.value }
        try await expectEqual(sandbox.openApplications(), 0)
    }

    func testACancelledWaitForTheSandbox() async throws {
        let waiting = Task { [sandbox] in try await sandbox!.waitFor(1, timeout: .seconds(3600)) }
        waiting.cancel()
        try await failure(.cancelled) { try await waiting.value }
    }

    func testAStepHandlerThatNeverReturnsDoesNotHoldACancelledTask() async throws {
        let (called, gate) = (Collected<Bool>(), DispatchSemaphore(value: 0))
        let message = Message(to: "silent@contoso.com", text: "hi", timeout: .seconds(3600))
        let sending = Task { [tosh] in
            try await sendIm(message, from: tosh) { _ in
                called.add(true)
                gate.wait()
            }
        }
        try await eventually { !called.all.isEmpty }
        try await invited()
        sending.cancel()
        try await failure(.cancelled, sent: .maybe) { try await sending.value }
        for _ in 1...100 { gate.signal() }
    }

    func testATaskGroupThatFailsEndsItsOtherSends() async throws {
        try await failure(.busy) {
            try await withThrowingTaskGroup(of: Receipt.self) { [tosh] group in
                for recipient in ["silent@contoso.com", "busy@contoso.com"] {
                    group.addTask { try await sendIm(to: recipient, text: "hi", from: tosh, timeout: .seconds(3600)) }
                }
                for try await _ in group {}
            }
        }
        try await eventually { try await sandbox.openApplications() == 0 }
    }
}
