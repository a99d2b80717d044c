using System;
using System.Collections.Generic;

namespace SendIm
{
    /// <summary>What a receipt rests on.</summary>
    public enum Evidence
    {
        /// <summary>A name that a newer native library gave and this package does not know.</summary>
        Other,

        /// <summary>The text rode in the invitation and was accepted, which is not the same as read.</summary>
        InvitationAccepted,

        /// <summary>The recipient's side confirmed the message.</summary>
        MessageConfirmed,

        /// <summary>The server took it, and nobody waited for more.</summary>
        Submitted,
    }

    /// <summary>The form of a text.</summary>
    public enum TextFormat
    {
        /// <summary>Plain text.</summary>
        Plain,

        /// <summary>Html.</summary>
        Html,
    }

    /// <summary>Proof of a send.</summary>
    public sealed class Receipt
    {
        internal Receipt(
            string to,
            string? acceptedBy,
            Evidence evidence,
            TextFormat format,
            string? threadId,
            IReadOnlyList<FinishedStep> steps)
        {
            To = to;
            AcceptedBy = acceptedBy;
            Evidence = evidence;
            Format = format;
            ThreadId = threadId;
            Steps = steps;
        }

        /// <summary>The recipient's address as asked, without <c>sip:</c>.</summary>
        public string To { get; }

        /// <summary>
        /// Who accepted: someone else than <see cref="To"/> after a call-forward, null when only submitted. Accepted does not
        /// mean read: some clients accept by themselves.
        /// </summary>
        public string? AcceptedBy { get; }

        /// <summary>What the receipt rests on.</summary>
        public Evidence Evidence { get; }

        /// <summary>The form in which the text went.</summary>
        public TextFormat Format { get; }

        /// <summary>The server's id of the conversation's thread.</summary>
        public string? ThreadId { get; }

        /// <summary>Each step in order; those of a one-call send begin with discovery.</summary>
        public IReadOnlyList<FinishedStep> Steps { get; }

        /// <summary>Who accepted, and the evidence.</summary>
        public override string ToString() =>
            AcceptedBy == null ? $"sent to {To} ({Evidence})" : $"accepted by {AcceptedBy} ({Evidence})";
    }

    /// <summary>One finished step of a call. It holds no password, token or text.</summary>
    public sealed class FinishedStep
    {
        internal FinishedStep(SendStep step, string host, int? status, TimeSpan elapsed)
        {
            Step = step;
            Host = host;
            Status = status;
            Elapsed = elapsed;
        }

        /// <summary>Which step.</summary>
        public SendStep Step { get; }

        /// <summary>The host that was asked, with its port where it is not the usual one.</summary>
        public string Host { get; }

        /// <summary>The HTTP status of the answer; null where none came.</summary>
        public int? Status { get; }

        /// <summary>From the request to the end of the answer.</summary>
        public TimeSpan Elapsed { get; }

        /// <summary>The step in a line.</summary>
        public override string ToString() => FormattableString.Invariant(
            $"{Step}: {Host} answered {Status?.ToString() ?? "nothing"} after {Elapsed.TotalMilliseconds:0.0} ms");
    }
}
