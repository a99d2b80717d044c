// Sends what the judge of tests/scenarios asks for, a line of JSON a case; the README there says how.

import Foundation
import SendIm

struct Task: Decodable {
    struct Sender: Decodable {
        let address: String
        let username: String?
        let password: String
        let server: String
        let caFile: String?
        let timeoutMs: Int
    }

    struct Text: Decodable {
        let to: String
        let text: String
        let html: Bool
        let subject: String?
        let importance: String
        let timeoutMs: Int
        let wait: String
    }

    let action: String
    let account: Sender
    let messages: [Text]

    func run() async throws -> [Result<Receipt, SendImError>] {
        let sender = Account(
            account.address, password: account.password, username: account.username, server: account.server,
            caFile: account.caFile)
        let messages = messages.map { given in
            Message(
                to: given.to, text: given.text, subject: given.subject,
                importance: Importance(rawValue: given.importance)!, html: given.html,
                timeout: .milliseconds(given.timeoutMs), wait: Wait(rawValue: given.wait)!)
        }
        if action == "send" {
            var results: [Result<Receipt, SendImError>] = []
            for message in messages {
                results.append(await caught { () async throws(SendImError) in try await sendIm(message, from: sender) })
            }
            return results
        }
        return try await withClient(sender, timeout: .milliseconds(account.timeoutMs)) { client in
            action == "send_all" ? await client.sendAll(messages) : await inTasks(client, messages)
        }
    }

    /// What other languages do with threads.
    private func inTasks(_ client: Client, _ messages: [Message]) async -> [Result<Receipt, SendImError>] {
        await withTaskGroup(of: (Int, Result<Receipt, SendImError>).self) { group in
            for (at, message) in messages.enumerated() {
                group.addTask {
                    (at, await caught { () async throws(SendImError) in try await client.send(message) })
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}

func caught(_ call: () async throws(SendImError) -> Receipt) async -> Result<Receipt, SendImError> {
    do throws(SendImError) {
        return .success(try await call())
    } catch {
        return .failure(error)
    }
}

func members(_ result: Result<Receipt, SendImError>) -> [String: [String: Any?]] {
    switch result {
    case .success(let receipt):
        [
            "receipt": [
                "to": receipt.to, "accepted_by": receipt.acceptedBy, "evidence": receipt.evidence.rawValue,
                "format": receipt.format.rawValue, "thread_id": receipt.threadID, "printed": printed(receipt),
            ]
        ]
    case .failure(let error):
        [
            "error": [
                "kind": error.kind.rawValue, "step": error.step?.rawValue, "detail": error.detail,
                "sent": error.sent.rawValue, "http_status": error.httpStatus, "code": error.code,
                "subcode": error.subcode, "diagnostics": error.diagnostics,
                "retry_after": error.retryAfter.map { $0 / .seconds(1) }, "hops": error.hops.map { "\($0)" },
                "exit_code": error.exitCode, "printed": printed(error),
            ]
        ]
    }
}

/// Everything that printing a value in any of Swift's ways shows.
func printed(_ value: Any) -> String {
    var text = "\(value) \(String(reflecting: value)) "
    dump(value, to: &text)
    return text
}

let decoder = JSONDecoder()
decoder.keyDecodingStrategy = .convertFromSnakeCase
while let line = readLine() {
    let results = try await decoder.decode(Task.self, from: Data(line.utf8)).run()
    let plain = results.map { members($0).mapValues { $0.mapValues { $0 ?? NSNull() } } }
    try FileHandle.standardOutput.write(contentsOf: JSONSerialization.data(withJSONObject: plain) + Data("\n".utf8))
}
