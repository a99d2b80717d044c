import SendIm
import XCTest

final class TokenTests: SandboxCase, @unchecked Sendable {
    func testARevokedTokenIsAskedForAgain() async throws {
        let asked = Collected<TokenRequest>()
        let account = Account(sender, server: sandbox.url) { [sandbox] request in
            asked.add(request)
            await Task.yield()
            return BearerToken(try await sandbox!.issueToken(sender), expiresIn: .seconds(3600))
        }
        try await withClient(account) { client in
            try await client.send(to: "lenea@contoso.com", text: "before")
            try await sandbox.request("POST", "actions/revoke-tokens")
            try await client.send(to: "lenea@contoso.com", text: "after")
        }
        let first = try XCTUnwrap(asked.all.first)
        XCTAssertEqual(first.origin + "/", sandbox.url)
        XCTAssertFalse(first.rejected)
        XCTAssertTrue(asked.all.contains { $0.rejected })
        XCTAssertEqual(try sandbox.messages().map(\.text), ["before", "after"])
        XCTAssertEqual(try XCTUnwrap(asked.all.last).origin, TokenRequest(origin: first.origin, rejected: true).origin)
    }

    func testWhatAClosureThrowsIsTheUnderlyingErrorAndItsTextIsInNoSentenceOfOurs() async throws {
        let entries = Collected<SendImLog.Entry>()
        SendImLog.bootstrap(level: .warning, entries.add)
        let account = Account(sender, server: sandbox.url) { _ in throw Leak(text: "vault key s3cret") }
        let error = try await failure(.credentialUnavailable) {
            try await sendIm(to: "lenea@contoso.com", text: "hi", from: account)
        }
        XCTAssertEqual(error.exitCode, 3)
        XCTAssertEqual((error.underlyingError as? Leak)?.text, "vault key s3cret")
        XCTAssertTrue(error.detail.contains("Leak"), error.detail)
        XCTAssertFalse(shown(error).contains("s3cret"))
        XCTAssertTrue(entries.all.contains { $0.metadata["error"] == "Leak" })
        XCTAssertFalse(shown(entries.all).contains("s3cret"))
    }

    func testEachSendOfAClientHasTheUnderlyingError() async throws {
        let sealed = Collected<Leak>()
        let account = Account(sender, server: sandbox.url) { [sandbox] _ in
            if let leak = sealed.all.last { throw leak }
            return BearerToken(try await sandbox!.issueToken(sender))
        }
        let client = try await Client.signIn(account)
        // More failures than are kept: each is still found again.
        for number in 1...100 {
            sealed.add(Leak(text: "s3cret \(number)"))
            try await sandbox.request("POST", "actions/revoke-tokens")
            let error = try await failure(.credentialUnavailable) {
                try await client.send(to: "lenea@contoso.com", text: "hi")
            }
            XCTAssertEqual((error.underlyingError as? Leak)?.text, "s3cret \(number)")
        }
        let messages = (1...20).map { Message(to: "user\($0)@contoso.com", text: "hi") }
        for result in await client.sendAll(messages) {
            XCTAssertEqual((result.error?.underlyingError as? Leak)?.text, "s3cret 100")
        }
        let error = try await failure(.credentialUnavailable) { try await Client.signIn(account) }
        XCTAssertEqual((error.underlyingError as? Leak)?.text, "s3cret 100")
        XCTAssertFalse(shown(client).contains("s3cret"))
        try? await client.signOut()
    }

    func testTheTaskOfATokenIsCancelledWithTheCall() async throws {
        let (asked, cancelled) = (Collected<Bool>(), Collected<Bool>())
        let account = Account(sender, server: sandbox.url) { _ in
            asked.add(true)
            do {
                try await Task.sleep(for: .seconds(3600))
            } catch {
                cancelled.add(true)
                throw error
            }
            return BearerToken("never")
        }
        let sending = Task { try await sendIm(to: "lenea@contoso.com", text: "hi", from: account) }
        try await eventually { !asked.all.isEmpty }
        sending.cancel()
        try await failure(.cancelled) { try await sending.value }
        try await eventually { !cancelled.all.isEmpty }
    }
}
