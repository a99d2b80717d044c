using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using SendIm.Native;

namespace SendIm
{
    /// <summary>Who sends, and through which server. What can be read back of it holds no secret.</summary>
    /// <remarks>It is copied by the call that gets it.</remarks>
    /// <example><code>
    /// var account = new Account("tosh@contoso.com", password) { Username = @"CONTOSO\smith" };
    /// </code></example>
    public sealed class Account
    {
        /// <summary>The stored account, from the environment or from the profile file (see <see cref="Im"/>).</summary>
        public Account()
        {
        }

        /// <summary>An account by its address.</summary>
        /// <param name="address">The sender's address, <c>user@domain</c>.</param>
        /// <param name="password">
        /// Its password; null, and no token: <c>SEND_IM_PASSWORD</c>.
        /// </param>
        public Account(string address, string? password = null)
        {
            Address = address ?? throw new ArgumentNullException(nameof(address));
            Password = password;
        }

        /// <summary>The sender's address; null: that of the stored account.</summary>
        public string? Address { get; set; }

        /// <summary>The name to sign in with where it is not the address, such as <c>@"CONTOSO\smith"</c>.</summary>
        public string? Username { get; set; }

        /// <summary>The password. It can be set and not be read.</summary>
        [DebuggerBrowsable(DebuggerBrowsableState.Never)]
        public string? Password { internal get; set; }

        /// <summary>
        /// A bearer token in place of a password, without the word <c>Bearer</c>, for every server that asks. Once it is
        /// rejected, calls fail with <see cref="ErrorKind.SignInRefused"/>. It can be set and not be read.
        /// </summary>
        [DebuggerBrowsable(DebuggerBrowsableState.Never)]
        public string? Token { internal get; set; }

        /// <summary>
        /// Gives bearer tokens in place of a password: for each server that asks for one, before one expires, and when one
        /// was rejected. It runs on the thread pool. Its cancellation token is cancelled when the call, or the client, no
        /// longer needs an answer.
        /// </summary>
        /// <remarks>
        /// What it throws makes the call fail with <see cref="ErrorKind.CredentialUnavailable"/>, and is the inner exception of
        /// that error, whose own message names its type and not its text.
        /// </remarks>
        [DebuggerBrowsable(DebuggerBrowsableState.Never)]
        public Func<TokenRequest, CancellationToken, Task<Token>>? TokenProvider { get; set; }

        /// <summary>
        /// The URL of the discovery root, such as <see cref="Sandbox.Url"/>; null: <c>SEND_IM_SERVER</c>, else it is found by
        /// the domain of the address.
        /// </summary>
        public string? Server { get; set; }

        /// <summary>A file, PEM or DER, with certificate authorities to trust besides those of the system.</summary>
        public string? CaFile { get; set; }

        /// <summary>
        /// Which cipher suites the server may choose from; null: <c>SEND_IM_TLS</c>, else <see cref="SendIm.Tls.Current"/>.
        /// </summary>
        public Tls? Tls { get; set; }

        /// <summary>Further domains the server may lead to.</summary>
        public IList<string> TrustedDomains { get; } = new List<string>();

        /// <summary>
        /// How long <see cref="ImClient.SignIn"/> may take; null: 60 seconds. A one-call send takes the timeout of its message.
        /// </summary>
        public TimeSpan? SignInTimeout { get; set; }

        /// <summary>
        /// Called at the end of each step, on a thread of the native library, by several at a time. It must return quickly:
        /// the send waits for it. What it throws ends no call and is a warning of <see cref="Log"/>.
        /// </summary>
        public Action<Step>? OnStep { get; set; }

        /// <summary>
        /// A log with the levels and the order of arguments of <c>ILogger.Log</c>. It gets a line for each finished step, and
        /// what no call can tell as a warning; null: warnings go to standard error. It is called as <see cref="OnStep"/> is,
        /// and sees no password, token or text.
        /// </summary>
        /// <example><code>
        /// account.Log = (level, error, text) => logger.Log((LogLevel)level, error, "{SendIm}", text);
        /// </code></example>
        public Action<ImLogLevel, Exception?, string>? Log { get; set; }

        /// <summary>
        /// Walks as a send would, and sends nothing: names, proxy, connection, TLS, discovery, sign-in, session, events, clock.
        /// It signs in once, as a refused password may lock the account, and signs out.
        /// </summary>
        /// <remarks>
        /// Opening the session takes at most <see cref="SignInTimeout"/>; names, connections and TLS are looked at before.
        /// </remarks>
        /// <exception cref="SendImException">The account is not usable. Everything else is a check that failed.</exception>
        public Diagnosis Diagnose() => Call.Run(Diagnosing(), Reader.TakeDiagnosis);

        /// <summary>The same without blocking a thread.</summary>
        /// <param name="cancellationToken">Stops it at once.</param>
        /// <exception cref="SendImException">The account is not usable. Everything else is a check that failed.</exception>
        /// <exception cref="SendCanceledException">It was cancelled by the token.</exception>
        public Task<Diagnosis> DiagnoseAsync(CancellationToken cancellationToken = default) =>
            Call.RunAsync(Diagnosing(), Reader.TakeDiagnosis, cancellationToken);

        private Call.Begin Diagnosing() => (out CallHandle call) =>
        {
            using var options = Options.ForSignIn(this);
            return NativeMethods.send_im_diagnose_begin(options, out call);
        };

        /// <summary>The address.</summary>
        public override string ToString() => Address ?? "the stored account";
    }

    /// <summary>How much a line of the log matters. The numbers are those of Microsoft.Extensions.Logging.LogLevel.</summary>
    public enum ImLogLevel
    {
        /// <summary>A finished step.</summary>
        Debug = 1,
        /// <summary>What no call can tell: a handler threw, or the end of a client could not sign out.</summary>
        Warning = 3,
    }

    /// <summary>Which cipher suites a server may choose from. Its certificate is verified in the same way with both.</summary>
    public enum Tls
    {
        /// <summary>Those of TLS 1.3, and of TLS 1.2 those with ECDHE and AES-GCM or ChaCha20-Poly1305.</summary>
        Current,
        /// <summary>Also those with ECDHE and AES-CBC, for servers such as Windows Server 2012 R2.</summary>
        Compatible,
    }
}
