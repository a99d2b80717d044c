using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using SendIm.Native;

namespace SendIm
{
    /// <summary>
    /// One session: signs in once, sends any number of messages from any thread, signs out when it is disposed of.
    /// </summary>
    /// <example><code>
    /// using (var client = Client.SignIn())
    /// {
    ///     client.Send("lenea@contoso.com", "disk full on db7");
    /// }
    /// </code></example>
    public sealed class Client : IDisposable
#if NETSTANDARD2_1
        , IAsyncDisposable
#endif
    {
        private readonly ClientHandle handle;
        private readonly string who;

        private Client(ClientHandle handle, string who)
        {
            this.handle = handle;
            this.who = who;
        }

        /// <summary>Signs in and opens a session.</summary>
        /// <param name="account">Who sends; null: the stored account.</param>
        /// <returns>The client.</returns>
        /// <exception cref="SendImException">The account could not be signed in.</exception>
        public static Client SignIn(Account? account = null) => Call.Run(SigningIn(account), Take(account));

        /// <summary>Signs in and opens a session without blocking a thread.</summary>
        /// <param name="account">Who sends; null: the stored account.</param>
        /// <param name="cancellationToken">Stops waiting at once.</param>
        /// <returns>The client.</returns>
        /// <exception cref="SendImException">The account could not be signed in.</exception>
        /// <exception cref="SendCanceledException">It was cancelled by the token.</exception>
        public static Task<Client> SignInAsync(Account? account = null, CancellationToken cancellationToken = default) =>
            Call.RunAsync(SigningIn(account), Take(account), cancellationToken);

        /// <summary>Sends one message and waits for its delivery.</summary>
        /// <param name="to">The recipient's address, <c>user@domain</c>; <c>sip:</c> in front is optional.</param>
        /// <param name="text">The text.</param>
        /// <returns>Proof of the send.</returns>
        /// <exception cref="SendImException">It was not delivered, or it is not known whether it was.</exception>
        /// <remarks>Messages of one thread to one recipient arrive in the order of the calls.</remarks>
        public Receipt Send(string to, string text) => Send(new Message(to, text));

        /// <summary>Sends one message and waits for its delivery.</summary>
        /// <param name="message">What is sent, and how.</param>
        /// <returns>Proof of the send.</returns>
        /// <exception cref="SendImException">It was not delivered, or it is not known whether it was.</exception>
        public Receipt Send(Message message) => Call.Run(Sending(message), Reader.TakeReceipt);

        /// <summary>Sends one message without blocking a thread.</summary>
        /// <param name="to">The recipient's address, <c>user@domain</c>; <c>sip:</c> in front is optional.</param>
        /// <param name="text">The text.</param>
        /// <param name="cancellationToken">Stops waiting at once. An invitation that rings is withdrawn.</param>
        /// <returns>Proof of the send.</returns>
        /// <exception cref="SendImException">It was not delivered, or it is not known whether it was.</exception>
        /// <exception cref="SendCanceledException">It was cancelled by the token.</exception>
        public Task<Receipt> SendAsync(string to, string text, CancellationToken cancellationToken = default) =>
            SendAsync(new Message(to, text), cancellationToken);

        /// <summary>Sends one message without blocking a thread.</summary>
        /// <param name="message">What is sent, and how.</param>
        /// <param name="cancellationToken">Stops waiting at once. An invitation that rings is withdrawn.</param>
        /// <returns>Proof of the send.</returns>
        /// <exception cref="SendImException">It was not delivered, or it is not known whether it was.</exception>
        /// <exception cref="SendCanceledException">It was cancelled by the token.</exception>
        public Task<Receipt> SendAsync(Message message, CancellationToken cancellationToken = default) =>
            Call.RunAsync(Sending(message), Reader.TakeReceipt, cancellationToken);

        /// <summary>
        /// Sends many messages, some tens at a time, and waits for all. One that fails does not hide what became of the rest.
        /// </summary>
        /// <param name="messages">The messages. The timeout of each begins when its turn comes.</param>
        /// <returns>A result for each message, in the same order.</returns>
        /// <exception cref="SendImException">None could begin.</exception>
        public IReadOnlyList<SendResult> SendAll(IEnumerable<Message> messages)
        {
            using (var batch = new Batch(messages))
            {
                return Call.Run(SendingAll(batch), batch.TakeResults);
            }
        }

        /// <summary>
        /// Sends many messages, some tens at a time, without blocking a thread. One that fails does not hide what became of
        /// the rest.
        /// </summary>
        /// <param name="messages">The messages. The timeout of each begins when its turn comes.</param>
        /// <param name="cancellationToken">
        /// Ends those that have not ended: they fail with <see cref="ErrorKind.Cancelled"/>, the others keep their result.
        /// </param>
        /// <returns>A result for each message, in the same order, also after a cancellation.</returns>
        /// <exception cref="SendImException">None could begin.</exception>
        /// <exception cref="SendCanceledException">The token was cancelled before.</exception>
        public async Task<IReadOnlyList<SendResult>> SendAllAsync(
            IEnumerable<Message> messages, CancellationToken cancellationToken = default)
        {
            using (var batch = new Batch(messages))
            {
                return await Call.RunAsync(SendingAll(batch), batch.TakeResults, cancellationToken).ConfigureAwait(false);
            }
        }

        /// <summary>
        /// Ends every send under way at once: each fails with <see cref="ErrorKind.Cancelled"/>, and its
        /// <see cref="SendImException.Sent"/> says whether the message can have arrived. Later sends fail with
        /// <see cref="ErrorKind.Closed"/>. The session is still to be signed out.
        /// </summary>
        public void CancelAll()
        {
            if (!handle.IsClosed)
            {
                Failure.Check(NativeMethods.send_im_client_cancel_all(handle));
            }
        }

        /// <summary>
        /// Waits for the sends under way, each of which ends with its own timeout at the latest, then closes the session on the
        /// server, in at most 3 s. Sends that begin later fail with <see cref="ErrorKind.Closed"/>; a second call does nothing.
        /// </summary>
        /// <exception cref="SendImException">The server could not be told; it ends the session by itself.</exception>
        public void SignOut() => SignOut(Timeout.InfiniteTimeSpan);

        /// <summary>Does what <see cref="SignOut()"/> does, with a bound.</summary>
        /// <param name="timeout">
        /// How long to wait for the sends under way. What has not ended by then is cancelled, as by <see cref="CancelAll"/>.
        /// <see cref="Timeout.InfiniteTimeSpan"/>: no bound.
        /// </param>
        /// <exception cref="SendImException">The server could not be told; it ends the session by itself.</exception>
        /// <exception cref="ArgumentOutOfRangeException">The bound is negative.</exception>
        public void SignOut(TimeSpan timeout)
        {
            var signingOut = SigningOut(timeout);
            if (!handle.IsClosed)
            {
                Call.Run(signingOut, Call.Take);
            }
        }

        /// <summary>Does what <see cref="SignOut()"/> does, without blocking a thread.</summary>
        /// <param name="cancellationToken">Stops waiting at once; signing out goes on.</param>
        /// <returns>Nothing.</returns>
        /// <exception cref="SendImException">The server could not be told; it ends the session by itself.</exception>
        /// <exception cref="SendCanceledException">It was cancelled by the token.</exception>
        public Task SignOutAsync(CancellationToken cancellationToken = default) =>
            SignOutAsync(Timeout.InfiniteTimeSpan, cancellationToken);

        /// <summary>Does what <see cref="SignOut(TimeSpan)"/> does, without blocking a thread.</summary>
        /// <param name="timeout">
        /// How long to wait for the sends under way. What has not ended by then is cancelled, as by <see cref="CancelAll"/>.
        /// <see cref="Timeout.InfiniteTimeSpan"/>: no bound.
        /// </param>
        /// <param name="cancellationToken">Stops waiting at once; signing out goes on.</param>
        /// <returns>Nothing.</returns>
        /// <exception cref="SendImException">The server could not be told; it ends the session by itself.</exception>
        /// <exception cref="SendCanceledException">It was cancelled by the token.</exception>
        /// <exception cref="ArgumentOutOfRangeException">The bound is negative.</exception>
        public Task SignOutAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
        {
            var signingOut = SigningOut(timeout);
            return handle.IsClosed ? Task.CompletedTask : Call.RunAsync(signingOut, Call.Take, cancellationToken);
        }

        /// <summary>
        /// Does what <see cref="SignOut()"/> does, and frees the client. What fails meanwhile is traced, so that it hides no
        /// other error. Later sends throw <see cref="ObjectDisposedException"/>.
        /// </summary>
        public void Dispose()
        {
            if (handle.IsClosed)
            {
                return;
            }

            try
            {
                SignOut();
            }
            catch (Exception error) when (error is SendImException || error is ObjectDisposedException)
            {
                Untold(error);
            }
            finally
            {
                handle.Dispose();
            }
        }

#if NETSTANDARD2_1
        /// <summary>Does what <see cref="Dispose"/> does, without blocking a thread.</summary>
        /// <returns>Nothing.</returns>
        public async ValueTask DisposeAsync()
        {
            if (handle.IsClosed)
            {
                return;
            }

            try
            {
                await SignOutAsync().ConfigureAwait(false);
            }
            catch (Exception error) when (error is SendImException || error is ObjectDisposedException)
            {
                Untold(error);
            }
            finally
            {
                handle.Dispose();
            }
        }
#endif

        /// <summary>Who sends; no secret.</summary>
        public override string ToString() => handle.IsClosed ? $"a closed client of {who}" : $"a client of {who}";

        private static string Who(Account? account) => (account ?? new Account()).ToString();

        private static Call.Begin SigningIn(Account? account) => (out CallHandle call) =>
        {
            using (var options = Options.ForSignIn(account))
            {
                return NativeMethods.send_im_client_sign_in_begin(options.Handle, out call);
            }
        };

        private static Func<CallHandle, Client> Take(Account? account)
        {
            var who = Who(account);
            return call =>
            {
                Failure.Check(NativeMethods.send_im_call_take_client(call, out var handle));
                return new Client(handle, who);
            };
        }

        private static void Untold(Exception error) =>
            Im.TraceSource.TraceEvent(TraceEventType.Warning, 0, "signing out failed: " + error.Message);

        private Call.Begin Sending(Message message)
        {
            _ = message ?? throw new ArgumentNullException(nameof(message));
            var client = Living();
            return (out CallHandle call) =>
            {
                var content = Content.Of(message);
                using (var options = Options.ForMessage(message))
                {
                    return NativeMethods.send_im_client_send_begin(
                        client, options.Handle, content.To, content.Text, out call);
                }
            };
        }

        private Call.Begin SendingAll(Batch batch)
        {
            var client = Living();
            return (out CallHandle call) =>
                NativeMethods.send_im_client_send_all_begin(client, batch.Handle, out call);
        }

        private Call.Begin SigningOut(TimeSpan timeout)
        {
            var bound = Options.Bound(timeout, nameof(timeout));
            return (out CallHandle call) => NativeMethods.send_im_client_sign_out_begin(handle, bound, out call);
        }

        private ClientHandle Living() =>
            handle.IsClosed ? throw new ObjectDisposedException(nameof(Client)) : handle;
    }
}
