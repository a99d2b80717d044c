// What a call costs from Swift: border REFUSED SENT. Prints one line of JSON, times in milliseconds.

import Foundation
import SendIm

struct NotRefused: Error {}

/// Sends that are refused without a request: the recipient is no address.
func refused(_ client: Client, _ calls: Int) async throws -> [Duration] {
    var times: [Duration] = []
    times.reserveCapacity(calls)
    for _ in 0..<calls {
        let started = ContinuousClock.now
        do {
            try await client.send(to: "nobody", text: "disk full")
            throw NotRefused()
        } catch let error as SendImError where error.kind == .invalidInput {
            times.append(ContinuousClock.now - started)
        }
    }
    return times
}

/// The same from eight tasks at once.
func together(_ client: Client, _ calls: Int) async throws -> [Duration] {
    try await withThrowingTaskGroup(of: [Duration].self) { group in
        for _ in 0..<8 {
            group.addTask { try await refused(client, calls / 8) }
        }
        return try await group.reduce(into: []) { $0 += $1 }
    }
}

func sent(_ client: Client, _ calls: Int) async throws -> [Duration] {
    var times: [Duration] = []
    for _ in 0..<calls {
        let started = ContinuousClock.now
        try await client.send(to: "kept@contoso.com", text: "disk full")
        times.append(ContinuousClock.now - started)
    }
    return times
}

func summary(_ times: [Duration]) -> String {
    let sorted = times.sorted()
    func milliseconds(_ percent: Int) -> Double {
        let (seconds, attoseconds) = sorted[sorted.count * percent / 100].components
        return Double(seconds) * 1e3 + Double(attoseconds) / 1e15
    }
    return "{\"p50\":\(milliseconds(50)),\"p99\":\(milliseconds(99))}"
}

let calls = Int(CommandLine.arguments[1])!
let sends = Int(CommandLine.arguments[2])!
try await withClient { client in
    _ = try await refused(client, calls / 10)
    let alone = summary(try await refused(client, calls))
    let many = summary(try await together(client, calls))
    let real = summary(try await sent(client, sends))
    print("{\"refused_1\":\(alone),\"refused_8\":\(many),\"sent\":\(real)}")
}
