using System;

namespace SendIm
{
    /// <summary>How urgent a message is shown.</summary>
    public enum Importance
    {
        /// <summary>As any message.</summary>
        Normal,
        /// <summary>Urgent.</summary>
        Urgent,
        /// <summary>An emergency.</summary>
        Emergency,
    }

    /// <summary>What a send waits for.</summary>
    public enum Wait
    {
        /// <summary>The recipient's client has accepted or confirmed.</summary>
        Delivered,
        /// <summary>The server has taken the message. The receipt says so.</summary>
        Submitted,
    }

    /// <summary>A message to one recipient. Its values are checked when it is sent.</summary>
    /// <example><code>
    /// new ImMessage("lenea@contoso.com", "disk full") { Subject = "db7", Importance = Importance.Urgent }
    /// </code></example>
    public sealed class ImMessage
    {
        /// <summary>A message with the usual options.</summary>
        /// <param name="to">The recipient's address, <c>user@domain</c>; <c>sip:</c> in front is optional.</param>
        /// <param name="text">The text, or html.</param>
        public ImMessage(string to, string text)
        {
            To = to ?? throw new ArgumentNullException(nameof(to));
            Text = text ?? throw new ArgumentNullException(nameof(text));
        }

        /// <summary>The recipient's address.</summary>
        public string To { get; }

        /// <summary>The text, or html.</summary>
        public string Text { get; }

        /// <summary>The subject, at most 250 UTF-16 units.</summary>
        public string? Subject { get; set; }

        /// <summary>How urgent it is shown.</summary>
        public Importance Importance { get; set; }

        /// <summary>True if the text is html. A server that takes none gets plain text, and the receipt says so.</summary>
        public bool IsHtml { get; set; }

        /// <summary>
        /// How long the message has to be delivered; null: 60 seconds. An invitation rings until then, unless the server gives
        /// up before. After it the call takes at most 2 s more to withdraw the invitation and learn what came of it.
        /// <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> is no limit.
        /// </summary>
        public TimeSpan? Timeout { get; set; }

        /// <summary>What the send waits for.</summary>
        public Wait Wait { get; set; }

        /// <summary>The recipient; neither text nor subject.</summary>
        public override string ToString() => $"a message to {To}";
    }
}
