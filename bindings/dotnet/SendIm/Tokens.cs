using System;
using System.Diagnostics;
using SendIm.Native;

namespace SendIm
{
    /// <summary>What a token is wanted for, as the server's challenge says it.</summary>
    public sealed class TokenRequest
    {
        /// <summary>A request, to test a token provider with; its parameters are the properties of these names.</summary>
        public TokenRequest(
            string origin,
            string? authorizationUri = null,
            string? clientId = null,
            string? trustedIssuers = null,
            bool rejected = false)
        {
            Origin = origin ?? throw new ArgumentNullException(nameof(origin));
            AuthorizationUri = authorizationUri;
            ClientId = clientId;
            TrustedIssuers = trustedIssuers;
            Rejected = rejected;
        }

        /// <summary>Scheme, host and port of the server that must accept the token: the OAuth resource.</summary>
        public string Origin { get; }

        /// <summary>Where the server says tokens are issued.</summary>
        public string? AuthorizationUri { get; }

        /// <summary>The server's client id (OAuth audience).</summary>
        public string? ClientId { get; }

        /// <summary>The issuers the server trusts.</summary>
        public string? TrustedIssuers { get; }

        /// <summary>True where the token given before was rejected: a cached one will not do.</summary>
        public bool Rejected { get; }

        /// <summary>The origin.</summary>
        public override string ToString() => $"a token for {Origin}";
    }

    /// <summary>A bearer token. It can be made and not be read.</summary>
    public sealed class Token
    {
        /// <summary>A token and how long it lasts from now.</summary>
        /// <param name="value">The token without the word <c>Bearer</c>.</param>
        /// <param name="expiresIn">Its lifetime; null: it is used until it is rejected.</param>
        /// <exception cref="SendImException">It holds what is no text, such as a NUL character.</exception>
        public Token(string value, TimeSpan? expiresIn = null)
        {
            Utf8.Check(value, nameof(value));
            Value = value;
            ExpiresIn = expiresIn;
        }

        /// <summary>Its lifetime from the moment it was made.</summary>
        public TimeSpan? ExpiresIn { get; }

        [DebuggerBrowsable(DebuggerBrowsableState.Never)]
        internal string Value { get; }

        /// <summary>Nothing secret.</summary>
        public override string ToString() => "a token";
    }
}
