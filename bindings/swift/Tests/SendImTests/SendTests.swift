import Foundation
import SendIm
import XCTest

final class SendTests: XCTestCase {
    func testAMessageArrives() async throws {
        try await withSandbox { sandbox in
            let receipt = try await sendIm(
                to: "sip:lenea@contoso.com", text: "disk full", subject: "db7", importance: .urgent, from: sandbox.tosh)
            XCTAssertEqual(receipt.to, "lenea@contoso.com")
            XCTAssertEqual(receipt.acceptedBy, "lenea@contoso.com")
            XCTAssertEqual(receipt.evidence, .invitationAccepted)
            XCTAssertEqual(receipt.format, .plain)
            XCTAssertNotNil(receipt.threadID)
            XCTAssertEqual(receipt.steps.first?.name, .discover)
            XCTAssertTrue(receipt.steps.contains { $0.name == .invite && $0.status == 201 })
            XCTAssertTrue(receipt.steps.allSatisfy { $0.host.hasPrefix("127.0.0.1:") && $0.elapsed > .zero })

            let arrived = try XCTUnwrap(try sandbox.inbox("lenea@contoso.com").first)
            XCTAssertEqual(arrived.sender, sender)
            XCTAssertEqual(arrived.text, "disk full")
            XCTAssertEqual(arrived.subject, "db7")
            XCTAssertEqual(arrived.importance, .urgent)
            XCTAssertEqual(arrived.via, "invitation")
            try await expectEqual(sandbox.openApplications(), 0)
        }
    }

    func testAMessageAsOneValue() async throws {
        try await withSandbox { sandbox in
            var message = Message(to: "lenea@contoso.com", text: "<p>disk <b>full</b></p>")
            message.html = true
            let receipt = try await sendIm(message, from: sandbox.tosh)
            XCTAssertEqual(receipt.evidence, .messageConfirmed)
            XCTAssertEqual(receipt.format, .html)
            XCTAssertEqual(try sandbox.messages().map(\.text), ["<p>disk <b>full</b></p>"])
        }
    }

    func testEachStepIsToldInOrderBeforeTheCallEnds() async throws {
        try await withSandbox { sandbox in
            let told = Collected<Step>()
            let receipt = try await sendIm(
                to: "lenea@contoso.com", text: "hi", from: sandbox.tosh,
                onStep: { step in
                    // A call that did not wait would have ended by now.
                    usleep(20_000)
                    told.add(step)
                })
            let steps = told.all
            XCTAssertEqual(Array(steps.prefix(receipt.steps.count)), receipt.steps)
            XCTAssertEqual(steps.last?.name, .signOut)
        }
    }

    func testStepHandlersThatBlockDelayNoOtherCall() async throws {
        try await withSandbox { sandbox in
            // More of them than the library has threads.
            let (called, gate) = (Collected<Int>(), DispatchSemaphore(value: 0))
            let blocked = (1...8).map { number in
                Task {
                    try await sendIm(
                        to: "blocked\(number)@contoso.com", text: "hi", from: sandbox.tosh,
                        onStep: { step in
                            if step.name == .discover {
                                called.add(number)
                                gate.wait()
                            }
                        })
                }
            }
            try await eventually { Set(called.all).count == 8 }
            for number in 1...10 {
                try await sendIm(
                    to: "user\(number)@contoso.com", text: "hi", timeout: .seconds(20), from: sandbox.tosh)
            }
            for _ in 1...100 {
                gate.signal()
            }
            for task in blocked {
                _ = try await task.value
            }
            XCTAssertEqual(try sandbox.messages().count, 18)
        }
    }

    func testTheStoredAccountOfTheEnvironment() async throws {
        try await withSandbox { sandbox in
            try await withEnvironment([
                "SEND_IM_ADDRESS": sender, "SEND_IM_PASSWORD": password, "SEND_IM_SERVER": sandbox.url,
            ]) {
                try await sendIm(to: "lenea@contoso.com", text: "from the environment")
                try await withClient { client in
                    try await client.send(to: "lenea@contoso.com", text: "from a client")
                }
            }
            XCTAssertEqual(try sandbox.messages().map(\.text), ["from the environment", "from a client"])
        }
    }

