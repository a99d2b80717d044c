using System;
using System.Threading;
using System.Threading.Tasks;
using SendIm.Native;

namespace SendIm
{
    /// <summary>
    /// Delivers an instant message to a Skype for Business or Lync user: signs in, sends, waits for the delivery, signs out.
    /// </summary>
    /// <remarks>
    /// <para>
    /// A receipt means that the recipient's client accepted the invitation that carried the text, or confirmed the message.
    /// A message whose fate is not known is never sent a second time: the error says <see cref="Sent.Maybe"/>.
    /// </para>
    /// <para>
    /// Without an account, or with one that names no address, the stored one sends: <c>SEND_IM_ADDRESS</c>,
    /// <c>SEND_IM_PASSWORD</c> and, where needed, <c>SEND_IM_USERNAME</c>, <c>SEND_IM_SERVER</c>, <c>SEND_IM_CA_FILE</c> and
    /// <c>SEND_IM_TLS</c>; else the file <c>~/.config/send-im/config.toml</c>, on Windows
    /// <c>%APPDATA%\send-im\config.toml</c>.
    /// </para>
    /// </remarks>
    /// <example><code>
    /// var receipt = await Im.SendAsync("lenea@contoso.com", "disk full on db7");
    /// </code></example>
    public static class Im
    {
        /// <summary>Sends one message and waits for its delivery.</summary>
        /// <param name="to">The recipient's address, <c>user@domain</c>; <c>sip:</c> in front is optional.</param>
        /// <param name="text">The text.</param>
        /// <param name="account">Who sends; null: the stored account.</param>
        /// <exception cref="SendImException">It was not delivered, or it is not known whether it was.</exception>
        public static Receipt Send(string to, string text, Account? account = null) =>
            Send(new ImMessage(to, text), account);

        /// <summary>Sends one message and waits for its delivery.</summary>
        /// <param name="message">
        /// What is sent, and how. Its timeout is that of the whole call, which closes its session in at most another 3 s.
        /// </param>
        /// <param name="account">Who sends; null: the stored account.</param>
        /// <exception cref="SendImException">It was not delivered, or it is not known whether it was.</exception>
        public static Receipt Send(ImMessage message, Account? account = null) =>
            Call.Run(Sending(message, account), Reader.TakeReceipt);

        /// <summary>Sends one message without blocking a thread.</summary>
        /// <param name="to">The recipient's address, <c>user@domain</c>; <c>sip:</c> in front is optional.</param>
        /// <param name="text">The text.</param>
        /// <param name="account">Who sends; null: the stored account.</param>
        /// <param name="cancellationToken">Stops waiting at once. An invitation that rings is withdrawn.</param>
        /// <exception cref="SendImException">It was not delivered, or it is not known whether it was.</exception>
        /// <exception cref="SendCanceledException">It was cancelled by the token.</exception>
        public static Task<Receipt> SendAsync(
            string to, string text, Account? account = null, CancellationToken cancellationToken = default) =>
            SendAsync(new ImMessage(to, text), account, cancellationToken);

        /// <summary>Sends one message without blocking a thread.</summary>
        /// <param name="message">What is sent, and how; its timeout is as in <see cref="Send(ImMessage, Account?)"/>.</param>
        /// <param name="account">Who sends; null: the stored account.</param>
        /// <param name="cancellationToken">Stops waiting at once. An invitation that rings is withdrawn.</param>
        /// <exception cref="SendImException">It was not delivered, or it is not known whether it was.</exception>
        /// <exception cref="SendCanceledException">It was cancelled by the token.</exception>
        public static Task<Receipt> SendAsync(
            ImMessage message, Account? account = null, CancellationToken cancellationToken = default) =>
            Call.RunAsync(Sending(message, account), Reader.TakeReceipt, cancellationToken);

        private static Call.Begin Sending(ImMessage message, Account? account)
        {
            _ = message ?? throw new ArgumentNullException(nameof(message));
            return (out CallHandle call) =>
            {
                using var options = Options.ForSend(account, message);
                return NativeMethods.send_im_begin(
                    options, Utf8.Text(message.To, "to"), Utf8.Text(message.Text, "text"), out call);
            };
        }
    }
}
