import Foundation
import SendIm
import XCTest

final class SandboxTests: SandboxCase, @unchecked Sendable {
    func testHttpsWithAnAuthorityOfItsOwn() async throws {
        let sandbox = try await Sandbox.start(layout: .redirect, https: true, users: [sender: password])
        let file = try XCTUnwrap(sandbox.caFile)
        XCTAssertTrue(sandbox.url.hasPrefix("https://"))
        XCTAssertTrue(try String(contentsOfFile: file, encoding: .utf8).contains("BEGIN CERTIFICATE"))
        var account = sandbox.account(sender, password: password)
        try await sendIm(to: "lenea@contoso.com", text: "hi", from: account)
        try await failure(.signInRefused) {
            try await sendIm(to: "lenea@contoso.com", text: "hi", from: sandbox.account(sender))
        }
        account.caFile = nil
        try await failure(.tls) { try await sendIm(to: "lenea@contoso.com", text: "hi", from: account) }
        sandbox.stop()
        XCTAssertFalse(FileManager.default.fileExists(atPath: file))
    }

    func testASandboxThatIsLetGoStops() async throws {
        var sandbox: Sandbox? = try await Sandbox.start(https: true)
        let file = sandbox!.caFile!
        let account = Account(sender, password: password, server: sandbox!.url)
        sandbox = nil
        XCTAssertFalse(FileManager.default.fileExists(atPath: file))
        try await failure(.discoveryFailed) {
            try await sendIm(to: "lenea@contoso.com", text: "hi", from: account, timeout: .seconds(5))
        }
    }

    func testAStoppedSandboxSaysSo() async throws {
        sandbox.stop()
        sandbox.stop()
        try await failure(.closed) { try sandbox.messages() }
    }

    func testWaitingForMessages() async throws {
        async let arrived = sandbox.waitFor(2)
        try await sendIm(to: "a@contoso.com", text: "one", from: tosh)
        try await sendIm(to: "b@contoso.com", text: "two", from: tosh)
        let texts = try await arrived.map(\.text)
        XCTAssertEqual(texts, ["one", "two"])
        try await failure(.timeout) { try await sandbox.waitFor(3, timeout: .milliseconds(20)) }
    }

    func testEveryRouteAndEveryFaultIsOneTheSandboxKnows() async throws {
        let time: Duration = .milliseconds(1)
        let faults: [Sandbox.Fault] = [
            .status(503), .status(410, code: "Gone", subcode: "TooManyApplications", retryAfter: .seconds(1)),
            .delay(time), .delayAnswer(time), .gatewayError(502), .dropBefore, .dropAfter, .resetBefore, .resetAfter,
            .resetStream(error: 7), .goAway(error: 0), .thenRefuse(time), .thenDistrust(connections: 1), .cutBody,
            .htmlInstead, .wrongContentType, .oversized(bytes: 100_000), .duplicateEvents, .delayEvents(time),
            .bareEvents, .earlyEvents, .skipStates,
        ]
        for fault in faults {
            try sandbox.addFault(fault, on: .startMessaging)
        }
        for route in Sandbox.Route.allCases {
            try sandbox.addFault(.dropBefore, on: route, skip: 1, times: 2)
        }
        try sandbox.clearFaults()
        let receipt = try await sendIm(to: "lenea@contoso.com", text: "hi", from: tosh)
        XCTAssertEqual(receipt.acceptedBy, "lenea@contoso.com")
    }

    func testItsOwnInterface() async throws {
        let answer = try await sandbox.request(
            "PUT", "recipients/lenea@contoso.com", json: #"{"forward_to": "ada@contoso.com"}"#)
        XCTAssertEqual(answer, "")
        let receipt = try await sendIm(to: "lenea@contoso.com", text: "hi", from: tosh)
        XCTAssertEqual(receipt.acceptedBy, "ada@contoso.com")
        let messages = try await sandbox.request("GET", "messages?to=ada@contoso.com")
        XCTAssertTrue(messages.contains(#""text":"hi""#), messages)
        let error = try await failure(.invalidInput) { try await sandbox.request("GET", "secrets") }
        XCTAssertEqual(error.detail, "The sandbox refuses this request: there is no such resource or method.")
    }
}
