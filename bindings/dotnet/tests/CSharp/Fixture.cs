using System;
using System.Linq;
using Harness;

namespace SendIm.Tests
{
    /// <summary>What most tests need: a sandbox of their own, and somebody who sends.</summary>
    public abstract class Fixture : IDisposable
    {
        protected const string Sender = "tosh@contoso.com";
        protected const string Recipient = "lenea@contoso.com";
        protected const string Password = "s3cret-of-tosh";

        private readonly Lazy<Sandbox> sandbox;

        protected Fixture(SandboxOptions? options = null)
        {
            sandbox = new Lazy<Sandbox>(() => SendIm.Sandbox.Start(options));
        }

        protected Sandbox Sandbox => sandbox.Value;

        /// <summary>A new account each time: a test may change it.</summary>
        protected Account Account => Sandbox.Account(Sender, Password);

        /// <summary>A message that waits for half an hour.</summary>
        protected static ImMessage Patient(string to = "silent@contoso.com") =>
            new ImMessage(to, "hi") { Timeout = TimeSpan.FromMinutes(30) };

        /// <summary>Waits until an invitation rings in each session.</summary>
        protected void Ringing()
        {
            var sessions = Sandbox.Journal().Count(one => one.Method == "POST" && one.Path.EndsWith("/applications"));
            Check.Eventually(() => Sandbox.Journal().Count(one => one.IsInvitation()) >= Math.Max(sessions, 1), "it rings");
        }

        public void Dispose()
        {
            if (sandbox.IsValueCreated)
            {
                sandbox.Value.Dispose();
            }
        }
    }
}
