using System;

namespace SendIm.PowerShell
{
    /// <summary>Messages as the parameters of a function describe them.</summary>
    public static class Message
    {
        /// <summary>A message.</summary>
        /// <param name="to">The recipient's address.</param>
        /// <param name="text">The text, or html. A line break at its end is taken off, as Out-String leaves one.</param>
        /// <param name="subject">The subject; null or empty: none.</param>
        /// <param name="importance">Normal, Urgent or Emergency.</param>
        /// <param name="isHtml">True if the text is html.</param>
        /// <param name="timeout">How long it has to be delivered.</param>
        public static ImMessage Of(
            string to, string text, string? subject, Importance importance, bool isHtml, TimeSpan? timeout) =>
            new ImMessage(to, (text ?? throw new ArgumentNullException(nameof(text))).TrimEnd('\r', '\n'))
            {
                Subject = string.IsNullOrEmpty(subject) ? null : subject,
                Importance = importance,
                IsHtml = isHtml,
                Timeout = timeout,
            };
    }
}
