/// What a bearer token is wanted for, as the server's challenge says it.
public struct TokenRequest: Sendable, Hashable {
    /// Scheme, host and port of the server that must accept the token: the OAuth resource.
    public let origin: String
    /// Where the server says tokens are issued, if it does.
    public let authorizationURI: String?
    /// The server's client id (OAuth audience), if it names one.
    public let clientID: String?
    /// The issuers the server trusts, if it names any.
    public let trustedIssuers: String?
    /// True where the token given before was rejected: a cached one will not do.
    public let rejected: Bool

    /// A request, for tests of your own token closure; the parameters are its properties.
    public init(
        origin: String, authorizationURI: String? = nil, clientID: String? = nil, trustedIssuers: String? = nil,
        rejected: Bool = false
    ) {
        self.origin = origin
        self.authorizationURI = authorizationURI
        self.clientID = clientID
        self.trustedIssuers = trustedIssuers
        self.rejected = rejected
    }
}

/// A bearer token and how long it lasts. Its value is in no description and no dump.
public struct BearerToken: Sendable, Discreet {
    /// The token without the word `Bearer`.
    public let value: String
    /// Its lifetime from now, counted in whole seconds. Nil: it is used until it is rejected.
    public let expiresIn: Duration?

    /// A token; the parameters are its properties.
    public init(_ value: String, expiresIn: Duration? = nil) {
        self.value = value
        self.expiresIn = expiresIn
    }

    var shown: KeyValuePairs<String, Any> { ["expiresIn": expiresIn as Any] }
}

/// Gives a bearer token for a request of a server.
public typealias TokenSource = @Sendable (TokenRequest) async throws -> BearerToken
