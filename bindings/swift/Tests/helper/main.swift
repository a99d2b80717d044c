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
            to: "silent@contoso.com", text: "hi", timeout: .seconds(3600), from: account, onStep: invited.count)
    }
    invited.wait(for: 1)
    return sending
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
                print(error.rawKind, error.sent, error.exitCode)
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
