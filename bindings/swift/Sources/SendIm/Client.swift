internal import SendImNative

/// A signed-in account: one session for any number of messages, from any task.
///
/// ```swift
/// let client = try await Client.signIn(account)
/// try await client.send(to: "lenea@contoso.com", text: "disk full", subject: "db7")
/// try await client.signOut()
/// ```
///
/// ``withClient(_:timeout:onStep:isolation:_:)`` signs out by itself, also when its body throws. A client nobody holds
/// any more signs out in the background; the end of the program waits for that.
public final class Client: MessageSender, Discreet {
    private let session: SignedInClient
    private let steps: StepRelay?
    private let tokens: TokenRelay?

    private init(_ session: SignedInClient, _ steps: StepRelay?, _ tokens: TokenRelay?) {
        self.session = session
        self.steps = steps
        self.tokens = tokens
    }

    deinit { tokens?.cancel() }

    /// Finds the server, signs in and opens a session.
    ///
    /// - Parameters:
    ///   - account: Who sends. By default the stored account, see ``Account/stored``.
    ///   - timeout: How long signing in may take.
    ///   - onStep: Called with each finished step of every call of this client, in order, on a queue of this package.
    /// - Throws: ``SendImError``.
    public static func signIn(
        _ account: Account = .stored,
        timeout: Duration = .seconds(60),
        onStep: StepHandler? = nil
    ) async throws(SendImError) -> Client {
        let steps = StepRelay.wanted(onStep)
        let tokens = account.token.map(TokenRelay.init)
        let options = account.options(timeout: timeout)
        do {
            let session = try await call(telling: steps, asking: tokens) { cancellation in
                try await SignedInClient.signIn(
                    options: options, tokens: tokens, steps: steps, cancellation: cancellation)
            }
            return Client(session, steps, tokens)
        } catch {
            tokens?.cancel()
            throw error
        }
    }

    @discardableResult
    public func send(_ message: Message) async throws(SendImError) -> Receipt {
        let content = message.options
        return try await call(mayHaveLeft: true, telling: steps, asking: tokens) { [session] cancellation in
            Receipt(try await session.send(content: content, cancellation: cancellation))
        }
    }

    public func sendAll(_ messages: some Sequence<Message>) async -> [Result<Receipt, SendImError>] {
        let contents = messages.map(\.options)
        do {
            return try await call(mayHaveLeft: true, telling: steps, asking: tokens) { [session, tokens] cancellation in
                try await session.sendAll(contents: contents, cancellation: cancellation).map { outcome in
                    if let receipt = outcome.receipt { return .success(Receipt(receipt)) }
                    return .failure(
                        outcome.failure.map { SendImError($0, asking: tokens) } ?? .defect(mayHaveLeft: true))
                }
            }
        } catch {
            return contents.map { _ in .failure(error) }
        }
    }

    /// Waits for the sends under way, then closes the session on the server, in at most 3 s. Each send ends with its own
    /// timeout at the latest. Sends that begin later fail with the kind ``SendImError/Kind/closed``. A second call does
    /// nothing.
    ///
    /// A server that is gone is not waited for: when nobody answers there, this returns within seconds. A cancelled task does
    /// not cut it off, so that it can be used to tidy up.
    ///
    /// - Parameter timeout: What has not ended by then is cancelled as ``cancelAll()`` does. Nil: no bound.
    /// - Throws: ``SendImError`` if the server could not be told. It ends the session by itself after a while.
    public func signOut(timeout: Duration? = nil) async throws(SendImError) {
        defer { tokens?.cancel() }
        try await call(telling: steps, asking: tokens) { [session] _ in
            try await session.signOut(timeoutMs: timeout?.wholeMilliseconds)
        }
    }

    /// Ends every send under way at once: each fails with the kind ``SendImError/Kind/cancelled``, and its
    /// ``SendImError/sent`` says whether the message can have arrived. Sends that begin later fail with the kind
    /// ``SendImError/Kind/closed``. The client is still to be signed out.
    public func cancelAll() {
        // It fails where there is no session any more, and so nothing to cancel.
        try? session.cancelAll()
    }

    /// Not what its token closure threw, which may hold a secret.
    var shown: KeyValuePairs<String, Any> { [:] }
}

/// Signs in, runs `body` and signs out as ``Client/signOut(timeout:)`` does, also when `body` throws or the task is cancelled.
///
/// ```swift
/// try await withClient { client in
///     try await client.send(to: "lenea@contoso.com", text: "disk full")
/// }
/// ```
///
/// A sign-out that fails is logged as a warning: it must not hide what the body gave or threw.
///
/// - Parameters:
///   - account: Who sends. By default the stored account, see ``Account/stored``.
///   - timeout: How long signing in may take.
///   - onStep: Called with each finished step of every call of the client.
///   - isolation: The actor the body runs on.
///   - body: What to do with the client.
/// - Returns: What `body` returns.
/// - Throws: ``SendImError`` if signing in fails, and what `body` throws.
@discardableResult
public func withClient<T: Sendable>(
    _ account: Account = .stored,
    timeout: Duration = .seconds(60),
    onStep: StepHandler? = nil,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (Client) async throws -> T
) async throws -> T {
    let client = try await Client.signIn(account, timeout: timeout, onStep: onStep)
    let result: Result<T, any Error>
    do {
        result = .success(try await body(client))
    } catch {
        result = .failure(error)
    }
    do {
        try await client.signOut()
    } catch {
        SendImLog.log(.warning, "signing out failed: \(error)", ["kind": error.kind.rawValue])
    }
    return try result.get()
}
