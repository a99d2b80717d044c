using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace SendIm
{
    /// <summary>What an <see cref="ImClient"/> does, for code that gets its client injected or is tested without one.</summary>
    // Not IAsyncDisposable: what implements this over .NET Standard 2.0, which has no such type, must load with 2.1 too.
    public interface IImClient : IDisposable
    {
        /// <summary>Sends one message and waits for its delivery.</summary>
        /// <param name="message">What is sent, and how.</param>
        /// <exception cref="SendImException">It was not delivered, or it is not known whether it was.</exception>
        /// <remarks>Messages of one thread to one recipient arrive in the order of the calls.</remarks>
        Receipt Send(ImMessage message);

        /// <summary>Sends one message without blocking a thread.</summary>
        /// <param name="message">What is sent, and how.</param>
        /// <param name="cancellationToken">Stops waiting at once. An invitation that rings is withdrawn.</param>
        /// <exception cref="SendImException">It was not delivered, or it is not known whether it was.</exception>
        /// <exception cref="SendCanceledException">It was cancelled by the token.</exception>
        Task<Receipt> SendAsync(ImMessage message, CancellationToken cancellationToken = default);

        /// <summary>
        /// Sends many messages, some tens at a time, and waits for all. One that fails does not hide what became of the rest.
        /// </summary>
        /// <param name="messages">The messages. The timeout of each begins when its turn comes.</param>
        /// <returns>A result for each message, in the same order.</returns>
        /// <exception cref="SendImException">None could begin.</exception>
        IReadOnlyList<SendResult> SendAll(IEnumerable<ImMessage> messages);

        /// <summary>Does what <see cref="SendAll"/> does, without blocking a thread.</summary>
        /// <param name="messages">The messages. The timeout of each begins when its turn comes.</param>
        /// <param name="cancellationToken">
        /// Ends those that have not ended: they fail with <see cref="ErrorKind.Cancelled"/>, the others keep their result.
        /// </param>
        /// <returns>A result for each message, in the same order, also after a cancellation.</returns>
        /// <exception cref="SendImException">None could begin.</exception>
        /// <exception cref="SendCanceledException">The token was cancelled before.</exception>
        Task<IReadOnlyList<SendResult>> SendAllAsync(
            IEnumerable<ImMessage> messages, CancellationToken cancellationToken = default);

        /// <summary>
        /// Ends every send under way at once: each fails with <see cref="ErrorKind.Cancelled"/>, and its
        /// <see cref="SendImException.Sent"/> says whether the message can have arrived. Later sends fail with
        /// <see cref="ErrorKind.Closed"/>. The session is still to be signed out.
        /// </summary>
        void CancelAll();

        /// <summary>
        /// Waits for the sends under way, each of which ends with its own timeout at the latest, then closes the session on the
        /// server, in at most 3 s. Sends that begin later fail with <see cref="ErrorKind.Closed"/>; a second call does nothing.
        /// </summary>
        /// <param name="timeout">
        /// How long to wait for the sends under way. What has not ended by then is cancelled, as by <see cref="CancelAll"/>.
        /// Null, or <see cref="Timeout.InfiniteTimeSpan"/>: no bound.
        /// </param>
        /// <exception cref="SendImException">The server could not be told; it ends the session by itself.</exception>
        /// <exception cref="ArgumentOutOfRangeException">The bound is negative.</exception>
        void SignOut(TimeSpan? timeout = null);

        /// <summary>Does what <see cref="SignOut"/> does, without blocking a thread.</summary>
        /// <param name="timeout">The bound, as there.</param>
        /// <param name="cancellationToken">Stops waiting at once; signing out goes on.</param>
        /// <exception cref="SendImException">The server could not be told; it ends the session by itself.</exception>
        /// <exception cref="SendCanceledException">It was cancelled by the token.</exception>
        /// <exception cref="ArgumentOutOfRangeException">The bound is negative.</exception>
        Task SignOutAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default);
    }

    /// <summary>The short forms of a send.</summary>
    public static class ImClientExtensions
    {
        /// <summary>Sends a text with the usual options and waits for its delivery.</summary>
        /// <param name="client">Who sends.</param>
        /// <param name="to">The recipient's address, <c>user@domain</c>; <c>sip:</c> in front is optional.</param>
        /// <param name="text">The text.</param>
        /// <exception cref="SendImException">It was not delivered, or it is not known whether it was.</exception>
        public static Receipt Send(this IImClient client, string to, string text) => Given(client).Send(new ImMessage(to, text));

        /// <summary>Does what <see cref="Send"/> does, without blocking a thread.</summary>
        /// <param name="client">Who sends.</param>
        /// <param name="to">The recipient's address.</param>
        /// <param name="text">The text.</param>
        /// <param name="cancellationToken">Stops waiting at once. An invitation that rings is withdrawn.</param>
        /// <exception cref="SendImException">It was not delivered, or it is not known whether it was.</exception>
        /// <exception cref="SendCanceledException">It was cancelled by the token.</exception>
        public static Task<Receipt> SendAsync(
            this IImClient client, string to, string text, CancellationToken cancellationToken = default) =>
            Given(client).SendAsync(new ImMessage(to, text), cancellationToken);

        private static IImClient Given(IImClient client) => client ?? throw new ArgumentNullException(nameof(client));
    }
}
