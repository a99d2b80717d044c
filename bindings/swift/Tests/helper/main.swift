// What the tests need a process of its own for. The second argument is the URL of the test's sandbox; for the act
// `sandbox` it is the address to listen on.

import Dispatch
import Foundation
import SendIm

let arguments = CommandLine.arguments.dropFirst()
guard arguments.count >= 2, let act = arguments.first, let url = arguments.dropFirst().first else {
    fatalError("usage: helper ACT URL …")
}
let account = Account("tosh@contoso.com", password: "x", server: url)

/// Sends to a recipient who never answers; returns when it rings. What becomes of it goes to `ended`.
func ring(ended: @escaping @Sendable (Result<Receipt, SendImError>) -> Void = { _ in }) async {
    await withCheckedContinuation { ringing in
        Task {
            do throws(SendImError) {
                let receipt = try await sendIm(
                    to: "silent@contoso.com", text: "hi", timeout: .seconds(3600), from: account,
                    onStep: { if $0.name == .invite { ringing.resume() } })
                ended(.success(receipt))
            } catch {
                ended(.failure(error))
            }
        }
    }
}

/// Resident memory of this process, in KiB.
func residentMemory() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return Int(line.split(whereSeparator: { !$0.isNumber }).first ?? "") ?? -1
}

switch act {
case "nothing":
    break

case "exit-while-it-rings":
    await ring()
    exit(Int32(arguments.last!)!)

case "return-while-it-rings":
    await ring()

case "tell-while-ending":
    let told = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var text = "not told"
    // Handlers run in the reverse order of their registration; the package registers its own with the first call.
    atexitBlock {
        told.wait()
        print(text)
        fflush(nil)
    }
    await ring { result in
        if case .failure(let error) = result {
            text = "\(error.rawKind) \(error.sent) \(error.exitCode)"
        }
        told.signal()
    }
    exit(7)

case "open-client":
    let client = try await Client.signIn(account)
    try await client.send(to: "lenea@contoso.com", text: "hi")

case "busy-ending":
    // Calls begin and end while the process ends.
    let client = try await Client.signIn(account)
    for task in 1...20 {
        Task.detached {
            while true {
                try await client.send(to: "user\(task)@contoso.com", text: "hi")
            }
        }
    }
    try await client.send(to: "lenea@contoso.com", text: "hi")
    exit(5)

case "uncaught":
    try await sendIm(to: "busy@contoso.com", text: "hi", from: account)

case "memory":
    // Prints the resident memory after a quarter of the sends, and at the end.
    let (tasks, each) = (20, 250)
    let client = try await Client.signIn(account)
    for quarter in 1...4 {
        await withTaskGroup(of: Void.self) { group in
            for task in 1...tasks {
                group.addTask {
                    for number in 1...each {
                        do {
                            try await client.send(to: "user\(task)@contoso.com", text: "\(quarter) \(number)")
                        } catch {
                            fatalError("\(error)")
                        }
                    }
                }
            }
        }
        print(residentMemory())
    }
    try await client.signOut()

case "sandbox":
    // Until the input ends.
    let sandbox = try await Sandbox.start(listen: url)
    print(sandbox.url)
    fflush(nil)
    while readLine() != nil {}

default:
    fatalError("there is no act \(act)")
}

/// The block of `atexitBlock`: `atexit` takes no closure that captures.
nonisolated(unsafe) private var atTheEnd: () -> Void = {}

func atexitBlock(_ block: @escaping () -> Void) {
    atTheEnd = block
    atexit { atTheEnd() }
}
