using System;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace SendIm.Native
{
    /// <summary>Asks the program for tokens.</summary>
    internal sealed class TokenHook
    {
        private static readonly NativeMethods.OnToken Wanted = Ask;
        private static readonly NativeMethods.OnRelease Released = Release;

        private readonly Func<TokenRequest, CancellationToken, Task<Token>> provider;
        private readonly CancellationTokenSource unneeded = new CancellationTokenSource();

        private TokenHook(Func<TokenRequest, CancellationToken, Task<Token>> provider)
        {
            this.provider = provider;
        }

        internal static void Attach(OptionsHandle options, Func<TokenRequest, CancellationToken, Task<Token>> provider)
        {
            var hook = GCHandle.ToIntPtr(GCHandle.Alloc(new TokenHook(provider)));
            Reader.Check(NativeMethods.send_im_options_on_token(options, Wanted, hook, Released));
        }

        private static void Release(IntPtr userData)
        {
            var handle = GCHandle.FromIntPtr(userData);
            // Cancelling runs code of the program, which may take its time and may throw.
            Task.Run(((TokenHook)handle.Target!).unneeded.Cancel);
            handle.Free();
        }

        private static void Ask(IntPtr userData, IntPtr native, IntPtr reply)
        {
            // No exception may leave a callback, and each reply is answered once.
            try
            {
                var hook = (TokenHook)GCHandle.FromIntPtr(userData).Target!;
                var request = new TokenRequest(
                    NativeMethods.send_im_token_request_origin(native).ReadText(),
                    NativeMethods.send_im_token_request_authorization_uri(native).ReadOptionalText(),
                    NativeMethods.send_im_token_request_client_id(native).ReadOptionalText(),
                    NativeMethods.send_im_token_request_trusted_issuers(native).ReadOptionalText(),
                    NativeMethods.send_im_token_request_rejected(native));
                Task.Run(() => hook.AnswerAsync(request, reply));
            }
            catch (Exception error)
            {
                Refuse(reply, $"the program could not be asked ({error.GetType().Name})", error);
            }
        }

        private static void Refuse(IntPtr reply, string reason, Exception? cause = null) =>
            NativeMethods.send_im_token_reply_fail(
                reply, Utf8.Text(reason, nameof(reason)), cause == null ? 0 : Causes.Put(cause));

        private async Task AnswerAsync(TokenRequest request, IntPtr reply)
        {
            Token? token;
            try
            {
                var answer = provider(request, unneeded.Token);
                token = answer == null ? null : await answer.ConfigureAwait(false);
            }
            catch (Exception error)
            {
                // Its text may hold a secret: the program finds that in the inner exception, and nobody in the sentence.
                Refuse(reply, $"the token provider threw {error.GetType().Name}", error);
                return;
            }

            if (token == null)
            {
                Refuse(reply, "the token provider returned null");
                return;
            }

            // 0 would say that nothing is known.
            var lifetime = token.ExpiresIn == null ? 0 : (ulong)Math.Max(1, Options.Milliseconds(token.ExpiresIn.Value));
            var value = Utf8.Text(token.Value, nameof(token));
            NativeMethods.send_im_token_reply_resolve(reply, value, lifetime);
            Array.Clear(value, 0, value.Length);
        }
    }

    /// <summary>What token providers threw, by the number under which the native library gives it back in an error.</summary>
    internal static class Causes
    {
        // One exception may be behind several errors, so none is forgotten by being found. These are kept, the newest.
        private const int Kept = 128;

        private static readonly ConcurrentDictionary<long, Exception> Entries = new ConcurrentDictionary<long, Exception>();
        private static long last;

        internal static ulong Put(Exception cause)
        {
            var number = Interlocked.Increment(ref last);
            Entries[number] = cause;
            Entries.TryRemove(number - Kept, out _);
            return (ulong)number;
        }

        internal static Exception? Find(long number) => Entries.TryGetValue(number, out var cause) ? cause : null;
    }
}
