internal import SendImNative

/// What proves that a message was sent.
public struct Evidence: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The text rode in the invitation and the invitation was accepted. That is not the same as read.
    public static let invitationAccepted = Evidence(rawValue: "invitation_accepted")
    /// The recipient's side confirmed the message.
    public static let messageConfirmed = Evidence(rawValue: "message_confirmed")
    /// The server took the message; nobody waited for more.
    public static let submitted = Evidence(rawValue: "submitted")

    /// The name, the same in every language.
    public let rawValue: String
    public var description: String { rawValue }

    public init(rawValue: String) { self.rawValue = rawValue }
}

/// The form in which a text goes.
public struct Format: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// Plain text.
    public static let plain = Format(rawValue: "plain")
    /// Html.
    public static let html = Format(rawValue: "html")

    /// The name, the same in every language.
    public let rawValue: String
    public var description: String { rawValue }

    public init(rawValue: String) { self.rawValue = rawValue }
}

/// Proof of a send.
public struct Receipt: Sendable, Hashable {
    /// The recipient's address as asked, without `sip:`.
    public var to: String
    /// Who accepted. Someone else than ``to`` after a call-forward; nil when only submitted, or where the server does not say.
    public var acceptedBy: String?
    /// What proves it.
    public var evidence: Evidence
    /// The form in which the text went.
    public var format: Format
    /// The server's id of the conversation's thread, if it told one.
    public var threadID: String?
    /// Each step in order. Where one call signed in and sent, they begin with discovery.
    public var steps: [Step]

    /// A receipt, for tests of your own code; the parameters are its properties. By default it is that of plain text which `to`
    /// accepted, and nobody where it was only submitted.
    public init(
        to: String,
        acceptedBy: String? = nil,
        evidence: Evidence = .invitationAccepted,
        format: Format = .plain,
        threadID: String? = nil,
        steps: [Step] = []
    ) {
        self.to = to
        self.acceptedBy = acceptedBy ?? (evidence == .submitted ? nil : to)
        self.evidence = evidence
        self.format = format
        self.threadID = threadID
        self.steps = steps
    }

    init(_ record: ReceiptRecord) {
        self.init(
            to: record.to, evidence: Evidence(rawValue: record.evidence), format: Format(rawValue: record.format),
            threadID: record.threadId, steps: record.steps.map(Step.init))
        acceptedBy = record.acceptedBy
    }
}
