public import Foundation
internal import SendImNative

/// A call that failed: what failed, at which step, and what to do about it.
///
/// ```swift
/// do {
///     try await sendIm(to: "busy@contoso.com", text: "disk full")
/// } catch {
///     print(error)                                  // one sentence
///     if error.family == .notDelivered { … }        // or switch over error.kind
/// }
/// ```
///
/// It never holds a password, a token or the text of the message. What the program's own token closure threw is its
/// ``underlyingError``, and no part of a description or a dump.
public struct SendImError: Error, Sendable, Hashable {
    /// The sort of failure, for a `switch`.
    public let kind: Kind
    /// The stable name of the sort, such as `recipient_not_found`, the same in every language.
    public let rawKind: String
    /// The step that failed. Nil where no step had begun.
    public let step: Step.Name?
    /// One sentence a person can act on; also the description of the error.
    public let detail: String
    /// Whether the message can have arrived all the same.
    public let sent: Sent
    /// The HTTP status of the answer that decided, if one did.
    public let httpStatus: Int?
    /// The server's error code as it came.
    public let code: String?
    /// The server's subcode as it came.
    public let subcode: String?
    /// The server's diagnostics, for its administrator. Not stable.
    public let diagnostics: String?
    /// How long the server asked to wait.
    public let retryAfter: Duration?
    /// The way the call took, oldest first, where that explains the failure.
    public let hops: [Hop]
    /// The exit code for a program that ends because of this error.
    public let exitCode: Int32
    /// What the program's own token closure threw, where that is why. Equal errors may have different ones.
    public var underlyingError: (any Error)? { cause?.error }

    private let cause: Cause?

    /// What a program does about it: several kinds belong to one family.
    public var family: Family { kind.family }

    /// An error, for tests of your own code.
    ///
    /// - Parameters:
    ///   - kind: The sort of failure.
    ///   - detail: The sentence. Nil: the name of the kind.
    ///   - step: The step that failed.
    ///   - sent: Whether the message can have arrived. Nil: as it may have with this kind, `.maybe` with
    ///     ``Kind/outcomeUnknown`` and `.no` with the others.
    ///   - httpStatus: The HTTP status of the answer that decided.
    ///   - code: The server's error code.
    ///   - subcode: The server's subcode.
    ///   - diagnostics: The server's diagnostics.
    ///   - retryAfter: How long the server asked to wait.
    ///   - hops: The way the call took.
    ///   - underlyingError: What a token closure threw.
    public init(
        _ kind: Kind,
        detail: String? = nil,
        step: Step.Name? = nil,
        sent: Sent? = nil,
        httpStatus: Int? = nil,
        code: String? = nil,
        subcode: String? = nil,
        diagnostics: String? = nil,
        retryAfter: Duration? = nil,
        hops: [Hop] = [],
        underlyingError: (any Error)? = nil
    ) {
        self.kind = kind
        rawKind = kind.rawValue
        self.step = step
        self.detail = detail ?? kind.rawValue
        self.sent = sent ?? (kind == .outcomeUnknown ? .maybe : .no)
        self.httpStatus = httpStatus
        self.code = code
        self.subcode = subcode
        self.diagnostics = diagnostics
        self.retryAfter = retryAfter
        self.hops = hops
        exitCode = kind.family.exitCode
        cause = underlyingError.map(Cause.init)
    }

    init(_ failure: Failure, asking tokens: TokenRelay? = nil) {
        kind = Kind(rawValue: failure.kind) ?? .unrecognized
        rawKind = failure.kind
        step = failure.step.map(Step.Name.init)
        detail = failure.detail
        // A word this version does not know must not be taken for a no.
        sent = Sent(rawValue: failure.sent) ?? .maybe
        httpStatus = failure.httpStatus.map(Int.init)
        code = failure.code
        subcode = failure.subcode
        diagnostics = failure.diagnostics
        retryAfter = failure.retryAfterMs.map { .milliseconds(Int64(clamping: $0)) }
        hops = failure.hops.map { Hop(url: $0.url, outcome: $0.outcome) }
        exitCode = failure.exitCode
        cause = failure.cause.flatMap { tokens?.thrown($0) }.map(Cause.init)
    }

    /// An error of the program, which may not be comparable and whose text may hold a secret.
    private struct Cause: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
        let error: any Error

