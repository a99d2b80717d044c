import Foundation
import SendIm
import Testing

/// The cases that every language must pass, from `tests/scenarios/scenarios.json`; its README tells the format. They are a
/// test with arguments, because XCTest cannot make tests out of data.
@Suite(.serialized)
struct ScenarioTests {
    @Test
    func thereAreCases() {
        #expect(Scenario.all.count > 50)
    }

    @Test(arguments: Scenario.all)
    func scenario(_ scenario: Scenario) async throws {
        let spec = scenario.sandbox
        let sandbox = try await Sandbox.start(
            layout: #require(Sandbox.Layout(rawValue: spec.layout)), https: spec.https,
            ring: .milliseconds(spec.ringMs))
        defer { sandbox.stop() }
        for fault in spec.faults {
            try sandbox.addFault(json: fault)
        }
        let results = try await scenario.act(on: sandbox)
        let wanted = (scenario.expect.inbox?.count ?? 0) * scenario.count
        if wanted > 0 {
            // A message may become visible a moment after a receipt that says submitted.
            _ = try? await sandbox.waitFor(wanted)
        }
        let clock = ContinuousClock()
        let end = clock.now + hang / 4
        while try sandbox.openApplications() > 0, clock.now < end {
            try await Task.sleep(for: .milliseconds(5))
        }
        try scenario.check(results)
        try scenario.check(results, against: sandbox)
    }
}

/// One case with its defaults filled in.
struct Scenario: Sendable, CustomTestStringConvertible, CustomStringConvertible {
    struct SandboxSpec: Sendable {
        let layout: String
        let https: Bool
        let ringMs: Int
        let faults: [String]
    }

    struct Expectation: Sendable {
        let receipt: JSON?
        let error: JSON?
        let exitCode: Int32
        let inbox: [JSON]?
        let inboxCount: Int?
        let requests: Int?
        let requestsBeforeAccept: Int?
    }

    let name: String
    let sandbox: SandboxSpec
    let account: JSON
    let action: String
    let count: Int
    let message: JSON
    let expect: Expectation

    var testDescription: String { name }
    var description: String { name }

    static let all: [Scenario] = {
        let file = project.appendingPathComponent("tests/scenarios/scenarios.json")
        guard let document = try? JSONDecoder().decode(JSON.self, from: Data(contentsOf: file)) else { return [] }
        return document["cases"]!.array!.map { Scenario(document["defaults"]!.merged(with: $0).expanded) }
    }()

    private init(_ json: JSON) {
        name = json["name"]!.string!
        let spec = json["sandbox"]!
        sandbox = SandboxSpec(
            layout: spec["layout"]!.string!, https: spec["https"]!.bool!, ringMs: spec["ring_ms"]!.int!,
            faults: spec["faults"]!.array!.map(\.text))
        account = json["account"]!
        action = json["action"]!.string!
        count = json["count"]!.int!
        message = json["message"]!
        let expected = json["expect"]!
        expect = Expectation(
            receipt: expected["receipt"], error: expected["error"], exitCode: Int32(expected["exit_code"]?.int ?? 0),
            inbox: expected["inbox"]?.array, inboxCount: expected["inbox_count"]?.int,
            requests: expected["requests"]?.int, requestsBeforeAccept: expected["requests_before_accept"]?.int)
    }

    // MARK: What the case does

    func act(on sandbox: Sandbox) async throws -> [Result<Receipt, SendImError>] {
        let server = account["server"]!.string!
        let sender = Account(
            account["address"]!.string!, password: account["password"]!.string!, username: account["username"]?.string,
            server: server == "sandbox" ? sandbox.url : server.replacingOccurrences(of: "{root}", with: sandbox.url),
            caFile: account["ca"]!.string! == "right" ? sandbox.caFile : nil)
        let messages = (1...count).map { message(number: $0) }
        if action == "send" {
            var results: [Result<Receipt, SendImError>] = []
            for message in messages {
                results.append(await caught { () async throws(SendImError) in try await sendIm(message, from: sender) })
            }
            return results
        }
        return try await withClient(sender, timeout: messages[0].timeout) { client in
            action == "send_all" ? await client.sendAll(messages) : await inTasks(client, messages)
        }
    }

    private func message(number: Int) -> Message {
        let spec = message.numbered(number)
        return Message(
            to: spec["to"]!.string!, text: spec["text"]!.string!, subject: spec["subject"]?.string,
            importance: Importance(rawValue: spec["importance"]!.string!)!, html: spec["html"]!.bool!,
            timeout: .milliseconds(spec["timeout_ms"]!.int!), wait: Wait(rawValue: spec["wait"]!.string!)!)
    }

