using System;
using System.Collections.Generic;
using System.Linq;
using SendIm.Native;

namespace SendIm
{
    /// <summary>How the servers of a sandbox are laid out.</summary>
    public enum SandboxLayout
    {
        /// <summary>One pool does everything.</summary>
        OnePool,
        /// <summary>The account is found on one pool and lives on another.</summary>
        TwoPools,
        /// <summary>The discovery root redirects to the home pool.</summary>
        Redirect,
    }

    /// <summary>How a <see cref="Sandbox"/> behaves.</summary>
    public sealed class SandboxOptions
    {
        /// <summary>How the servers are laid out.</summary>
        public SandboxLayout Layout { get; set; }

        /// <summary>True for https with a certificate authority made for this sandbox.</summary>
        public bool Https { get; set; }

        /// <summary>Address and port, such as <c>127.0.0.1:8080</c>; null: a free port of 127.0.0.1.</summary>
        public string? Listen { get; set; }

        /// <summary>How long an invitation to <c>silent@</c> rings; null: 30 seconds.</summary>
        public TimeSpan? Ring { get; set; }

        /// <summary>How long <c>slow@</c> takes to accept; null: 3 seconds.</summary>
        public TimeSpan? Slow { get; set; }

        /// <summary>How long a token is valid; null: as on a real server.</summary>
        public TimeSpan? TokenLifetime { get; set; }

        /// <summary>How long an empty request for events is held; null: as on a real server.</summary>
        public TimeSpan? PollTimeout { get; set; }

        /// <summary>Passwords by address; once there is one, only these users sign in.</summary>
        public IDictionary<string, string> Users { get; } = new Dictionary<string, string>();

        /// <summary>The discovery root answers with a redirect to this URL and nothing else.</summary>
        public string? RedirectTo { get; set; }

        /// <summary>A DNS name for the certificate and for every link.</summary>
        public string? HostName { get; set; }

        internal string ToJson() => Json.Write(new (string, object?)[]
        {
            ("layout", Names.Given(Layout, nameof(Layout)).Replace('_', '-')),
            ("https", Https),
            ("listen", Listen),
            ("redirect_to", RedirectTo),
            ("host_name", HostName),
            ("ring_ms", Options.Milliseconds(Ring)),
            ("slow_ms", Options.Milliseconds(Slow)),
            ("token_lifetime_ms", Options.Milliseconds(TokenLifetime)),
            ("poll_timeout_ms", Options.Milliseconds(PollTimeout)),
            ("users", Users.Count == 0 ? null : Users.Select(
                user => new (string, object?)[] { ("address", user.Key), ("password", user.Value) })),
        });
    }
}
