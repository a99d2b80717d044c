internal import SendImNative

/// Signs in, sends one message, waits for its delivery and signs out.
///
/// ```swift
/// let receipt = try await sendIm(to: "lenea@contoso.com", text: "disk full", importance: .urgent)
/// print(receipt.acceptedBy ?? "nobody", receipt.evidence)
/// ```
///
/// For more than one message, ``Client`` signs in once.
///
/// When the task is cancelled, the call ends at once with the kind ``SendImError/Kind/cancelled``; its
/// ``SendImError/sent`` says whether the text can have left. An invitation that rings is withdrawn and the session is
/// signed out in the background.
///
/// - Parameters:
///   - to: The recipient's address, `user@domain`; `sip:` is optional.
///   - text: The text, or html with `html: true`.
///   - account: Who sends. By default the stored account, see ``Account/stored``.
///   - subject: The subject, at most 250 UTF-16 units, on one line.
///   - importance: How urgent the message is shown.
///   - html: True if the text is html. A recipient whose side takes none gets its plain-text rendering.
///   - timeout: How long the message has to be delivered, sign-in included. An invitation rings until then. After it the
///     call takes at most 2 s more to withdraw the invitation and learn what came of it, and at most another 3 s to close its
///     session.
///   - wait: When the call is done: the recipient's side has accepted, or the server has taken the message.
///   - onStep: Called with each finished step, in order, on a queue of this package. It should return quickly: the call
///     ends when it has been told of every step.
/// - Returns: The receipt, which says who accepted and what proves it.
/// - Throws: ``SendImError``; ``SendImError/sent`` says whether the message can have arrived all the same.
@discardableResult
public func sendIm(
    to: String,
    text: String,
    from account: Account = .stored,
    subject: String? = nil,
    importance: Importance = .normal,
    html: Bool = false,
    timeout: Duration = Message.defaultTimeout,
    wait: Wait = .delivered,
    onStep: StepHandler? = nil
) async throws(SendImError) -> Receipt {
    let message = Message(
        to: to, text: text, subject: subject, importance: importance, html: html, timeout: timeout, wait: wait)
    return try await sendIm(message, from: account, onStep: onStep)
}

/// The same with the message as one value.
@discardableResult
public func sendIm(
    _ message: Message,
    from account: Account = .stored,
    onStep: StepHandler? = nil
) async throws(SendImError) -> Receipt {
    let steps = StepRelay.wanted(onStep)
    let tokens = account.token.map(TokenRelay.init)
    defer { tokens?.cancel() }
    let options = account.options(timeout: message.timeout)
    let content = message.options
    return try await call(mayHaveLeft: true, telling: steps, asking: tokens) { cancellation in
        Receipt(
            try await SendImNative.send(
                options: options, content: content, tokens: tokens, steps: steps, cancellation: cancellation))
    }
}
