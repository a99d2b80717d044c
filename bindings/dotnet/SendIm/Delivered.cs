using System;
using System.Collections.Generic;
using System.Linq;
using SendIm.Native;

namespace SendIm
{
    /// <summary>How a text reached the recipient of a sandbox.</summary>
    public enum Via
    {
        /// <summary>It rode in the invitation.</summary>
        Invitation,
        /// <summary>It followed as a message.</summary>
        Message,
    }

    /// <summary>A message that reached a recipient of a <see cref="Sandbox"/>.</summary>
    public sealed class Delivered
    {
        private Delivered(Json entry)
        {
            Number = (int)entry["number"].Whole;
            From = entry["from"].Text;
            To = entry["to"].Text;
            AcceptedBy = entry["accepted_by"].Text;
            Subject = entry["subject"].OptionalText;
            Importance = Names.Read<Importance>(entry["importance"].Text);
            Format = Names.Format(entry["format"].Text);
            Text = entry["text"].Text;
            Via = Names.Read<Via>(entry["via"].Text);
            Conversation = entry["conversation"].Text;
            ThreadId = entry["thread_id"].OptionalText;
            ReceivedAt = DateTimeOffset.FromUnixTimeMilliseconds(entry["received_at"].Whole);
        }

        /// <summary>Counts deliveries, from 1.</summary>
        public int Number { get; }

        /// <summary>The sender's address.</summary>
        public string From { get; }

        /// <summary>The address the sender asked for.</summary>
        public string To { get; }

        /// <summary>The address that took it; another one than <see cref="To"/> after a call-forward.</summary>
        public string AcceptedBy { get; }

        /// <summary>The subject.</summary>
        public string? Subject { get; }

        /// <summary>How urgent it is shown.</summary>
        public Importance Importance { get; }

        /// <summary>The form of the text.</summary>
        public TextFormat Format { get; }

        /// <summary>The text as it was sent.</summary>
        public string Text { get; }

        /// <summary>How it came.</summary>
        public Via Via { get; }

        /// <summary>The conversation it belongs to.</summary>
        public string Conversation { get; }

        /// <summary>The thread of that conversation.</summary>
        public string? ThreadId { get; }

        /// <summary>When the recipient got it, UTC.</summary>
        public DateTimeOffset ReceivedAt { get; }

        /// <summary>From whom to whom; neither text nor subject.</summary>
        public override string ToString() => $"message {Number} from {From} to {To}";

        internal static IReadOnlyList<Delivered> Read(string json) =>
            Json.Parse(json).Items.Select(entry => new Delivered(entry)).ToArray();
    }
}
