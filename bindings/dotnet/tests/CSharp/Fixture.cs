using System;

namespace SendIm.Tests
{
    /// <summary>What most tests need: a sandbox of their own, and somebody who sends.</summary>
    public abstract class Fixture : IDisposable
    {
        protected const string Sender = "tosh@contoso.com";
        protected const string Recipient = "lenea@contoso.com";
        protected const string Password = "s3cret-of-tosh";

        private readonly Lazy<Sandbox> sandbox = new Lazy<Sandbox>(() => SendIm.Sandbox.Start());

        protected Sandbox Sandbox => sandbox.Value;

        /// <summary>A new account each time: a test may change it.</summary>
        protected Account Account => Sandbox.Account(Sender, Password);

        public void Dispose()
        {
            if (sandbox.IsValueCreated)
            {
                sandbox.Value.Dispose();
            }
        }
    }
}
