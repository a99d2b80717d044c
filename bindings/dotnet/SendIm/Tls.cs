namespace SendIm
{
    /// <summary>Which cipher suites a server may choose from. Its certificate is verified in the same way with both.</summary>
    public enum Tls
    {
        /// <summary>Those of TLS 1.3, and of TLS 1.2 those with ECDHE and AES-GCM or ChaCha20-Poly1305.</summary>
        Current,

        /// <summary>Also those with ECDHE and AES-CBC, for servers such as Windows Server 2012 R2.</summary>
        Compatible,
    }
}
