using System;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace SendIm.Native
{
    /// <summary>Calls under way.</summary>
    internal static class Call
    {
        // Held here: a delegate that only native code knows would be collected.
        private static readonly NativeMethods.OnEnd Ended = End;

        /// <summary>Begins a call; gives the error that keeps it from beginning.</summary>
        internal delegate IntPtr Begin(out CallHandle call);

        /// <summary>Makes a call and waits for it on this thread.</summary>
        /// <param name="begin">Calls the native function.</param>
        /// <param name="take">Takes the result of a call that has ended.</param>
        internal static T Run<T>(Begin begin, Func<CallHandle, T> take)
        {
            Library.LoadToWait();
            using var call = Started(begin);
            NativeMethods.send_im_call_wait(call, -1);
            return take(call);
        }

        /// <summary>Makes a call and waits for it without a thread.</summary>
        /// <param name="begin">Calls the native function.</param>
        /// <param name="take">Takes the result of a call that has ended.</param>
        /// <param name="cancellationToken">Ends it early.</param>
        internal static async Task<T> RunAsync<T>(
            Begin begin, Func<CallHandle, T> take, CancellationToken cancellationToken)
        {
            Library.Load();
            if (cancellationToken.IsCancellationRequested)
            {
                throw new SendCanceledException(
                    new SendImException(ErrorKind.Cancelled, "The call was cancelled before it began."), cancellationToken);
            }

            using (var call = Started(begin))
            using (cancellationToken.Register(Cancel, call))
            {
                // What waits goes on elsewhere: on a thread of the library it could hold up every other call.
                var ended = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                NativeMethods.send_im_call_on_end(call, Ended, GCHandle.ToIntPtr(GCHandle.Alloc(ended)));
                await ended.Task.ConfigureAwait(false);
                try
                {
                    return take(call);
                }
                catch (SendImException error)
                    when (error.Kind == ErrorKind.Cancelled && cancellationToken.IsCancellationRequested)
                {
                    throw new SendCanceledException(error, cancellationToken);
                }
            }
        }

        /// <summary>Takes how a call without a result ended.</summary>
        internal static bool Take(CallHandle call)
        {
            Reader.Check(NativeMethods.send_im_call_take(call));
            return true;
        }

        private static CallHandle Started(Begin begin)
        {
            Reader.Check(begin(out var call));
            return call;
        }

        private static void Cancel(object? call) => NativeMethods.send_im_call_cancel((CallHandle)call!);

        private static void End(IntPtr userData)
        {
            var handle = GCHandle.FromIntPtr(userData);
            ((TaskCompletionSource<bool>)handle.Target!).SetResult(true);
            handle.Free();
        }
    }
}
