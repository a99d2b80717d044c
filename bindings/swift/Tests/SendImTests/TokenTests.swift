import SendIm
import XCTest

final class TokenTests: XCTestCase {
    func testATokenInPlaceOfAPassword() async throws {
        try await withSandbox { sandbox in
            let asked = Collected<TokenRequest>()
            let account = Account(sender, server: sandbox.url) { request in
                asked.add(request)
                await Task.yield()
                return BearerToken(try await sandbox.issueToken(sender), expiresIn: .seconds(3600))
            }
            let receipt = try await sendIm(to: "lenea@contoso.com", text: "hi", from: account)
            XCTAssertEqual(receipt.acceptedBy, "lenea@contoso.com")
            let request = try XCTUnwrap(asked.all.first)
            XCTAssertEqual(request.origin + "/", sandbox.url)
            XCTAssertFalse(request.rejected)
        }
    }

    func testARevokedTokenIsAskedForAgain() async throws {
        try await withSandbox { sandbox in
            let asked = Collected<Bool>()
            let account = Account(sender, server: sandbox.url) { request in
                asked.add(request.rejected)
                return BearerToken(try await sandbox.issueToken(sender))
            }
            try await withClient(account) { client in
                try await client.send(to: "lenea@contoso.com", text: "before")
                try await sandbox.request("POST", "actions/revoke-tokens")
                try await client.send(to: "lenea@contoso.com", text: "after")
            }
            XCTAssertEqual(asked.all.first, false)
            XCTAssertTrue(asked.all.contains(true))
            XCTAssertEqual(try sandbox.messages().map(\.text), ["before", "after"])
        }
    }

    func testWhatAClosureThrowsIsTheUnderlyingErrorAndItsTextIsInNoSentenceOfOurs() async throws {
        let entries = Collected<SendImLog.Entry>()
        SendImLog.bootstrap(level: .warning, entries.add)
        defer { SendImLog.bootstrap(nil) }
        try await withSandbox { sandbox in
            let account = Account(sender, server: sandbox.url) { _ in throw Leak(text: "vault key s3cret") }
            let error = try await failure { try await sendIm(to: "lenea@contoso.com", text: "hi", from: account) }
            XCTAssertEqual(error.kind, .credentialUnavailable)
            XCTAssertEqual(error.rawKind, "credential_unavailable")
            XCTAssertEqual(error.family, .signIn)
            XCTAssertEqual(error.exitCode, 3)
            XCTAssertEqual(error.sent, .no)
            XCTAssertEqual((error.underlyingError as? Leak)?.text, "vault key s3cret")
            XCTAssertTrue(error.detail.contains("Leak"), error.detail)
            XCTAssertFalse(shown(error).contains("s3cret"))
        }
        XCTAssertTrue(entries.all.contains { $0.metadata["error"] == "Leak" })
        XCTAssertFalse(shown(entries.all).contains("s3cret"))
    }

    func testEachSendOfAClientHasTheUnderlyingError() async throws {
        try await withSandbox { sandbox in
            let sealed = Collected<Leak>()
            let account = Account(sender, server: sandbox.url) { _ in
                if let leak = sealed.all.last { throw leak }
                return BearerToken(try await sandbox.issueToken(sender))
            }
            let client = try await Client.signIn(account)
            // More failures than are kept: each is still found again.
            for number in 1...100 {
                sealed.add(Leak(text: "\(number)"))
                try await sandbox.request("POST", "actions/revoke-tokens")
                let error = try await failure { try await client.send(to: "lenea@contoso.com", text: "hi") }
                XCTAssertEqual(error.kind, .credentialUnavailable)
                XCTAssertEqual((error.underlyingError as? Leak)?.text, "\(number)")
            }
            let messages = (1...20).map { Message(to: "user\($0)@contoso.com", text: "hi") }
            for result in await client.sendAll(messages) {
                XCTAssertEqual((result.error?.underlyingError as? Leak)?.text, "100")
            }
            let error = try await failure { try await Client.signIn(account) }
            XCTAssertEqual((error.underlyingError as? Leak)?.text, "100")
            try? await client.signOut()
        }
    }

    func testARejectedToken() async throws {
        try await withSandbox { sandbox in
            let account = Account(sender, server: sandbox.url) { _ in BearerToken("not-of-this-server") }
            let error = try await failure { try await sendIm(to: "lenea@contoso.com", text: "hi", from: account) }
            XCTAssertEqual(error.family, .signIn)
            XCTAssertFalse(shown(error).contains("not-of-this-server"))
        }
    }

    func testTheTaskOfATokenIsCancelledWithTheCall() async throws {
        try await withSandbox { sandbox in
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
            let error = try await failure { try await sending.value }
            XCTAssertEqual(error.kind, .cancelled)
            XCTAssertEqual(error.sent, .no)
            try await eventually { !cancelled.all.isEmpty }
        }
    }
}
