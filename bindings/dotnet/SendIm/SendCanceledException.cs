using System;
using System.Threading;

namespace SendIm
{
    /// <summary>
    /// The caller cancelled a call by its token. As every cancellation in .NET it is no failure of its own kind to catch; what
    /// became of the message is told by <see cref="Sent"/>.
    /// </summary>
    public sealed class SendCanceledException : OperationCanceledException
    {
        /// <summary>A cancellation for the tests of a program that has to treat one.</summary>
        /// <param name="error">The error of the call.</param>
        /// <param name="cancellationToken">The token that was cancelled.</param>
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
}
