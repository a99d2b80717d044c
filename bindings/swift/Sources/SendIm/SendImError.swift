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
    /// The sort of failure.
    public let kind: Kind
    /// The step that failed. Nil where no step had begun.
    public let step: StepName?
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
    /// What the program's own token closure threw, where that is why. Equal errors may have different ones.
    public var underlyingError: (any Error)? { cause?.error }

    private let cause: Cause?

    /// What a program does about it: several kinds belong to one family.
    public var family: Family {
        switch kind {
        case .invalidInput: .invalidInput
        case .signInRefused, .signInUnsupported, .credentialUnavailable, .forbidden: .signIn
        case .recipientNotFound, .recipientUnavailable, .declined, .noAnswer, .busy: .notDelivered
        case .outcomeUnknown: .outcomeUnknown
        case .cancelled: .cancelled
        default: .service
        }
    }

    /// The exit code for a program that ends because of this error.
    public var exitCode: Int32 { family.rawValue }

    /// An error, for tests of your own code; the parameters are its properties. By default `detail` is the name of the kind, and
    /// `sent` is `.maybe` with ``Kind/outcomeUnknown`` and `.no` with the others.
    public init(
        _ kind: Kind,
        detail: String? = nil,
        step: StepName? = nil,
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
        self.step = step
        self.detail = detail ?? kind.rawValue
        self.sent = sent ?? (kind == .outcomeUnknown ? .maybe : .no)
        self.httpStatus = httpStatus
        self.code = code
        self.subcode = subcode
        self.diagnostics = diagnostics
        self.retryAfter = retryAfter
        self.hops = hops
        cause = underlyingError.map(Cause.init)
    }

    init(_ failure: Failure, asking tokens: TokenRelay? = nil) {
        self.init(
            Kind(rawValue: failure.kind), detail: failure.detail, step: failure.step.map(StepName.init(rawValue:)),
            // A word this version does not know must not be taken for a no.
            sent: Sent(rawValue: failure.sent) ?? .maybe, httpStatus: failure.httpStatus.map(Int.init),
            code: failure.code, subcode: failure.subcode, diagnostics: failure.diagnostics,
            retryAfter: failure.retryAfterMs.map { .milliseconds(Int64(clamping: $0)) },
            hops: failure.hops.map { Hop(url: $0.url, outcome: $0.outcome) },
            underlyingError: failure.cause.flatMap { tokens?.thrown($0) })
    }

    /// An error of the program, which may not be comparable and whose text may hold a secret.
    private struct Cause: Sendable, Hashable, Discreet {
        let error: any Error
        var shown: KeyValuePairs<String, Any> { ["type": type(of: error)] }

        static func == (_: Self, _: Self) -> Bool { true }

        func hash(into _: inout Hasher) {}
    }
}

extension SendImError {
    /// The sorts of failure. Later versions may have more.
    public struct Kind: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// An argument, the environment or the profile file is not usable. Nothing was sent.
        public static let invalidInput = Kind(rawValue: "invalid_input")
        /// No server answered for the sign-in domain, or what answered was not a Lync or Skype for Business server.
        public static let discoveryFailed = Kind(rawValue: "discovery_failed")
        /// The server pointed to a host outside the trust rule. No credential was sent there.
        public static let untrustedHost = Kind(rawValue: "untrusted_host")
        /// The TLS handshake failed.
        public static let tls = Kind(rawValue: "tls")
        /// The server refused the user name, the password or the token.
        public static let signInRefused = Kind(rawValue: "sign_in_refused")
        /// The server does not offer a way of signing in that this account can use.
        public static let signInUnsupported = Kind(rawValue: "sign_in_unsupported")
        /// The program's own token closure gave no token. No server refused anything; what it threw is the
        /// ``SendImError/underlyingError``.
        public static let credentialUnavailable = Kind(rawValue: "credential_unavailable")
        /// The account is signed in but not permitted to do this.
        public static let forbidden = Kind(rawValue: "forbidden")
        /// A limit of the server is reached.
        public static let limitReached = Kind(rawValue: "limit_reached")
        /// The server knows no such recipient.
        public static let recipientNotFound = Kind(rawValue: "recipient_not_found")
        /// The recipient is offline or cannot take instant messages now.
        public static let recipientUnavailable = Kind(rawValue: "recipient_unavailable")
        /// The recipient declined.
        public static let declined = Kind(rawValue: "declined")
        /// The invitation rang and nobody answered.
        public static let noAnswer = Kind(rawValue: "no_answer")
        /// The recipient is busy or does not want to be disturbed.
        public static let busy = Kind(rawValue: "busy")
        /// The server asked to slow down for longer than the call may take.
        public static let throttled = Kind(rawValue: "throttled")
        /// The server failed.
        public static let serviceError = Kind(rawValue: "service_error")
        /// The network failed.
        public static let network = Kind(rawValue: "network")
        /// The message's timeout passed: no answer of the server, or none yet of the recipient.
        public static let timeout = Kind(rawValue: "timeout")
        /// The answer could not be understood.
        public static let `protocol` = Kind(rawValue: "protocol")
        /// The message may or may not have arrived. It was not sent a second time.
        public static let outcomeUnknown = Kind(rawValue: "outcome_unknown")
        /// The task was cancelled, or the client cancelled everything.
        public static let cancelled = Kind(rawValue: "cancelled")
        /// The client is signed out, or the sandbox is stopped.
        public static let closed = Kind(rawValue: "closed")

        /// The name, the same in every language.
        public let rawValue: String
        public var description: String { rawValue }

        public init(rawValue: String) { self.rawValue = rawValue }
    }

    /// What a program does about a failure. The raw value is the exit code for a program that ends because of it.
    public enum Family: Int32, Sendable, CaseIterable {
        /// Correct the arguments, the environment or the profile file.
        case invalidInput = 2
        /// The account cannot sign in or is not permitted to do this.
        case signIn = 3
        /// The recipient did not take the message.
        case notDelivered = 4
        /// The server could not be reached, or could not do it.
        case service = 5
        /// Look before you send again.
        case outcomeUnknown = 6
        /// The call was cut off.
        case cancelled = 130
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

        /// A place, for tests of your own code.
        public init(url: String, outcome: String) {
            self.url = url
            self.outcome = outcome
        }
    }
}

extension SendImError: LocalizedError, CustomStringConvertible {
    /// The sentence.
    public var errorDescription: String? { detail }

    /// The sentence.
    public var description: String { detail }
}
