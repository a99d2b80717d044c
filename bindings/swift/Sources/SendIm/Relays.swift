internal import Dispatch
internal import SendImNative

/// Hands each step to the log and to the program's handler, off the library's threads: those have to serve every call.
final class StepRelay: StepListener {
    private let handler: StepHandler?
    private let queue = DispatchQueue(label: "send-im.steps")

    /// A relay, if anybody listens: steps cost nothing otherwise.
    static func wanted(_ handler: StepHandler?) -> StepRelay? {
        handler == nil && !SendImLog.isEnabled(.debug) ? nil : StepRelay(handler)
    }

    private init(_ handler: StepHandler?) { self.handler = handler }

    func onStep(record: StepRecord) {
        queue.async { [handler] in
            let step = Step(record)
            SendImLog.log(step)
            handler?(step)
        }
    }

    /// Returns when every step so far has been handed on.
    func flush() async {
        await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
    }
}

/// Asks the program's closure for tokens, each time in a task of its own.
final class TokenRelay: TokenProvider {
    private let source: TokenSource
    private let asked = Locked(Asked())

    private struct Asked {
        var tasks: [Int: Task<Void, Never>] = [:]
        var thrown: [Int: any Error] = [:]
        var last = 0
        var over = false
    }

    /// Of how many requests for a token the latest errors are kept. Sends that fail by one look it up soon after.
    private static let mostThrown = 64

    init(_ source: @escaping TokenSource) { self.source = source }

    func requestToken(request: TokenRequestRecord, reply: TokenReply) {
        let wanted = TokenRequest(
            origin: request.origin, authorizationURI: request.authorizationUri, clientID: request.clientId,
            trustedIssuers: request.trustedIssuers, rejected: request.rejected)
        asked.with { asked in
            guard !asked.over else { return reply.fail(reason: "the call is over") }
            asked.last += 1
            let number = asked.last
            asked.tasks[number] = Task { [source, weak self] in
                do {
                    let token = try await source(wanted)
                    let seconds = token.expiresIn.map { UInt64(clamping: $0.components.seconds) }
                    reply.resolve(token: token.value, expiresInS: seconds)
                } catch {
                    let type = String(describing: Swift.type(of: error))
                    SendImLog.log(.warning, "the token closure failed", ["error": type])
                    self?.asked.with {
                        $0.thrown[number] = error
                        $0.thrown[number - Self.mostThrown] = nil
                    }
                    reply.fail(reason: "the token closure threw \(type)", cause: UInt64(number))
                }
                self?.asked.with { $0.tasks[number] = nil }
            }
        }
    }

    /// What the closure threw, by the number that the failure carries. Several sends may fail by the same.
    func thrown(_ number: UInt64) -> (any Error)? {
        asked.with { $0.thrown[Int(number)] }
    }

    /// Nobody waits for a token any more.
    func cancel() {
        asked.with { asked in
            asked.over = true
            for task in asked.tasks.values { task.cancel() }
        }
    }
}
