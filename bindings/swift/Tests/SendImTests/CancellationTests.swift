import Foundation
import SendIm
import XCTest

/// A cancelled task stops waiting, and its error tells the truth. `silent@` rings for an hour here: a call that went on
/// waiting would count as hanging.
final class CancellationTests: XCTestCase {
    private func sandbox() async throws -> Sandbox {
        try await Sandbox.start(ring: .seconds(3600))
    }

    func testATextThatRidesInARingingInvitationMayHaveArrived() async throws {
        let sandbox = try await sandbox()
        let sending = Task {
            try await sendIm(to: "silent@contoso.com", text: "hi", timeout: .seconds(3600), from: sandbox.tosh)
        }
        try await eventually { try await sandbox.sawInvitation() }
        sending.cancel()
        let error = try await failure { try await sending.value }
        XCTAssertEqual(error.kind, .cancelled)
        XCTAssertEqual(error.sent, .maybe)
        XCTAssertEqual(error.exitCode, 130)
        // The invitation is withdrawn and the session signed out, without anybody waiting for it.
        try await eventually { try await sandbox.openApplications() == 0 }
        XCTAssertEqual(try sandbox.messages().count, 0)
    }

    func testALongTextHasNotLeftWhileItsInvitationRings() async throws {
        let sandbox = try await sandbox()
        let sending = Task {
            try await sendIm(
                to: "silent@contoso.com", text: String(repeating: "x", count: 900), timeout: .seconds(3600),
                from: sandbox.tosh)
        }
        try await eventually { try await sandbox.sawInvitation() }
        sending.cancel()
        let error = try await failure { try await sending.value }
        XCTAssertEqual(error.kind, .cancelled)
        XCTAssertEqual(error.sent, .no)
    }

    func testACallCancelledWhileItSignsInWasNotSent() async throws {
        let sandbox = try await sandbox()
        try sandbox.addFault(.applications, .delay(.seconds(3600)))
        let sending = Task {
            try await sendIm(to: "lenea@contoso.com", text: "hi", timeout: .seconds(3600), from: sandbox.tosh)
        }
        try await eventually { try await sandbox.journal().contains { $0.path.hasSuffix("/applications") } }
        sending.cancel()
        let error = try await failure { try await sending.value }
        XCTAssertEqual(error.kind, .cancelled)
        XCTAssertEqual(error.sent, .no)
        XCTAssertEqual(try sandbox.messages().count, 0)
    }

