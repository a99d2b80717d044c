package im.send

/** Which cipher suites a server may choose from. Its certificate is verified in the same way with both. */
public enum class Tls {
    /** Those of TLS 1.3, and of TLS 1.2 those with ECDHE and AES-GCM or ChaCha20-Poly1305. */
    CURRENT,
    /** Also those with ECDHE and AES-CBC, for servers such as Windows Server 2012 R2. */
    COMPATIBLE;

    /** The name that every language uses, such as `compatible`. */
    override fun toString(): String = name.lowercase()
}