    func testTlsOfTheAccountGoesBeforeThatOfTheEnvironment() async throws {
        try await withSandbox { sandbox in
            try await withEnvironment(["SEND_IM_TLS": "old"]) {
                var account = sandbox.tosh
                account.tls = .compatible
                try await sendIm(to: "lenea@contoso.com", text: "hi", from: account)
                account.tls = nil
                do {
                    try await sendIm(to: "lenea@contoso.com", text: "hi", from: account)
                    XCTFail("taken")
                } catch let error as SendImError {
                    XCTAssertEqual(error.kind, .invalidInput)
                }
            }
        }
    }

    func testTheServerOfAStoredAccountCanBeReplaced() async throws {
        try await withSandbox { sandbox in
            try await withEnvironment(["SEND_IM_ADDRESS": sender, "SEND_IM_PASSWORD": password]) {
                var account = Account.stored
                account.server = sandbox.url
                try await sendIm(to: "lenea@contoso.com", text: "hi", from: account)
            }
            XCTAssertEqual(try sandbox.messages().count, 1)
        }
    }

    func testThePasswordOfTheEnvironmentForAnAddressThatIsGiven() async throws {
        try await withSandbox { sandbox in
            try await withEnvironment(["SEND_IM_PASSWORD": "wrong"]) {
                let error = try await failure {
                    try await sendIm(to: "lenea@contoso.com", text: "hi", from: Account(sender, server: sandbox.url))
                }
                XCTAssertEqual(error.kind, .signInRefused)
            }
        }
    }

    func testTheProfileFile() async throws {
        try await withSandbox { sandbox in
            let home = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
            let folder = home.appendingPathComponent("send-im")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: home) }
            let file = folder.appendingPathComponent("config.toml")
            let profile = "address = \"\(sender)\"\npassword = \"\(password)\"\nserver = \"\(sandbox.url)\"\n"
            try profile.write(to: file, atomically: false, encoding: .utf8)
            try await withEnvironment(["XDG_CONFIG_HOME": home.path]) {
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
                try await sendIm(to: "lenea@contoso.com", text: "from the profile")
                try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
                let error = try await failure { try await sendIm(to: "lenea@contoso.com", text: "not this one") }
                XCTAssertEqual(error.kind, .invalidInput)
                XCTAssertFalse(shown(error).contains(password))
            }
            XCTAssertEqual(try sandbox.messages().map(\.text), ["from the profile"])
        }
    }

    func testNoAccountAnywhere() async throws {
        try await withEnvironment(["XDG_CONFIG_HOME": "/nowhere", "HOME": "/nowhere"]) {
            let error = try await failure { try await sendIm(to: "lenea@contoso.com", text: "hi") }
            XCTAssertEqual(error.kind, .invalidInput)
            XCTAssertTrue(error.detail.contains("SEND_IM_ADDRESS"), error.detail)
        }
    }

    func testPrintingAMessageAnAccountOrATokenShowsNoSecret() {
        struct Holder {
            let account = Account("tosh@contoso.com", password: "s3cret", username: "s3cret")
            let message = Message(to: "lenea@contoso.com", text: "s3cret", subject: "s3cret")
            let token = BearerToken("s3cret", expiresIn: .seconds(5))
        }
        let text = shown(Holder()) + shown(Holder().account) + shown(Holder().message) + shown(Holder().token)
        XCTAssertFalse(text.contains("s3cret"), text)
        XCTAssertTrue(text.contains("lenea@contoso.com"))
    }
}

/// Values that handlers on any thread collect.
final class Collected<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Value] = []

    var all: [Value] { lock.withLock { values } }

    var add: @Sendable (Value) -> Void {
        { value in self.lock.withLock { self.values.append(value) } }
    }
}

/// Runs a body with these variables set and every other one of ours unset. Tests run one after the other.
func withEnvironment(_ variables: [String: String], _ body: () async throws -> Void) async throws {
    let ours = ["ADDRESS", "PASSWORD", "USERNAME", "SERVER", "CA_FILE", "TLS"].map { "SEND_IM_" + $0 }
    let names = ours + ["XDG_CONFIG_HOME", "HOME"]
    let before = names.map { ($0, ProcessInfo.processInfo.environment[$0]) }
    defer {
        for (name, value) in before {
            if let value { setenv(name, value, 1) } else { unsetenv(name) }
        }
    }
    for name in ours {
        unsetenv(name)
    }
    for (name, value) in variables {
        setenv(name, value, 1)
    }
    try await body()
}
