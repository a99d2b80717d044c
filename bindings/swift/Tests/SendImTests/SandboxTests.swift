import Foundation
import SendIm
import XCTest

final class SandboxTests: XCTestCase {
    func testHttpsWithAnAuthorityOfItsOwn() async throws {
        let sandbox = try await Sandbox.start(layout: .redirect, https: true)
        let file = try XCTUnwrap(sandbox.caFile)
        XCTAssertTrue(sandbox.url.hasPrefix("https://"))
        XCTAssertTrue(try String(contentsOfFile: file, encoding: .utf8).contains("BEGIN CERTIFICATE"))
        try await sendIm(to: "lenea@contoso.com", text: "hi", from: sandbox.tosh)
        let error = try await failure {
            try await sendIm(
                to: "lenea@contoso.com", text: "hi", timeout: .seconds(5),
                from: Account(sender, password: password, server: sandbox.url))
        }
        XCTAssertEqual(error.kind, .tls)
        sandbox.stop()
        XCTAssertFalse(FileManager.default.fileExists(atPath: file))
    }

    func testASandboxThatIsLetGoStops() async throws {
        var sandbox: Sandbox? = try await Sandbox.start(https: true)
        let account = sandbox!.tosh
        let file = sandbox!.caFile!
        sandbox = nil
        XCTAssertFalse(FileManager.default.fileExists(atPath: file))
        let error = try await failure {
            try await sendIm(to: "lenea@contoso.com", text: "hi", timeout: .seconds(5), from: account)
        }
        XCTAssertEqual(error.sent, .no)
    }

    func testAStoppedSandboxSaysSo() async throws {
        let sandbox = try await Sandbox.start()
        sandbox.stop()
        sandbox.stop()
        let error = try await failure { try sandbox.messages() }
        XCTAssertEqual(error.kind, .closed)
    }

    func testDeclaredUsers() async throws {
        let sandbox = try await Sandbox.start(users: [sender: "right"])
        try await sendIm(to: "lenea@contoso.com", text: "hi", from: sandbox.account(sender, password: "right"))
        let error = try await failure { try await sendIm(to: "lenea@contoso.com", text: "hi", from: sandbox.tosh) }
        XCTAssertEqual(error.kind, .signInRefused)
    }

    func testWaitingForMessages() async throws {
        try await withSandbox { sandbox in
            async let arrived = sandbox.waitFor(2)
            try await sendIm(to: "a@contoso.com", text: "one", from: sandbox.tosh)
            try await sendIm(to: "b@contoso.com", text: "two", from: sandbox.tosh)
            let texts = try await arrived.map(\.text)
            XCTAssertEqual(texts, ["one", "two"])
            let error = try await failure { try await sandbox.waitFor(3, timeout: .milliseconds(20)) }
            XCTAssertEqual(error.kind, .timeout)
        }
    }

    func testEveryRouteAndEveryFaultIsOneTheSandboxKnows() async throws {
        try await withSandbox { sandbox in
            let faults: [Sandbox.Fault] = [
                .status(503), .status(410, code: "Gone", subcode: "TooManyApplications", retryAfter: 1),
                .delay(.milliseconds(1)), .dropBefore, .dropAfter, .cutBody, .htmlInstead, .wrongContentType,
                .oversized(bytes: 100_000), .duplicateEvents, .delayEvents(.milliseconds(1)), .bareEvents, .earlyEvents,
                .skipStates,
            ]
            for fault in faults {
                try sandbox.addFault(.startMessaging, fault)
            }
            for route in Sandbox.Route.allCases {
                try sandbox.addFault(route, .dropBefore, skip: 1, times: 2)
            }
            try sandbox.clearFaults()
            let receipt = try await sendIm(to: "lenea@contoso.com", text: "hi", from: sandbox.tosh)
            XCTAssertEqual(receipt.acceptedBy, "lenea@contoso.com")
            let error = try await failure { try sandbox.addFault(json: #"{"route": "moon"}"#) }
            XCTAssertEqual(error.kind, .invalidInput)
        }
    }

    func testAFaultDoesWhatItSays() async throws {
        try await withSandbox { sandbox in
            try sandbox.addFault(.startMessaging, .dropAfter)
            try await sendIm(to: "lenea@contoso.com", text: "exactly once", from: sandbox.tosh)
            XCTAssertEqual(try sandbox.messages().map(\.text), ["exactly once"])
        }
    }

    func testASessionThroughWhatServersDoToIt() async throws {
        try await withSandbox { sandbox in
            try await withClient(sandbox.tosh) { client in
                for action in ["drop-applications", "resync", "resume", "end-conversations"] {
                    try await sandbox.request("POST", "actions/\(action)")
                    try await client.send(to: "lenea@contoso.com", text: "still here")
                }
            }
            XCTAssertEqual(try sandbox.messages().count, 4)
        }
    }

    func testItsOwnInterface() async throws {
        try await withSandbox { sandbox in
            let answer = try await sandbox.request(
                "PUT", "recipients/lenea@contoso.com", json: #"{"forward_to": "ada@contoso.com"}"#)
            XCTAssertEqual(answer, "")
            let receipt = try await sendIm(to: "lenea@contoso.com", text: "hi", from: sandbox.tosh)
            XCTAssertEqual(receipt.acceptedBy, "ada@contoso.com")
            let messages = try await sandbox.request("GET", "messages?to=ada@contoso.com")
            XCTAssertTrue(messages.contains(#""text":"hi""#), messages)
            try await sandbox.request("DELETE", "messages")
            XCTAssertEqual(try sandbox.messages().count, 0)
            let error = try await failure { try await sandbox.request("GET", "secrets") }
            XCTAssertEqual(error.kind, .invalidInput)
            XCTAssertEqual(
                error.detail, "The sandbox refuses this request: there is no such resource or method.")
        }
    }

    func testPrintingWhatArrivedDoesNotShowTheText() async throws {
        try await withSandbox { sandbox in
            try await sendIm(to: "lenea@contoso.com", text: "s3cret", subject: "s3cret", from: sandbox.tosh)
            let text = shown(try sandbox.messages()[0])
            XCTAssertFalse(text.contains("s3cret"), text)
            XCTAssertTrue(text.contains("lenea@contoso.com"))
        }
    }
}
