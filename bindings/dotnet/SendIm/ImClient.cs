using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using SendIm.Native;

namespace SendIm
{
    /// <summary>
    /// One session: signs in once, sends any number of messages from any thread, signs out when it is disposed of.
    /// </summary>
    /// <example><code>
    /// using (var client = ImClient.SignIn())
    /// {
    ///     client.Send("lenea@contoso.com", "disk full on db7");
    /// }
    /// </code></example>
    public sealed class ImClient : IImClient
#if NETSTANDARD2_1
        , IAsyncDisposable
#endif
    {
        private readonly ClientHandle handle;
        private readonly string who;
        private readonly Action<ImLogLevel, Exception?, string>? log;

        private ImClient(ClientHandle handle, string who, Action<ImLogLevel, Exception?, string>? log)
        {
            this.handle = handle;
            this.who = who;
            this.log = log;
        }

        /// <summary>Signs in and opens a session.</summary>
        /// <param name="account">Who sends; null: the stored account.</param>
        /// <exception cref="SendImException">The account could not be signed in.</exception>
        public static ImClient SignIn(Account? account = null) => Call.Run(SigningIn(account), Take(account));

        /// <summary>Signs in and opens a session without blocking a thread.</summary>
        /// <param name="account">Who sends; null: the stored account.</param>
        /// <param name="cancellationToken">Stops waiting at once.</param>
        /// <exception cref="SendImException">The account could not be signed in.</exception>
        /// <exception cref="SendCanceledException">It was cancelled by the token.</exception>
        public static Task<ImClient> SignInAsync(Account? account = null, CancellationToken cancellationToken = default) =>
            Call.RunAsync(SigningIn(account), Take(account), cancellationToken);

        /// <inheritdoc/>
        public Receipt Send(ImMessage message) => Call.Run(Sending(message), Reader.TakeReceipt);

        /// <inheritdoc/>
        public Task<Receipt> SendAsync(ImMessage message, CancellationToken cancellationToken = default) =>
            Call.RunAsync(Sending(message), Reader.TakeReceipt, cancellationToken);

        /// <inheritdoc/>
        public IReadOnlyList<SendResult> SendAll(IEnumerable<ImMessage> messages)
        {
            using var batch = new Batch(messages);
            return Call.Run(SendingAll(batch), batch.TakeResults);
        }

        /// <inheritdoc/>
        public async Task<IReadOnlyList<SendResult>> SendAllAsync(
            IEnumerable<ImMessage> messages, CancellationToken cancellationToken = default)
        {
            using var batch = new Batch(messages);
            return await Call.RunAsync(SendingAll(batch), batch.TakeResults, cancellationToken).ConfigureAwait(false);
        }

        /// <inheritdoc/>
        public void CancelAll()
        {
            if (!handle.IsClosed)
            {
                Reader.Check(NativeMethods.send_im_client_cancel_all(handle));
            }
        }

        /// <inheritdoc/>
        public void SignOut(TimeSpan? timeout = null)
        {
            var signingOut = SigningOut(timeout);
            if (!handle.IsClosed)
            {
                Call.Run(signingOut, Call.Take);
            }
        }

        /// <inheritdoc/>
        public Task SignOutAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        {
            var signingOut = SigningOut(timeout);
            return handle.IsClosed ? Task.CompletedTask : Call.RunAsync(signingOut, Call.Take, cancellationToken);
        }

        /// <summary>
        /// Does what <see cref="SignOut"/> does, and frees the client. What fails meanwhile is a warning of
        /// <see cref="Account.Log"/>, so that it hides no other error. Later sends throw <see cref="ObjectDisposedException"/>.
        /// </summary>
        public void Dispose() => Closing(() =>
        {
            SignOut();
            return Task.CompletedTask;
        }).GetAwaiter().GetResult();

#if NETSTANDARD2_1
        /// <summary>Does what <see cref="Dispose"/> does, without blocking a thread.</summary>
        public ValueTask DisposeAsync() => new ValueTask(Closing(() => SignOutAsync()));
#endif

        /// <summary>Who sends; no secret.</summary>
        public override string ToString() => handle.IsClosed ? $"a closed client of {who}" : $"a client of {who}";

        private static Call.Begin SigningIn(Account? account) => (out CallHandle call) =>
        {
            using var options = Options.ForSignIn(account);
            return NativeMethods.send_im_client_sign_in_begin(options, out call);
        };

        private static Func<CallHandle, ImClient> Take(Account? account)
        {
            var (who, log) = ((account ?? new Account()).ToString(), account?.Log);
            return call =>
            {
                Reader.Check(NativeMethods.send_im_call_take_client(call, out var handle));
                return new ImClient(handle, who, log);
            };
        }

        private async Task Closing(Func<Task> signOut)
        {
            try
            {
                await signOut().ConfigureAwait(false);
            }
            catch (SendImException error)
            {
                Warnings.Tell(log, "Signing out failed.", error);
            }
            catch (ObjectDisposedException)
            {
                // Another thread has disposed of the client meanwhile, and signed it out.
            }
            finally
            {
                handle.Dispose();
            }
        }

        private Call.Begin Sending(ImMessage message)
        {
            _ = message ?? throw new ArgumentNullException(nameof(message));
            var client = Living();
            return (out CallHandle call) =>
            {
                using var options = Options.ForMessage(message);
                return NativeMethods.send_im_client_send_begin(
                    client, options, Utf8.Text(message.To, "to"), Utf8.Text(message.Text, "text"), out call);
            };
        }

        private Call.Begin SendingAll(Batch batch)
        {
            var client = Living();
            return (out CallHandle call) => NativeMethods.send_im_client_send_all_begin(client, batch.Handle, out call);
        }

        private Call.Begin SigningOut(TimeSpan? timeout)
        {
            var bound = Options.Bound(timeout);
            return (out CallHandle call) => NativeMethods.send_im_client_sign_out_begin(handle, bound, out call);
        }

        private ClientHandle Living() => handle.IsClosed ? throw new ObjectDisposedException(nameof(ImClient)) : handle;
    }
}
