/// What sends messages: a ``Client`` or, in the tests of a program, what stands in its place.
///
/// ```swift
/// struct Accepting: MessageSender {
///     func send(_ message: Message) async throws(SendImError) -> Receipt { Receipt(to: message.to) }
/// }
/// ```
public protocol MessageSender: Sendable {
    /// Sends one message. Messages of one task to one recipient arrive in the order of the calls.
    ///
    /// When the task is cancelled, the call ends at once with the kind ``SendImError/Kind/cancelled``; its
    /// ``SendImError/sent`` says whether the text can have left.
    ///
    /// - Returns: The receipt, which says who accepted and what proves it.
    /// - Throws: ``SendImError``; its kind is ``SendImError/Kind/closed`` after ``Client/signOut(timeout:)``.
    @discardableResult
    func send(_ message: Message) async throws(SendImError) -> Receipt

    /// Sends many messages: a client several at a time, where the timeout of each begins when its turn comes; by default one
    /// after the other.
    ///
    /// When the task is cancelled, messages that had ended keep their results; the others fail with the kind
    /// ``SendImError/Kind/cancelled``.
    ///
    /// - Returns: For each message, in the same order, its receipt or the error that kept it back. One bad address does
    ///   not hide what became of the rest.
    func sendAll(_ messages: some Sequence<Message>) async -> [Result<Receipt, SendImError>]
}

extension MessageSender {
    /// Sends one message; the arguments are those of
    /// ``sendIm(to:text:from:subject:importance:html:timeout:wait:onStep:)``.
    ///
    /// - Returns: The receipt, which says who accepted and what proves it.
    /// - Throws: ``SendImError``; its kind is ``SendImError/Kind/closed`` after ``Client/signOut(timeout:)``.
    @discardableResult
    public func send(
        to: String,
        text: String,
        subject: String? = nil,
        importance: Importance = .normal,
        html: Bool = false,
        timeout: Duration = Message.defaultTimeout,
        wait: Wait = .delivered
    ) async throws(SendImError) -> Receipt {
        try await send(
            Message(
                to: to, text: text, subject: subject, importance: importance, html: html, timeout: timeout, wait: wait))
    }

    public func sendAll(_ messages: some Sequence<Message>) async -> [Result<Receipt, SendImError>] {
        var results: [Result<Receipt, SendImError>] = []
        for message in messages {
            do {
                results.append(.success(try await send(message)))
            } catch {
                results.append(.failure(error))
            }
        }
        return results
    }
}
