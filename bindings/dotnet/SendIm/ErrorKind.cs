namespace SendIm
{
    /// <summary>What sort of failure.</summary>
    public enum ErrorKind
    {
        /// <summary>
        /// A kind that a newer native library knows and this package does not: see <see cref="SendImException.KindName"/>.
        /// </summary>
        Other,
        /// <summary>An argument is not usable; nothing was asked of the server.</summary>
        InvalidInput,
        /// <summary>The server was not found.</summary>
        DiscoveryFailed,
        /// <summary>The server leads to a host that is not to be trusted with credentials.</summary>
        UntrustedHost,
        /// <summary>The server's certificate is not to be trusted, or TLS failed otherwise.</summary>
        Tls,
        /// <summary>The server does not accept the credentials.</summary>
        SignInRefused,
        /// <summary>The server offers no way to sign in that is known here.</summary>
        SignInUnsupported,
        /// <summary>
        /// The program's own <see cref="Account.TokenProvider"/> gave no token, and no server refused anything. What it threw
        /// is the <see cref="System.Exception.InnerException"/>.
        /// </summary>
        CredentialUnavailable,
        /// <summary>The account may not do this.</summary>
        Forbidden,
        /// <summary>The account has too many sessions.</summary>
        LimitReached,
        /// <summary>There is no such recipient.</summary>
        RecipientNotFound,
        /// <summary>The recipient is not signed in, or not reachable.</summary>
        RecipientUnavailable,
        /// <summary>The recipient declined.</summary>
        Declined,
        /// <summary>The recipient did not answer.</summary>
        NoAnswer,
        /// <summary>The recipient does not want to be disturbed.</summary>
        Busy,
        /// <summary>The server asks to wait for longer than the call may take.</summary>
        Throttled,
        /// <summary>The server failed.</summary>
        ServiceError,
        /// <summary>The server was not reached, or the connection was lost.</summary>
        Network,
        /// <summary>The timeout passed.</summary>
        Timeout,
        /// <summary>The server answered something that is not understood.</summary>
        Protocol,
        /// <summary>It may have arrived: <see cref="SendImException.Sent"/> is <see cref="Sent.Maybe"/>.</summary>
        OutcomeUnknown,
        /// <summary>It was stopped on this side.</summary>
        Cancelled,
        /// <summary>The client was signed out before.</summary>
        Closed,
    }

    /// <summary>A step on the way of a message.</summary>
    public enum StepName
    {
        /// <summary>A step that a newer native library knows and this package does not.</summary>
        Other,
        /// <summary>Finding the server.</summary>
        Discover,
        /// <summary>Getting a token.</summary>
        SignIn,
        /// <summary>Opening a session.</summary>
        OpenSession,
        /// <summary>Inviting the recipient.</summary>
        Invite,
        /// <summary>Sending the message.</summary>
        Send,
        /// <summary>Waiting for the confirmation.</summary>
        Confirm,
        /// <summary>Ending the session.</summary>
        SignOut,
    }

    /// <summary>Whether a message may have arrived although its send failed.</summary>
    public enum Sent
    {
        /// <summary>It was not delivered.</summary>
        No,
        /// <summary>It may have arrived, and sending it again may double it.</summary>
        Maybe,
    }
}