        static func == (_: Self, _: Self) -> Bool { true }

        func hash(into _: inout Hasher) {}

        var description: String { String(describing: type(of: error)) }

        var customMirror: Mirror { Mirror(self, children: []) }
    }
}

extension SendImError {
    /// The sorts of failure.
    public enum Kind: String, Sendable, CaseIterable {
        /// An argument, the environment or the profile file is not usable. Nothing was sent.
        case invalidInput = "invalid_input"
        /// No server answered for the sign-in domain, or what answered was not a Lync or Skype for Business server.
        case discoveryFailed = "discovery_failed"
        /// The server pointed to a host outside the trust rule. No credential was sent there.
        case untrustedHost = "untrusted_host"
        /// The TLS handshake failed.
        case tls
        /// The server refused the user name, the password or the token.
        case signInRefused = "sign_in_refused"
        /// The server does not offer a way of signing in that this account can use.
        case signInUnsupported = "sign_in_unsupported"
        /// The program's own token closure gave no token. No server refused anything; what it threw is the
        /// ``SendImError/underlyingError``.
        case credentialUnavailable = "credential_unavailable"
        /// The account is signed in but not permitted to do this.
        case forbidden
        /// A limit of the server is reached.
        case limitReached = "limit_reached"
        /// The server knows no such recipient.
        case recipientNotFound = "recipient_not_found"
        /// The recipient is offline or cannot take instant messages now.
        case recipientUnavailable = "recipient_unavailable"
        /// The recipient declined.
        case declined
        /// The invitation rang and nobody answered.
        case noAnswer = "no_answer"
        /// The recipient is busy or does not want to be disturbed.
        case busy
        /// The server asked to slow down for longer than the call may take.
        case throttled
        /// The server failed.
        case serviceError = "service_error"
        /// The network failed.
        case network
        /// The message's timeout passed: no answer of the server, or none yet of the recipient.
        case timeout
        /// The answer could not be understood.
        case `protocol`
        /// The message may or may not have arrived. It was not sent a second time.
        case outcomeUnknown = "outcome_unknown"
        /// The task was cancelled, or the client cancelled everything.
        case cancelled
        /// The client is signed out, or the sandbox is stopped.
        case closed
        /// A sort this version of the package does not know; see ``SendImError/rawKind``.
        case unrecognized

        /// The family this sort belongs to.
        public var family: Family {
            switch self {
            case .invalidInput: .invalidInput
            case .signInRefused, .signInUnsupported, .credentialUnavailable, .forbidden: .signIn
            case .recipientNotFound, .recipientUnavailable, .declined, .noAnswer, .busy: .notDelivered
            case .discoveryFailed, .untrustedHost, .tls, .network, .timeout: .service
            case .limitReached, .throttled, .serviceError, .protocol, .closed, .unrecognized: .service
            case .outcomeUnknown: .outcomeUnknown
            case .cancelled: .cancelled
            }
        }
    }

    /// What a program does about a failure.
    public enum Family: Sendable, CaseIterable {
        /// Correct the arguments, the environment or the profile file (exit code 2).
        case invalidInput
        /// The account cannot sign in or is not permitted to do this (exit code 3).
        case signIn
        /// The recipient did not take the message (exit code 4).
        case notDelivered
        /// The server could not be reached, or could not do it (exit code 5).
        case service
        /// Look before you send again (exit code 6).
        case outcomeUnknown
        /// The call was cut off (exit code 130).
        case cancelled

        /// The exit code for a program that ends because of such a failure.
        public var exitCode: Int32 {
            switch self {
            case .invalidInput: 2
            case .signIn: 3
            case .notDelivered: 4
            case .service: 5
            case .outcomeUnknown: 6
            case .cancelled: 130
            }
        }
    }

    /// Whether a message can have arrived although the call failed.
    public enum Sent: String, Sendable, CaseIterable {
        /// It was not delivered.
        case no
        /// It may have arrived; sending again may double it.
        case maybe
    }

    /// One place a call went through before it failed.
    public struct Hop: Sendable, Hashable {
        /// The URL without its query.
        public let url: String
        /// What came back, for example `401` or `connection refused`.
        public let outcome: String
    }
}

extension SendImError: LocalizedError, CustomStringConvertible {
    /// The sentence.
    public var errorDescription: String? { detail }

    /// The sentence.
    public var description: String { detail }
}
