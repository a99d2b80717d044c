using System;
using System.Collections.Generic;

namespace SendIm
{
    /// <summary>
    /// A call failed. Its message is one sentence that a person can act on. It holds no password, no token and no text of a
    /// message. Where the program's own token provider threw something, that is the inner exception, as it came.
    /// </summary>
    /// <example><code>
    /// try { await Im.SendAsync(to, text); }
    /// catch (SendImException error) when (error.Sent == Sent.No) { Console.Error.WriteLine(error.Message); }
    /// </code></example>
    public sealed class SendImException : Exception
    {
        /// <summary>An error for the tests of a program that has to treat one.</summary>
        /// <param name="kind">What sort of failure.</param>
        /// <param name="detail">One sentence, the message.</param>
        /// <param name="sent">
        /// Whether the message may have arrived; null: <see cref="Sent.Maybe"/> of <see cref="ErrorKind.OutcomeUnknown"/>, else
        /// <see cref="Sent.No"/>.
        /// </param>
        /// <param name="step">The step that failed.</param>
        /// <param name="httpStatus">The HTTP status of the answer that decided.</param>
        /// <param name="code">The server's error code.</param>
        /// <param name="subcode">The server's subcode.</param>
        /// <param name="diagnostics">The server's diagnostics.</param>
        /// <param name="retryAfter">How long the server asked to wait.</param>
        /// <param name="hops">The way the call took; null: none.</param>
        /// <param name="innerException">What the program's own code threw.</param>
        public SendImException(
            ErrorKind kind,
            string detail,
            Sent? sent = null,
            SendStep? step = null,
            int? httpStatus = null,
            string? code = null,
            string? subcode = null,
            string? diagnostics = null,
            TimeSpan? retryAfter = null,
            IReadOnlyList<Hop>? hops = null,
            Exception? innerException = null)
            : this(
                Names.Of(kind),
                detail ?? throw new ArgumentNullException(nameof(detail)),
                sent ?? (kind == ErrorKind.OutcomeUnknown ? Sent.Maybe : Sent.No),
                step,
                httpStatus,
                code,
                subcode,
                diagnostics,
                retryAfter,
                hops ?? Array.Empty<Hop>(),
                Names.ExitCode(kind),
                innerException)
        {
        }

        internal SendImException(
            string kind,
            string detail,
            Sent sent,
            SendStep? step,
            int? httpStatus,
            string? code,
            string? subcode,
            string? diagnostics,
            TimeSpan? retryAfter,
            IReadOnlyList<Hop> hops,
            int exitCode,
            Exception? innerException)
            : base(detail, innerException)
        {
            Kind = Names.Kind(kind);
            KindName = kind;
            Sent = sent;
            Step = step;
            HttpStatus = httpStatus;
            Code = code;
            Subcode = subcode;
            Diagnostics = diagnostics;
            RetryAfter = retryAfter;
            Hops = hops;
            ExitCode = exitCode;
        }

        /// <summary>What sort of failure.</summary>
        public ErrorKind Kind { get; }

        /// <summary>Its stable name, the same in every language, such as <c>recipient_not_found</c>.</summary>
        public string KindName { get; }

        /// <summary>The step that failed; null where none had begun.</summary>
        public SendStep? Step { get; }

        /// <summary>The sentence, which is also the message.</summary>
        public string Detail => Message;

        /// <summary>Whether the message may have arrived. Look at it before you send again.</summary>
        public Sent Sent { get; }

        /// <summary>The HTTP status of the answer that decided.</summary>
        public int? HttpStatus { get; }

        /// <summary>The server's error code as it came, for example <c>RemoteFailure</c>.</summary>
        public string? Code { get; }

        /// <summary>The server's subcode as it came, for example <c>DoNotDisturb</c>.</summary>
        public string? Subcode { get; }

        /// <summary>The server's diagnostics, for its administrator. Not stable.</summary>
        public string? Diagnostics { get; }

        /// <summary>How long the server asked to wait.</summary>
        public TimeSpan? RetryAfter { get; }

        /// <summary>The way the call took, oldest first, where it explains the failure.</summary>
        public IReadOnlyList<Hop> Hops { get; }

        /// <summary>The exit code for a program that ends because of this error.</summary>
        public int ExitCode { get; }
    }

    /// <summary>One place a call went through before it failed.</summary>
    public sealed class Hop
    {
        /// <summary>A place, for the tests of a program.</summary>
        /// <param name="url">The URL without its query.</param>
        /// <param name="outcome">What came back.</param>
        public Hop(string url, string outcome)
        {
            Url = url ?? throw new ArgumentNullException(nameof(url));
            Outcome = outcome ?? throw new ArgumentNullException(nameof(outcome));
        }

        /// <summary>The URL without its query.</summary>
        public string Url { get; }

        /// <summary>What came back, for example <c>401</c> or <c>connection refused</c>.</summary>
        public string Outcome { get; }

        /// <summary>Both in a line.</summary>
        public override string ToString() => $"{Url}: {Outcome}";
    }
}
