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
    /// <remarks>A type called Format would hide Visual Basic's function of that name.</remarks>
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
        /// <summary>A receipt for the tests of a program; its parameters are the properties of these names.</summary>
        /// <remarks>Where <see cref="AcceptedBy"/> is not given, it is the recipient; null where it is only submitted.</remarks>
        public Receipt(
            string to,
            Evidence evidence = Evidence.InvitationAccepted,
            string? acceptedBy = null,
            TextFormat format = TextFormat.Plain,
            string? threadId = null,
            IReadOnlyList<Step>? steps = null)
        {
            To = to ?? throw new ArgumentNullException(nameof(to));
            AcceptedBy = acceptedBy ?? (evidence == Evidence.Submitted ? null : to);
            Evidence = evidence;
            Format = format;
            ThreadId = threadId;
            Steps = steps ?? Array.Empty<Step>();
        }

        /// <summary>The recipient's address as asked, without <c>sip:</c>.</summary>
        public string To { get; }

        /// <summary>
        /// Who accepted: someone else than <see cref="To"/> after a call-forward; null when only submitted, or
        /// where the server does not say. Accepted does not
        /// mean read: some clients accept by themselves.
        /// </summary>
        public string? AcceptedBy { get; internal set; }

        /// <summary>What the receipt rests on.</summary>
        public Evidence Evidence { get; }

        /// <summary>The form in which the text went.</summary>
        public TextFormat Format { get; }

        /// <summary>The server's id of the conversation's thread.</summary>
        public string? ThreadId { get; }

        /// <summary>Each step in order; those of a one-call send begin with discovery.</summary>
        public IReadOnlyList<Step> Steps { get; }

        /// <summary>Who accepted, and the evidence.</summary>
        public override string ToString() =>
            AcceptedBy == null ? $"sent to {To} ({Evidence})" : $"accepted by {AcceptedBy} ({Evidence})";
    }

    /// <summary>One finished step of a call. It holds no password, token or text.</summary>
    public sealed class Step
    {
        /// <summary>A step, for the tests of a program; its parameters are the properties of these names.</summary>
        public Step(StepName name, string host, int? status = null, TimeSpan elapsed = default)
        {
            Name = name;
            Host = host ?? throw new ArgumentNullException(nameof(host));
            Status = status;
            Elapsed = elapsed;
        }

        /// <summary>Which step.</summary>
        public StepName Name { get; }

        /// <summary>The host that was asked, with its port where it is not the usual one.</summary>
        public string Host { get; }

        /// <summary>The HTTP status of the answer; null where none came.</summary>
        public int? Status { get; }

        /// <summary>From the request to the end of the answer.</summary>
        public TimeSpan Elapsed { get; }

        /// <summary>The step in a line.</summary>
        public override string ToString() => FormattableString.Invariant(
            $"{Name}: {Host} answered {Status?.ToString() ?? "nothing"} after {Elapsed.TotalMilliseconds:0.0} ms");
    }
}