    func testATaskThatIsCancelledAlreadyAsksNothingOfTheServer() async throws {
        let sandbox = try await sandbox()
        let sending = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await sendIm(to: "lenea@contoso.com", text: "hi", from: sandbox.tosh)
        }
        sending.cancel()
        let error = try await failure { try await sending.value }
        XCTAssertEqual(error.kind, .cancelled)
        XCTAssertEqual(error.sent, .no)
        try await expectEqual(sandbox.journal().count, 0)
    }

    func testACancelledSignInLeavesNoSession() async throws {
        let sandbox = try await sandbox()
        try sandbox.addFault(.applications, .delay(.milliseconds(200)))
        let signingIn = Task { try await Client.signIn(sandbox.tosh) }
        try await eventually { try await sandbox.journal().contains { $0.path.hasSuffix("/applications") } }
        signingIn.cancel()
        let error = try await failure { try await signingIn.value }
        XCTAssertEqual(error.kind, .cancelled)
        XCTAssertEqual(error.sent, .no)
        try await eventually { try await sandbox.openApplications() == 0 }
    }

    func testOneCancelledSendLeavesTheClientUsable() async throws {
        let sandbox = try await sandbox()
        try await withClient(sandbox.tosh) { client in
            let sending = Task { try await client.send(to: "silent@contoso.com", text: "hi", timeout: .seconds(3600)) }
            try await eventually { try await sandbox.sawInvitation() }
            sending.cancel()
            let error = try await failure { try await sending.value }
            XCTAssertEqual(error.kind, .cancelled)
            XCTAssertEqual(error.sent, .maybe)
            let receipt = try await client.send(to: "lenea@contoso.com", text: "still here")
            XCTAssertEqual(receipt.acceptedBy, "lenea@contoso.com")
        }
        try await expectEqual(sandbox.openApplications(), 0)
    }

    func testManyMessagesKeepTheResultsTheyHad() async throws {
        let sandbox = try await sandbox()
        try await withClient(sandbox.tosh) { client in
            // The second message to a recipient is sent when what became of the first is known.
            let answering = ["a@contoso.com", "b@contoso.com", "declines@contoso.com"]
            let messages = answering + ["silent@contoso.com"] + answering
            let sending = Task {
                await client.sendAll(messages.map { Message(to: $0, text: "hi", timeout: .seconds(3600)) })
            }
            try await sandbox.waitFor(4)
            // Once to each, and again to the one who declines.
            try await eventually {
                let paths = try await sandbox.journal().map { $0.path.lowercased() }
                return paths.filter { $0.hasSuffix("/messaginginvitations") }.count == 5
            }
            sending.cancel()
            let results = await sending.value
            XCTAssertEqual(try results[0].get().acceptedBy, "a@contoso.com")
            XCTAssertEqual(try results[1].get().acceptedBy, "b@contoso.com")
            XCTAssertEqual(results[2].error?.kind, .declined)
            XCTAssertEqual(results[3].error?.kind, .cancelled)
            XCTAssertEqual(results[3].error?.sent, .maybe)
        }
    }

    func testACancelledTaskStillSignsOut() async throws {
        let sandbox = try await sandbox()
        let working = Task {
            try await withClient(sandbox.tosh) { client in
                _ = try await client.send(to: "silent@contoso.com", text: "hi", timeout: .seconds(3600))
            }
        }
        try await eventually { try await sandbox.sawInvitation() }
        working.cancel()
        let error = try await failure { try await working.value }
        XCTAssertEqual(error.kind, .cancelled)
        try await expectEqual(sandbox.openApplications(), 0)
    }

    func testACancelledWaitForTheSandbox() async throws {
        let sandbox = try await sandbox()
        let waiting = Task { try await sandbox.waitFor(1, timeout: .seconds(3600)) }
        waiting.cancel()
        let error = try await failure { try await waiting.value }
        XCTAssertEqual(error.kind, .cancelled)
    }

    func testAStepHandlerThatNeverReturnsDoesNotHoldACancelledTask() async throws {
        let sandbox = try await sandbox()
        let (called, gate) = (Collected<Bool>(), DispatchSemaphore(value: 0))
        let sending = Task {
            try await sendIm(
                to: "silent@contoso.com", text: "hi", timeout: .seconds(3600), from: sandbox.tosh,
                onStep: { _ in
                    called.add(true)
                    gate.wait()
                })
        }
        try await eventually { !called.all.isEmpty }
        try await eventually { try await sandbox.sawInvitation() }
        sending.cancel()
        let error = try await failure { try await sending.value }
        XCTAssertEqual(error.kind, .cancelled)
        for _ in 1...100 { gate.signal() }
    }

    func testATaskGroupThatFailsEndsItsOtherSends() async throws {
        let sandbox = try await sandbox()
        let error = try await failure {
            try await withThrowingTaskGroup(of: Receipt.self) { group in
                group.addTask {
                    try await sendIm(to: "silent@contoso.com", text: "hi", timeout: .seconds(3600), from: sandbox.tosh)
                }
                group.addTask { try await sendIm(to: "busy@contoso.com", text: "hi", from: sandbox.tosh) }
                for try await _ in group {}
            }
        }
        XCTAssertEqual(error.kind, .busy)
        try await eventually { try await sandbox.openApplications() == 0 }
    }
}
