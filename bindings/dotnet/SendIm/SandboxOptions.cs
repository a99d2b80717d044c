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

        internal string ToJson()
        {
            var json = new JsonText()
                .Add("layout", Names.Given(Layout, nameof(Layout)).Replace('_', '-'))
                .AddRaw("https", Https ? "true" : "false")
                .Add("listen", Listen)
                .Add("redirect_to", RedirectTo)
                .Add("host_name", HostName)
                .Add("ring_ms", Options.Milliseconds(Ring))
                .Add("slow_ms", Options.Milliseconds(Slow))
                .Add("token_lifetime_ms", Options.Milliseconds(TokenLifetime))
                .Add("poll_timeout_ms", Options.Milliseconds(PollTimeout));
            if (Users.Count > 0)
            {
                var users = Users.Select(user => new JsonText().Add("address", user.Key).Add("password", user.Value));
                json.AddRaw("users", "[" + string.Join(",", users) + "]");
            }

            return json.ToString();
        }
    }
}
