internal import SendImNative

/// How urgent a message is shown to its recipient.
public enum Importance: String, Sendable, CaseIterable {
    /// As any other message.
    case normal
    /// Marked urgent.
    case urgent
    /// Marked as an emergency.
    case emergency
}

/// When a send is done.
public enum Wait: String, Sendable, CaseIterable {
    /// When the recipient's side has accepted or confirmed.
    case delivered
    /// When the server has taken the message; the receipt then says ``Evidence/submitted``.
    ///
    /// The message goes on in the background, also when the task is cancelled. A program that ends right after leaves the
    /// invitation ringing, and nobody learns what comes of it.
    case submitted
}

/// A message to one recipient. Everything is checked before the first request.
///
/// Neither its description nor a dump shows the text or the subject.
public struct Message: Sendable, Hashable, Discreet {
    /// The timeout when nothing else is said: 60 s.
    public static let defaultTimeout: Duration = .seconds(60)

    /// The recipient's address, `user@domain`; `sip:` is optional.
    public var to: String
    /// The text, or html with ``html``.
    public var text: String
    /// The subject, at most 250 UTF-16 units, on one line.
    public var subject: String?
    /// How urgent the message is shown.
    public var importance: Importance
    /// True if the text is html. A recipient whose side takes none gets its plain-text rendering.
    public var html: Bool
    /// How long the message has to be delivered. An invitation rings until then. After it the call takes at most 2 s more to
    /// withdraw the invitation and learn what came of it.
    public var timeout: Duration
    /// When the send is done.
    public var wait: Wait

    /// A message; the parameters are its properties.
    public init(
        to: String,
        text: String,
        subject: String? = nil,
        importance: Importance = .normal,
        html: Bool = false,
        timeout: Duration = Message.defaultTimeout,
        wait: Wait = .delivered
    ) {
        self.to = to
        self.text = text
        self.subject = subject
        self.importance = importance
        self.html = html
        self.timeout = timeout
        self.wait = wait
    }

    var shown: KeyValuePairs<String, Any> {
        ["to": to, "importance": importance, "html": html, "timeout": timeout, "wait": wait]
    }

    var options: MessageOptions {
        MessageOptions(
            to: to, text: text, html: html, subject: subject, importance: importance.rawValue,
            timeoutMs: timeout.wholeMilliseconds, wait: wait.rawValue)
    }
}