    /// What other languages do with threads.
    private func inTasks(_ client: Client, _ messages: [Message]) async -> [Result<Receipt, SendImError>] {
        await withTaskGroup(of: (Int, Result<Receipt, SendImError>).self) { group in
            for (at, message) in messages.enumerated() {
                group.addTask {
                    (at, await caught { () async throws(SendImError) in try await client.send(message) })
                }
            }
            var results: [(Int, Result<Receipt, SendImError>)] = []
            for await result in group {
                results.append(result)
            }
            return results.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    // MARK: What must have come of it

    func check(_ results: [Result<Receipt, SendImError>]) throws {
        #expect(results.count == count)
        for (at, result) in results.enumerated() {
            let members: [String: JSON]
            let everything: String
            let wanted: JSON?
            switch result {
            case .success(let receipt):
                (members, everything, wanted) = (receipt.members, shown(receipt), expect.receipt)
                #expect(expect.exitCode == 0)
            case .failure(let error):
                (members, everything, wanted) = (error.members, shown(error), expect.error)
                #expect(expect.exitCode == error.exitCode)
                let text = message.numbered(at + 1)["text"]!.string!
                #expect(text.count < 10 || !everything.contains(text))
            }
            let named = try #require(wanted, "\(everything)").numbered(at + 1).object!
            for (name, value) in named {
                #expect(members[name] == value, "\(name) of \(everything)")
            }
            let password = account["password"]!.string!
            #expect(password.count < 10 || !everything.contains(password))
        }
    }

    func check(_ results: [Result<Receipt, SendImError>], against sandbox: Sandbox) throws {
        let delivered = try sandbox.messages()
        if let count = expect.inboxCount {
            #expect(delivered.count == count)
        }
        let nothingSent = results.allSatisfy { $0.error?.sent == .no }
        if let entries = expect.inbox ?? (nothingSent ? [] : nil) {
            var left = delivered.map(\.members)
            for entry in entries {
                for number in 1...count {
                    let wanted = entry.numbered(number).object!
                    let at = left.firstIndex { members in wanted.allSatisfy { members[$0.key] == $0.value } }
                    left.remove(at: try #require(at, "\(wanted) is not in the inbox"))
                }
            }
            #expect(left.isEmpty)
        }
        if results.count == 1, delivered.count == 1, case .success(let receipt) = results[0] {
            #expect(delivered[0].format == receipt.format)
        }
        let journal = try sandbox.journal()
        if let requests = expect.requests {
            #expect(journal.count == requests)
        }
        if let most = expect.requestsBeforeAccept {
            let way = journal.filter { !$0.path.contains("/events") }
            let invited = way.firstIndex {
                $0.method == "POST" && $0.path.lowercased().hasSuffix("/messaginginvitations")
            }
            // The invitation itself, and the event channel's answer.
            #expect(try #require(invited) + 2 <= most)
        }
        #expect(try sandbox.openApplications() == 0)
    }
}

private func caught(
    _ call: () async throws(SendImError) -> Receipt
) async -> Result<Receipt, SendImError> {
    do throws(SendImError) {
        return .success(try await call())
    } catch {
        return .failure(error)
    }
}

// MARK: The names of the scenarios

extension Receipt {
    fileprivate var members: [String: JSON] {
        [
            "to": .string(to), "accepted_by": .optional(acceptedBy), "evidence": .string(evidence.rawValue),
            "format": .string(format.rawValue), "thread_id": .optional(threadID),
        ]
    }
}

extension SendImError {
    fileprivate var members: [String: JSON] {
        [
            "kind": .string(rawKind), "step": .optional(step?.rawValue), "detail": .string(detail),
            "sent": .string(sent.rawValue), "http_status": httpStatus.map { .number(Double($0)) } ?? .null,
            "code": .optional(code), "subcode": .optional(subcode), "diagnostics": .optional(diagnostics),
            "retry_after": retryAfter.map { .number($0 / .seconds(1)) } ?? .null,
            "exit_code": .number(Double(exitCode)),
        ]
    }
}

extension Sandbox.Delivered {
    /// The names and words of the sandbox's own interface.
    fileprivate var members: [String: JSON] {
        [
            "from": .string(sender), "to": .string(to), "accepted_by": .string(acceptedBy), "text": .string(text),
            "subject": .optional(subject), "importance": .optional(importance?.rawValue.capitalized),
            "format": .string("text/\(format)"), "via": .string(via),
        ]
    }
}
