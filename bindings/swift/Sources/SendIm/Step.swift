internal import SendImNative

/// A step on the way of a message.
public struct StepName: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// Finding the server of the sign-in domain.
    public static let discover = StepName(rawValue: "discover")
    /// Fetching a challenge or a token.
    public static let signIn = StepName(rawValue: "sign_in")
    /// Creating the session on the server.
    public static let openSession = StepName(rawValue: "open_session")
    /// Inviting the recipient to a conversation.
    public static let invite = StepName(rawValue: "invite")
    /// Sending text into a connected conversation.
    public static let send = StepName(rawValue: "send")
    /// Waiting for the recipient's side to confirm.
    public static let confirm = StepName(rawValue: "confirm")
    /// Deleting the session.
    public static let signOut = StepName(rawValue: "sign_out")

    /// The name, the same in every language.
    public let rawValue: String
    public var description: String { rawValue }

    public init(rawValue: String) { self.rawValue = rawValue }
}

/// One finished step of a call. It never holds a password, a token or message text.
public struct Step: Sendable, Hashable {
    /// Which step.
    public var name: StepName
    /// The host that was asked, with its port where it is not the usual one.
    public var host: String
    /// The HTTP status of the answer. Nil where no answer came.
    public var status: Int?
    /// From the request to the end of the answer.
    public var elapsed: Duration

    /// A step, for tests of your own code; the parameters are its properties.
    public init(_ name: StepName, host: String, status: Int? = 200, elapsed: Duration = .zero) {
        self.name = name
        self.host = host
        self.status = status
        self.elapsed = elapsed
    }

    init(_ record: StepRecord) {
        self.init(
            StepName(rawValue: record.step), host: record.host, status: record.status.map(Int.init),
            elapsed: .nanoseconds(Int64(record.elapsedMs * 1e6)))
    }
}

/// Told of each finished step.
public typealias StepHandler = @Sendable (Step) -> Void
