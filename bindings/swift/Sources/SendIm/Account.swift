internal import SendImNative

/// Who sends, and how the account signs in.
///
/// ```swift
/// let account = Account("tosh@contoso.com", password: password)
/// try await sendIm(to: "lenea@contoso.com", text: "disk full", from: account)
/// ```
///
/// What is nil comes from the environment: `SEND_IM_ADDRESS`, `SEND_IM_PASSWORD`, `SEND_IM_SERVER`, `SEND_IM_CA_FILE`,
/// `SEND_IM_TLS` and, for the address of the environment, `SEND_IM_USERNAME`. Where there is no address, it is the account of the
/// profile file `~/.config/send-im/config.toml`, which must be readable by its owner alone.
///
/// Its description and a dump show the address alone.
public struct Account: Sendable, Discreet {
    /// The account of the environment or of the profile file: one with nothing given.
    public static let stored = Account()

    /// The sender's address, `user@domain`; `sip:` is optional.
    public var address: String?
    /// The password, unless there is a ``token``.
    public var password: String?
    /// The name to sign in with where it is not the address, such as `"CONTOSO\\smith"`.
    public var username: String?
    /// The URL of the discovery root. Nil, also in the environment: the sign-in domain is asked.
    public var server: String?
    /// A file, PEM or DER, with certificate authorities to trust besides those of the operating system.
    public var caFile: String?
    /// Which cipher suites a server may choose from. Nil, also in the environment: ``TLS/current``.
    public var tls: TLS?
    /// Further domains the server may lead to, such as `contoso.net`.
    public var trustedDomains: [String]
    /// Gives bearer tokens, in place of a password: for each server that asks for one, and again before one expires. It runs in
    /// a task of its own, which is cancelled with the call. What it throws is the ``SendImError/underlyingError`` of an error of
    /// the kind ``SendImError/Kind/credentialUnavailable``, whose sentence names its type and not its text.
    public var token: TokenSource?

    /// An account; the parameters are its properties.
    public init(
        _ address: String? = nil,
        password: String? = nil,
        username: String? = nil,
        server: String? = nil,
        caFile: String? = nil,
        tls: TLS? = nil,
        trustedDomains: [String] = [],
        token: TokenSource? = nil
    ) {
        self.address = address
        self.password = password
        self.username = username
        self.server = server
        self.caFile = caFile
        self.tls = tls
        self.trustedDomains = trustedDomains
        self.token = token
    }

    /// The address alone: somebody may write a password into a URL.
    var shown: KeyValuePairs<String, Any> { ["address": address as Any] }

    func options(timeout: Duration) -> AccountOptions {
        AccountOptions(
            address: address, username: username, password: password, server: server, caFile: caFile,
            tls: tls?.rawValue, trustedDomains: trustedDomains, timeoutMs: timeout.wholeMilliseconds)
    }
}

/// Which cipher suites a server may choose from. Its certificate is verified in the same way with both.
public enum TLS: String, Sendable, CaseIterable {
    /// Those of TLS 1.3, and of TLS 1.2 those with ECDHE and AES-GCM or ChaCha20-Poly1305.
    case current
    /// Also those with ECDHE and AES-CBC, for servers such as Windows Server 2012 R2.
    case compatible
}
