internal import SendImNative

/// Who sends, and how the account signs in.
///
/// ```swift
/// let account = Account("tosh@contoso.com", password: password)
/// try await sendIm(to: "lenea@contoso.com", text: "disk full", from: account)
/// ```
///
/// Neither its description nor a dump shows the password or the user name.
public struct Account: Sendable {
    /// The stored account: `SEND_IM_ADDRESS`, `SEND_IM_PASSWORD`, `SEND_IM_USERNAME`, `SEND_IM_SERVER`,
    /// `SEND_IM_CA_FILE` and `SEND_IM_TLS` of the environment, without these the profile file `~/.config/send-im/config.toml`, which
    /// must be readable by its owner alone.
    public static let stored = Account(address: nil, password: nil)

    /// The sender's address, `user@domain`. Nil: the stored account.
    public let address: String?

    /// The URL of the discovery root. Nil: ask the sign-in domain.
    public var server: String?

    /// A file, PEM or DER, with certificate authorities to trust besides those of the operating system.
    public var caFile: String?

    /// Which cipher suites a server may choose from. Nil: `SEND_IM_TLS` of the environment, otherwise ``Tls/current``.
    public var tls: Tls?

    /// Further domains the server may lead to, such as `contoso.net`.
    public var trustedDomains: [String] = []

    let username: String?
    let password: String?
    let tokens: TokenSource?

    /// An account that signs in with a password.
    ///
    /// - Parameters:
    ///   - address: The sender's address, `user@domain`; `sip:` is optional.
    ///   - password: The password. Nil: `SEND_IM_PASSWORD` of the environment.
    ///   - username: The name to sign in with where it is not the address, such as `"CONTOSO\\smith"`.
    ///   - server: The URL of the discovery root. Nil: ask the sign-in domain.
    ///   - caFile: A file, PEM or DER, with certificate authorities to trust besides those of the operating system.
    ///   - trustedDomains: Further domains the server may lead to.
    public init(
        _ address: String,
        password: String? = nil,
        username: String? = nil,
        server: String? = nil,
        caFile: String? = nil,
        trustedDomains: [String] = []
    ) {
        self.init(address: address, password: password, username: username)
        self.server = server
        self.caFile = caFile
        self.trustedDomains = trustedDomains
    }

    /// An account that signs in with bearer tokens.
    ///
    /// - Parameters:
    ///   - address: The sender's address, `user@domain`; `sip:` is optional.
    ///   - server: The URL of the discovery root. Nil: ask the sign-in domain.
    ///   - caFile: A file, PEM or DER, with certificate authorities to trust besides those of the operating system.
    ///   - trustedDomains: Further domains the server may lead to.
    ///   - token: Gives a token, for each server that asks for one and again before one expires. It runs in a task of
    ///     its own, which is cancelled with the call. What it throws is the ``SendImError/underlyingError`` of an error of the
    ///     kind ``SendImError/Kind/credentialUnavailable``, whose sentence names its type and not its text.
    public init(
        _ address: String,
        server: String? = nil,
        caFile: String? = nil,
        trustedDomains: [String] = [],
        token: @escaping TokenSource
    ) {
        self.init(address: address, password: nil, tokens: token)
        self.server = server
        self.caFile = caFile
        self.trustedDomains = trustedDomains
    }

    private init(address: String?, password: String?, username: String? = nil, tokens: TokenSource? = nil) {
        self.address = address
        self.password = password
        self.username = username
        self.tokens = tokens
    }

    func options(timeout: Duration) -> AccountOptions {
        AccountOptions(
            address: address, username: username, password: password, server: server, caFile: caFile,
            tls: tls?.rawValue, trustedDomains: trustedDomains, timeoutMs: timeout.wholeMilliseconds)
    }
}

extension Account: CustomStringConvertible, CustomReflectable {
    public var description: String {
        "Account(\(address ?? "stored"))"
    }

    public var customMirror: Mirror {
        Mirror(self, children: ["address": address as Any, "server": server as Any], displayStyle: .struct)
    }
}
