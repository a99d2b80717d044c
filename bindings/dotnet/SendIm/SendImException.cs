using System;
using System.Collections.Generic;
using System.Threading;

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
        /// <summary>An error for the tests of a program; its parameters are the properties of these names.</summary>
        /// <remarks>Not given, <see cref="Sent"/> is Maybe of <see cref="ErrorKind.OutcomeUnknown"/>, else No.</remarks>
        public SendImException(
            ErrorKind kind,
            string detail,
            Sent? sent = null,
            StepName? step = null,
            int? httpStatus = null,
            string? code = null,
            string? subcode = null,
            string? diagnostics = null,
            TimeSpan? retryAfter = null,
            IReadOnlyList<Hop>? hops = null,
            Exception? innerException = null)
            : base(detail ?? throw new ArgumentNullException(nameof(detail)), innerException)
        {
            Kind = kind;
            KindName = Names.Of(kind.ToString());
            Sent = sent ?? (kind == ErrorKind.OutcomeUnknown ? Sent.Maybe : Sent.No);
            Step = step;
            HttpStatus = httpStatus;
            Code = code;
            Subcode = subcode;
            Diagnostics = diagnostics;
            RetryAfter = retryAfter;
            Hops = hops ?? Array.Empty<Hop>();
            ExitCode = Names.ExitCode(kind);
        }

        /// <summary>What sort of failure.</summary>
        public ErrorKind Kind { get; }

        /// <summary>Its stable name, the same in every language, such as <c>recipient_not_found</c>.</summary>
        public string KindName { get; internal set; }

        /// <summary>The step that failed; null where none had begun.</summary>
        public StepName? Step { get; }

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
        public int ExitCode { get; internal set; }
    }

    /// <summary>
    /// The caller cancelled a call by its token. As every cancellation in .NET it is no failure of its own kind to catch; what
    /// became of the message is told by <see cref="Sent"/>.
    /// </summary>
    public sealed class SendCanceledException : OperationCanceledException
    {
        /// <summary>A cancellation for the tests of a program that has to treat one.</summary>
        public SendCanceledException(SendImException error, CancellationToken cancellationToken = default)
            : base((error ?? throw new ArgumentNullException(nameof(error))).Message, error, cancellationToken)
        {
            Error = error;
        }

        /// <summary>The error of the call, of the kind <see cref="ErrorKind.Cancelled"/>; also the inner exception.</summary>
        public SendImException Error { get; }

        /// <summary>Whether the message may have arrived.</summary>
        public Sent Sent => Error.Sent;
    }

    /// <summary>One place a call went through before it failed.</summary>
    public sealed class Hop
    {
        /// <summary>A place, for the tests of a program.</summary>
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
