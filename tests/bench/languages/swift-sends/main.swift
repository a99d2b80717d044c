// Sends from Swift: sends SENDS MANY. Prints one line of JSON, times in milliseconds.

import SendIm

func milliseconds(_ work: () async throws -> Void) async rethrows -> Double {
    let elapsed = try await ContinuousClock().measure(work)
    return elapsed / .milliseconds(1)
}

let sends = Int(CommandLine.arguments[1])!
let many = Int(CommandLine.arguments[2])!
try await withClient { client in
    var times: [Double] = []
    for _ in 0..<sends / 10 + sends {
        times.append(try await milliseconds { try await client.send(to: "lenea@contoso.com", text: "disk full") })
    }
    // The first ones only warm up.
    times = times.dropFirst(sends / 10).sorted()

    let messages = (0..<many).map { Message(to: "user\($0 % 100)@contoso.com", text: "disk full") }
    var results: [Result<Receipt, SendImError>] = []
    let elapsed = await milliseconds { results = await client.sendAll(messages) }
    for result in results { _ = try result.get() }

    let send = "{\"p50\":\(times[sends / 2]),\"p99\":\(times[sends * 99 / 100])}"
    print("{\"send\":\(send),\"send_all_per_second\":\(Double(many) * 1000 / elapsed)}")
}
