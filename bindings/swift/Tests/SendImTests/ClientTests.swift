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
            XCTAssertEqual(try sandbox.openApplications(), 1)
            try await client.signOut()
            try await client.signOut()
            XCTAssertEqual(try sandbox.openApplications(), 0)
            XCTAssertEqual(try sandbox.messages().map(\.text), (1...5).map { "message \($0)" })
            let posts = try sandbox.journal().filter { $0.method == "POST" && $0.path.hasSuffix("/applications") }
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
            XCTAssertEqual(try sandbox.openApplications(), 0)
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
            try await eventually { try sandbox.openApplications() == 0 }
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
            XCTAssertEqual(try sandbox.openApplications(), 0)
        }
    }

    func testTwentyThousandSendsDoNotGrowTheProcess() async throws {
        guard FileManager.default.fileExists(atPath: "/proc/self/status") else {
            throw XCTSkip("resident memory is read from /proc")
        }
        try await withSandbox { sandbox in
            let done = try await helper(["memory", sandbox.url])
            XCTAssertEqual(done.status, 0, done.err)
            let memory = done.out.split(separator: "\n").compactMap { Int($0) }
            XCTAssertEqual(memory.count, 4)
            XCTAssertGreaterThan(memory[0], 1000)
            // The first quarter warms up. After that 15,000 sends may cost 4 MiB, less than 300 bytes each.
            XCTAssertLessThan(memory[3] - memory[0], 4096, "\(memory) KiB")
            XCTAssertEqual(try sandbox.messages().count, 20_000)
        }
    }
}

extension Result {
    var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
