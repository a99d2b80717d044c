import Foundation
import SendIm
import XCTest

final class ClientTests: XCTestCase {
    func testOneSessionForManyMessages() async throws {
        try await withSandbox { sandbox in
            let client = try await Client.signIn(sandbox.tosh)
            for number in 1...5 {
                try await client.send(to: "lenea@contoso.com", text: "message \(number)")
            }
            try await expectEqual(sandbox.openApplications(), 1)
            try await client.signOut()
            try await client.signOut()
            try await expectEqual(sandbox.openApplications(), 0)
            XCTAssertEqual(try sandbox.messages().map(\.text), (1...5).map { "message \($0)" })
            let posts = try await sandbox.journal().filter { $0.method == "POST" && $0.path.hasSuffix("/applications") }
            XCTAssertEqual(posts.count, 1)

            let error = try await failure { try await client.send(to: "lenea@contoso.com", text: "late") }
            XCTAssertEqual(error.kind, .closed)
            XCTAssertEqual(error.sent, .no)
        }
    }

    func testWithClientSignsOutAlsoWhenTheBodyThrows() async throws {
        struct Broken: Error {}
        try await withSandbox { sandbox in
            do {
                try await withClient(sandbox.tosh) { client in
                    try await client.send(to: "lenea@contoso.com", text: "hi")
                    throw Broken()
                }
                XCTFail("the error of the body was lost")
            } catch is Broken {}
            try await expectEqual(sandbox.openApplications(), 0)
            XCTAssertEqual(try sandbox.messages().count, 1)
        }
    }

    func testWithClientReturnsWhatItsBodyReturns() async throws {
        try await withSandbox { sandbox in
            let receipt = try await withClient(sandbox.tosh) { client in
                try await client.send(to: "forwards@contoso.com", text: "hi")
            }
            XCTAssertEqual(receipt.acceptedBy, "colleague@contoso.com")
        }
    }

    func testABodyOnAnActorStaysThere() async throws {
        try await Self.sendOnTheMainActor()
    }

    @MainActor
    private static func sendOnTheMainActor() async throws {
        var count = 0
        try await withSandbox { sandbox in
            try await withClient(sandbox.tosh) { client in
                try await client.send(to: "lenea@contoso.com", text: "hi")
                MainActor.assertIsolated()
                count += 1
            }
        }
        XCTAssertEqual(count, 1)
    }

    func testASignOutThatFailsIsLoggedAndDoesNotHideWhatWasDone() async throws {
        let entries = Collected<SendImLog.Entry>()
        SendImLog.bootstrap(level: .warning, entries.add)
        defer { SendImLog.bootstrap(nil) }
        try await withSandbox { sandbox in
            let receipt = try await withClient(sandbox.tosh) { client in
                try sandbox.addFault(.deleteApplication, .status(403), times: 0)
                return try await client.send(to: "lenea@contoso.com", text: "hi")
            }
            XCTAssertEqual(receipt.acceptedBy, "lenea@contoso.com")
        }
        XCTAssertEqual(entries.all.map(\.level), [.warning])
        XCTAssertTrue(entries.all[0].message.contains("signing out failed"))
    }

    func testAnInvitationRingsUntilTheTimeout() async throws {
        let sandbox = try await Sandbox.start(slow: .seconds(9))
        try await withClient(sandbox.tosh) { client in
            // Whoever takes most of the time is still heard.
            let slow = Task { try await client.send(to: "slow@contoso.com", text: "hi", timeout: .seconds(11)) }
            let error = try await failure {
                try await client.send(to: "silent@contoso.com", text: "hi", timeout: .seconds(1))
            }
            XCTAssertEqual(error.kind, .timeout)
            XCTAssertEqual(error.sent, .no)
            XCTAssertTrue(error.detail.contains("had not answered at the timeout"), error.detail)
            let receipt = try await slow.value
            XCTAssertEqual(receipt.acceptedBy, "slow@contoso.com")
        }
    }

    func testAClientThatIsLetGoSignsOut() async throws {
        try await withSandbox { sandbox in
            var client: Client? = try await Client.signIn(sandbox.tosh)
            try await client?.send(to: "lenea@contoso.com", text: "hi")
            client = nil
            try await eventually { try await sandbox.openApplications() == 0 }
        }
    }

    func testManyMessagesHaveAResultEach() async throws {
        try await withSandbox { sandbox in
            let results = try await withClient(sandbox.tosh) { client in
                await client.sendAll(
                    ["a@contoso.com", "busy@contoso.com", "no address", "b@contoso.com"].map {
                        Message(to: $0, text: "hi")
                    })
            }
            XCTAssertEqual(try results[0].get().acceptedBy, "a@contoso.com")
            XCTAssertEqual(results[1].error?.kind, .busy)
            XCTAssertEqual(results[2].error?.kind, .invalidInput)
            XCTAssertEqual(try results[3].get().acceptedBy, "b@contoso.com")
            XCTAssertEqual(try sandbox.messages().count, 2)
        }
    }

    func testManyMessagesThroughAClosedClient() async throws {
        try await withSandbox { sandbox in
            let client = try await Client.signIn(sandbox.tosh)
            try await client.signOut()
            let results = await client.sendAll([Message(to: "a@contoso.com", text: "hi")])
            XCTAssertEqual(results.map { $0.error?.kind }, [.closed])
        }
    }

    func testFiftyTasksShareOneClientAndEachMessageArrivesOnce() async throws {
        try await withSandbox { sandbox in
            let client = try await Client.signIn(sandbox.tosh)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 1...50 {
                    group.addTask {
                        for number in 1...20 {
                            let receipt = try await client.send(to: "user\(task)@contoso.com", text: "\(number)")
                            XCTAssertEqual(receipt.acceptedBy, "user\(task)@contoso.com")
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await client.signOut()
            XCTAssertEqual(try sandbox.messages().count, 1000)
            for task in 1...50 {
                let texts = try sandbox.inbox("user\(task)@contoso.com").map(\.text)
                XCTAssertEqual(texts, (1...20).map(String.init), "in order, once each")
            }
            try await expectEqual(sandbox.openApplications(), 0)
        }
    }

    func testManySendsLeaveNothingBehind() async throws {
        try await withSandbox { sandbox in
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
    }
}

extension Result {
    var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
