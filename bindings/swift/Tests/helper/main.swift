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

/// The block of `atexitBlock`: `atexit` takes no closure that captures.
nonisolated(unsafe) private var atTheEnd: () -> Void = {}

/// What `drain` waits for, and by which way it sends a last word.
nonisolated(unsafe) private var draining: [Task<Void, any Error>] = []
nonisolated(unsafe) private var sendAtExit: @Sendable (Message) async throws -> Receipt = { _ in fatalError() }

/// Holds a client until the end.
nonisolated(unsafe) private var kept: Client?

/// Counts invitations.
final class Invited: Sendable {
    private let invited = DispatchSemaphore(value: 0)

    @Sendable func count(_ step: Step) {
        if step.name == .invite { invited.signal() }
    }

    /// Blocks until so many ring.
    func wait(for count: Int) {
        for _ in 1...count { invited.wait() }
    }
}

/// Sends to a recipient who never answers; returns when it rings.
@discardableResult
func ring() -> Task<Void, Never> {
    let invited = Invited()
    let sending = Task.detached {
        _ = try? await sendIm(
            to: "silent@contoso.com", text: "hi", from: account, timeout: .seconds(3600), onStep: invited.count)
    }
    invited.wait(for: 1)
    return sending
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
    ring()
    exit(Int32(arguments.last!)!)

case "return-while-it-rings":
    ring()

case "cancel-at-exit":
    let invited = Invited()
    let client = try await Client.signIn(account, onStep: invited.count)
    let sending = Task.detached {
        try await client.send(to: "silent@contoso.com", text: "hi", timeout: .seconds(3600))
    }
    invited.wait(for: 1)
    atexitBlock {
        waiting {
            client.cancelAll()
            if case .failure(let error as SendImError) = await sending.result {
                print(error.kind.rawValue, error.sent, error.exitCode)
            }
            try? await client.signOut()
        }
    }
    exit(7)

case "drain":
    // Sends that take longer than the package's own handler waits for anything, and one that begins at exit. Handlers run in
    // the reverse order of their registration; the package registers its own with the first call.
    let order = arguments.dropFirst(2).first!
    let way = arguments.dropFirst(3).first!
    let signals = arguments.dropFirst(4).compactMap { Int32($0) }
    if order == "before" { atexitBlock(drain) }
    let invited = Invited()
    if way == "client" {
        let client = try await Client.signIn(account, onStep: invited.count)
        sendAtExit = { try await client.send($0) }
    } else {
        sendAtExit = { try await sendIm($0, from: account, onStep: invited.count) }
    }
    if order == "after" { atexitBlock(drain) }
    let sources = signals.map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { exit(128 + number) }
        source.activate()
        return source
    }
    for number in 1...4 {
        let message = Message(to: "slow@contoso.com", text: "hi", subject: "\(number)")
        draining.append(Task.detached { [sendAtExit] in print(try await sendAtExit(message).acceptedBy!) })
    }
    invited.wait(for: 4)
    if sources.isEmpty { exit(3) }
    while true { try await Task.sleep(for: .seconds(3600)) }

case "sign-in-at-exit":
    atexitBlock {
        waiting {
            // The program never signs it out.
            let client = try! await Client.signIn(account)
            print(try! await client.send(to: "lenea@contoso.com", text: "hi").acceptedBy!)
            kept = client
        }
    }
    try await sendIm(to: "lenea@contoso.com", text: "hi", from: account)

case "open-client":
    let client = try await Client.signIn(account)
    try await client.send(to: "lenea@contoso.com", text: "hi")
    kept = client

case "let-go-client":
    try await Client.signIn(account).send(to: "lenea@contoso.com", text: "hi")
    exit(0)

case "cancelled-send":
    let sending = ring()
    sending.cancel()
    await sending.value
    exit(0)

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
            try await sendIm(
                to: "lenea@contoso.com", text: "hi", from: account, onStep: { [held = Held()] _ in _ = held })
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

func atexitBlock(_ block: @escaping () -> Void) {
    atTheEnd = block
    atexit {
        atTheEnd()
        fflush(nil)
    }
}

/// Runs async work on a thread that waits for it, as a handler at exit has to.
func waiting(_ work: @escaping @Sendable () async -> Void) {
    let done = DispatchSemaphore(value: 0)
    Task.detached {
        await work()
        done.signal()
    }
    done.wait()
}

func drain() {
    waiting { [draining, sendAtExit] in
        for sending in draining {
            do { try await sending.value } catch { print(error) }
        }
        do {
            print(try await sendAtExit(Message(to: "last@contoso.com", text: "hi")).acceptedBy!)
        } catch { print(error) }
    }
}
