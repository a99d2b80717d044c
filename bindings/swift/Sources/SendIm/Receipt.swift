internal import SendImNative

/// Proof of a send.
public struct Receipt: Sendable, Hashable {
    /// What proves that the message was sent.
    public struct Evidence: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The stable name, the same in every language.
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The text rode in the invitation and the invitation was accepted. That is not the same as read.
        public static let invitationAccepted = Evidence(rawValue: "invitation_accepted")
        /// The recipient's side confirmed the message.
        public static let messageConfirmed = Evidence(rawValue: "message_confirmed")
        /// The server took the message; nobody waited for more.
        public static let submitted = Evidence(rawValue: "submitted")

        public var description: String { rawValue }
    }

    /// The form in which a text went.
    public struct Format: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The stable name, the same in every language.
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Plain text.
        public static let plain = Format(rawValue: "plain")
        /// Html.
        public static let html = Format(rawValue: "html")

        public var description: String { rawValue }
    }

    /// The recipient's address as asked, without `sip:`.
    public let to: String
    /// Who accepted. Someone else than ``to`` after a call-forward, nil when only submitted.
    public let acceptedBy: String?
    /// What proves it.
    public let evidence: Evidence
    /// The form in which the text went.
    public let format: Format
    /// The server's id of the conversation's thread, if it told one.
    public let threadID: String?
    /// Each step in order. After ``sendIm(to:text:subject:importance:html:timeout:wait:from:onStep:)`` they begin with
    /// discovery.
    public let steps: [Step]

    /// A receipt, for tests of your own code: by default, of plain text that `to` accepted.
    ///
    /// - Parameters:
    ///   - to: The recipient's address.
    ///   - acceptedBy: Who accepted. Nil: `to`, and nobody where the message was only submitted.
    ///   - evidence: What proves it.
    ///   - format: The form in which the text went.
    ///   - threadID: The server's id of the conversation's thread.
    ///   - steps: Each step in order.
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
        to = record.to
        acceptedBy = record.acceptedBy
        evidence = Evidence(rawValue: record.evidence)
        format = Format(rawValue: record.format)
        threadID = record.threadId
        steps = record.steps.map(Step.init)
    }
}

/// One finished step of a call. It never holds a password, a token or message text.
public struct Step: Sendable, Hashable {
    /// A step on the way of a message.
    public struct Name: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The stable name, the same in every language.
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Finding the server of the sign-in domain.
        public static let discover = Name(rawValue: "discover")
        /// Fetching a challenge or a token.
        public static let signIn = Name(rawValue: "sign_in")
        /// Creating the session on the server.
        public static let openSession = Name(rawValue: "open_session")
        /// Inviting the recipient to a conversation.
        public static let invite = Name(rawValue: "invite")
        /// Sending text into a connected conversation.
        public static let send = Name(rawValue: "send")
        /// Waiting for the recipient's side to confirm.
        public static let confirm = Name(rawValue: "confirm")
        /// Deleting the session.
        public static let signOut = Name(rawValue: "sign_out")

        public var description: String { rawValue }
    }

    /// Which step.
    public let name: Name
    /// The host that was asked, with its port where it is not the usual one.
    public let host: String
    /// The HTTP status of the answer. Nil where no answer came.
    public let status: Int?
    /// From the request to the end of the answer.
    public let elapsed: Duration

    /// A step, for tests of your own code.
    ///
    /// - Parameters:
    ///   - name: Which step.
    ///   - host: The host that was asked.
    ///   - status: The HTTP status of the answer.
    ///   - elapsed: From the request to the end of the answer.
    public init(_ name: Name, host: String, status: Int? = 200, elapsed: Duration = .zero) {
        self.name = name
        self.host = host
        self.status = status
        self.elapsed = elapsed
    }

    init(_ record: StepRecord) {
        name = Name(rawValue: record.step)
        host = record.host
        status = record.status.map(Int.init)
        elapsed = .nanoseconds(Int64(record.elapsedMs * 1e6))
    }
}

/// Told of each finished step.
public typealias StepHandler = @Sendable (Step) -> Void
