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
        /// <summary>A receipt of plain text that the recipient accepted, for the tests of a program.</summary>
        /// <param name="to">The recipient's address.</param>
        /// <param name="evidence">What it rests on; <see cref="SendIm.Evidence.Submitted"/>: nobody has accepted yet.</param>
        public Receipt(string to, Evidence evidence = Evidence.InvitationAccepted)
            : this(to, evidence == Evidence.Submitted ? null : to, evidence)
        {
        }

        /// <summary>A receipt with every value, for the tests of a program.</summary>
        /// <param name="to">The recipient's address.</param>
        /// <param name="acceptedBy">Who accepted.</param>
        /// <param name="evidence">What it rests on.</param>
        /// <param name="format">The form in which the text went.</param>
        /// <param name="threadId">The server's id of the conversation's thread.</param>
        /// <param name="steps">Each step in order; null: none.</param>
        public Receipt(
            string to,
            string? acceptedBy,
            Evidence evidence,
            TextFormat format = TextFormat.Plain,
            string? threadId = null,
            IReadOnlyList<FinishedStep>? steps = null)
        {
            To = to ?? throw new ArgumentNullException(nameof(to));
            AcceptedBy = acceptedBy;
            Evidence = evidence;
            Format = format;
            ThreadId = threadId;
            Steps = steps ?? Array.Empty<FinishedStep>();
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
        /// <summary>A step, for the tests of a program.</summary>
        /// <param name="step">Which step.</param>
        /// <param name="host">The host that was asked.</param>
        /// <param name="status">The HTTP status of the answer.</param>
        /// <param name="elapsed">From the request to the end of the answer.</param>
        public FinishedStep(SendStep step, string host, int? status = null, TimeSpan elapsed = default)
        {
            Step = step;
            Host = host ?? throw new ArgumentNullException(nameof(host));
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
