import Foundation
import SendIm
import XCTest

final class SendTests: SandboxCase, @unchecked Sendable {
    func testAMessageArrives() async throws {
        let receipt = try await sendIm(
            to: "sip:lenea@contoso.com", text: "disk full", from: tosh, subject: "db7", importance: .urgent)
        XCTAssertNotNil(receipt.threadID)
        XCTAssertEqual(receipt.steps.first?.name, .discover)
        XCTAssertTrue(receipt.steps.contains { $0.name == .invite && $0.status == 201 })
        XCTAssertTrue(receipt.steps.allSatisfy { $0.host.hasPrefix("127.0.0.1:") && $0.elapsed > .zero })

        let arrived: Delivered = try XCTUnwrap(try sandbox.inbox("lenea@contoso.com").first)
        XCTAssertEqual(arrived.sender, sender)
        XCTAssertEqual(arrived.text, "disk full")
        XCTAssertEqual(arrived.subject, "db7")
        XCTAssertEqual(arrived.importance, .urgent)
        XCTAssertEqual(arrived.via, "invitation")
        try await expectEqual(sandbox.openApplications(), 0)
    }

    func testEachStepIsToldInOrderBeforeTheCallEnds() async throws {
        let told = Collected<Step>()
        let receipt = try await sendIm(to: "lenea@contoso.com", text: "hi", from: tosh) { step in
            // A call that did not wait would have ended by now.
            usleep(20_000)
            told.add(step)
        }
        let steps = told.all
        XCTAssertEqual(Array(steps.prefix(receipt.steps.count)), receipt.steps)
        XCTAssertEqual(steps.last?.name, .signOut)
    }

    func testStepHandlersThatBlockDelayNoOtherCall() async throws {
        // More of them than the library has threads.
        let (called, gate) = (Collected<Int>(), DispatchSemaphore(value: 0))
        let blocked = (1...8).map { number in
            Task { [tosh] in
                try await sendIm(to: "blocked\(number)@contoso.com", text: "hi", from: tosh) { step in
                    if step.name == .discover {
                        called.add(number)
                        gate.wait()
                    }
                }
            }
        }
        try await eventually { Set(called.all).count == 8 }
        for number in 1...10 {
            try await sendIm(to: "user\(number)@contoso.com", text: "hi", from: tosh, timeout: .seconds(20))
        }
        for _ in 1...100 {
            gate.signal()
        }
        for task in blocked {
            _ = try await task.value
        }
        XCTAssertEqual(try sandbox.messages().count, 18)
    }

    func testWhatAnAccountLacksComesFromTheEnvironment() async throws {
        let url = sandbox.url
        let whole = ["SEND_IM_ADDRESS": sender, "SEND_IM_PASSWORD": password, "SEND_IM_SERVER": url]
        try await withEnvironment(whole) {
            try await sendIm(to: "lenea@contoso.com", text: "one call")
            try await withClient { try await $0.send(to: "lenea@contoso.com", text: "a client") }
            try await failure(.signInRefused) {
                try await sendIm(to: "lenea@contoso.com", text: "hi", from: Account(password: "wrong"))
            }
        }
        try await withEnvironment(["SEND_IM_ADDRESS": sender, "SEND_IM_PASSWORD": password]) {
            var account = Account.stored
            account.server = url
            try await sendIm(to: "lenea@contoso.com", text: "its server", from: account)
        }
        try await withEnvironment(["SEND_IM_PASSWORD": password, "SEND_IM_TLS": "old"]) {
            try await sendIm(
                to: "lenea@contoso.com", text: "its address", from: Account(sender, server: url, tls: .compatible))
            try await failure(.invalidInput) { try await sendIm(to: "lenea@contoso.com", text: "hi", from: tosh) }
        }
        XCTAssertEqual(try sandbox.messages().map(\.text), ["one call", "a client", "its server", "its address"])
    }

    func testWithoutAnyAccountTheErrorSaysWhatToSet() async throws {
        let nowhere = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try await withEnvironment(["XDG_CONFIG_HOME": nowhere, "HOME": nowhere]) {
            let error = try await failure(.invalidInput) { try await sendIm(to: "lenea@contoso.com", text: "hi") }
            XCTAssertTrue(error.detail.contains("SEND_IM_ADDRESS"), error.detail)
        }
    }

    func testPrintingShowsNoSecret() async throws {
        struct Holder {
            let account = Account("tosh@contoso.com", password: "s3cret", username: "s3cret")
            let message = Message(to: "lenea@contoso.com", text: "s3cret", subject: "s3cret")
            let token = BearerToken("s3cret", expiresIn: .seconds(5))
            let tokens = Account("tosh@contoso.com") { [secret = "s3cret"] _ in BearerToken(secret) }
            let error = SendImError(.credentialUnavailable, underlyingError: Leak(text: "s3cret"))
            let arrived: Delivered
        }
        try await sendIm(to: "lenea@contoso.com", text: "s3cret", from: tosh, subject: "s3cret")
        let holder = Holder(arrived: try sandbox.messages()[0])
        for value: Any in [holder] + Mirror(reflecting: holder).children.map(\.value) {
            XCTAssertFalse(shown(value).contains("s3cret"), shown(value))
        }
        XCTAssertEqual(shown(holder.message).components(separatedBy: "lenea@contoso.com").count, 4)
        XCTAssertTrue(shown(holder.arrived).contains("lenea@contoso.com"))
    }
}
