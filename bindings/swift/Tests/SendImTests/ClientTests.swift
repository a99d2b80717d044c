import Foundation
import SendIm
import XCTest

final class ClientTests: SandboxCase, @unchecked Sendable {
    func testOneSessionForManyMessages() async throws {
        let client = try await Client.signIn(tosh)
        for number in 1...5 {
            try await client.send(to: "lenea@contoso.com", text: "message \(number)")
        }
        try await expectEqual(sandbox.openApplications(), 1)
        try await client.signOut()
        try await expectEqual(sandbox.openApplications(), 0)
        XCTAssertEqual(try sandbox.messages().map(\.text), (1...5).map { "message \($0)" })
        let posts = try await sandbox.paths("/applications").filter { $0.method == "POST" }
        XCTAssertEqual(posts.count, 1)
    }

    func testASignOutThatFailsIsLoggedAndHidesNeitherWhatTheBodyGaveNorWhatItThrew() async throws {
        struct Broken: Error {}
        let entries = Collected<SendImLog.Entry>()
        SendImLog.bootstrap(level: .warning, entries.add)
        for throwing in [false, true] {
            try sandbox.addFault(.status(403), on: .deleteApplication, times: 0)
            do {
                let receipt = try await withClient(tosh) { client in
                    if throwing { throw Broken() }
                    return try await client.send(to: "forwards@contoso.com", text: "hi")
                }
                XCTAssertFalse(throwing)
                XCTAssertEqual(receipt.acceptedBy, "colleague@contoso.com")
            } catch is Broken {
                XCTAssertTrue(throwing)
            }
        }
        XCTAssertEqual(entries.all.map(\.level), [.warning, .warning])
        XCTAssertTrue(entries.all.allSatisfy { $0.message.contains("signing out failed") })
    }

    func testABodyOnAnActorStaysThere() async throws {
        try await Self.sendOnTheMainActor()
    }

    @MainActor
    private static func sendOnTheMainActor() async throws {
        var count = 0
        try await withSandbox { sandbox in
            try await withClient(sandbox.account(sender)) { client in
                try await client.send(to: "lenea@contoso.com", text: "hi")
                MainActor.assertIsolated()
                count += 1
            }
        }
        XCTAssertEqual(count, 1)
    }

    func testAClientThatIsLetGoSignsOut() async throws {
        try await Client.signIn(tosh).send(to: "lenea@contoso.com", text: "hi")
        try await eventually { try await sandbox.openApplications() == 0 }
    }

    func testManyMessagesHaveAResultEach() async throws {
        let results = try await withClient(tosh) { client in
            await client.sendAll(
                ["a@contoso.com", "busy@contoso.com", "no address", "b@contoso.com"].map { Message(to: $0, text: "hi") }
            )
        }
        XCTAssertEqual(results.map { try? $0.get().acceptedBy }, ["a@contoso.com", nil, nil, "b@contoso.com"])
        XCTAssertEqual(results.map { $0.error?.kind }, [nil, .busy, .invalidInput, nil])
        XCTAssertEqual(try sandbox.messages().count, 2)
    }

    func testManySendsLeaveNothingBehind() async throws {
        let (windows, rounds) = (6, 80)
        let done = try await helper(["memory", sandbox.url, "\(windows)", "\(rounds)"])
        XCTAssertEqual(done.status, 0, done.err)
        let counts = done.out.split(separator: "\n").map { $0.split(separator: " ").compactMap { Int($0) } }
        print("objects given to sends and allocations of the library:", counts)
        XCTAssertEqual(counts.map(\.first), Array(repeating: 1, count: windows))
        let allocations = counts.map { $0[1] }
        XCTAssertGreaterThan(allocations[0], 0, "the library does not count; this is no debug build")
        // The first windows warm up. What is lost once a round makes 320.
        XCTAssertLessThan(allocations[windows - 1] - allocations[1], 160, "\(allocations)")
        XCTAssertEqual(try sandbox.messages().count, windows * rounds * 11)
    }

    func testSomethingElseCanStandInItsPlace() async throws {
        struct Choosy: MessageSender {
            let sent = Collected<Message>()

            func send(_ message: Message) async throws(SendImError) -> Receipt {
                sent.add(message)
                if message.to.hasPrefix("busy@") { throw SendImError(.busy) }
                return Receipt(to: message.to)
            }
        }
        let choosy = Choosy()
        let sender: any MessageSender = choosy
        let receipt = try await sender.send(to: "lenea@contoso.com", text: "hi", timeout: .seconds(5))
        XCTAssertEqual(receipt.acceptedBy, "lenea@contoso.com")
        let results = await sender.sendAll(["busy@contoso.com", "a@contoso.com"].map { Message(to: $0, text: "hi") })
        XCTAssertEqual(results, [.failure(SendImError(.busy)), .success(Receipt(to: "a@contoso.com"))])
        XCTAssertEqual(choosy.sent.all.map(\.timeout), [.seconds(5), .seconds(60), .seconds(60)])
    }
}
