// Sends from Swift: sends SENDS MANY. Prints one line of JSON, times in milliseconds.

import SendIm

func milliseconds(since started: ContinuousClock.Instant) -> Double {
    (ContinuousClock.now - started) / .milliseconds(1)
}

let sends = Int(CommandLine.arguments[1])!
let many = Int(CommandLine.arguments[2])!
try await withClient { client in
    var times: [Double] = []
    for _ in 0..<sends / 10 + sends {
        let started = ContinuousClock.now
        try await client.send(to: "lenea@contoso.com", text: "disk full")
        times.append(milliseconds(since: started))
    }
    // The first ones only warm up.
    times = times.dropFirst(sends / 10).sorted()

    let messages = (0..<many).map { Message(to: "user\($0 % 100)@contoso.com", text: "disk full") }
    let started = ContinuousClock.now
    let results = await client.sendAll(messages)
    let elapsed = milliseconds(since: started)
    for result in results { _ = try result.get() }

    let send = "{\"p50\":\(times[sends / 2]),\"p99\":\(times[sends * 99 / 100])}"
    print("{\"send\":\(send),\"send_all_per_second\":\(Double(many) * 1000 / elapsed)}")
}
