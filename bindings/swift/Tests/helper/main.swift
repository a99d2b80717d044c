// What the tests need a process of its own for. The second argument is the URL of the test's sandbox; for the act
// `sandbox` it is the address to listen on.

import Dispatch
import Foundation
import SendIm
import SendImNative

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

/// What each send gets to hold. How many of them are alive is known.
final class Held: Sendable {
    private static let lock = NSLock()
    nonisolated(unsafe) private static var count = 0

    static var alive: Int { lock.withLock { count } }

    init() { Self.lock.withLock { Self.count += 1 } }

    deinit { Self.lock.withLock { Self.count -= 1 } }
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
    // Prints after each window of so many rounds what is alive: objects that were given to sends, and allocations of the
    // library.
    let (windows, rounds) = (Int(arguments.dropFirst(2).first!)!, Int(arguments.last!)!)
    let messages = (1...5).map { Message(to: "user\($0)@contoso.com", text: "\($0)") }
    let client = try await Client.signIn(account, onStep: { [held = Held()] _ in _ = held })
    for _ in 1...windows {
        for _ in 1...rounds {
            for result in await client.sendAll(messages) {
                _ = try result.get()
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for message in messages {
                    group.addTask { [held = Held()] in
                        try await client.send(message)
                        _ = held
                    }
                }
                try await group.waitForAll()
            }
            _ = try? await client.send(to: "busy@contoso.com", text: "refused")
            try await sendIm(to: "lenea@contoso.com", text: "hi", from: account, onStep: { [held = Held()] _ in _ = held })
        }
        print(Held.alive, SendImNative.liveAllocations())
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
