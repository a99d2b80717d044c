using System;
using System.Threading;
using System.Threading.Tasks;

namespace SendIm.Native
{
    /// <summary>A call under way whose callback comes once, on a thread of the native library.</summary>
    internal abstract class Call
    {
        // Held here: a delegate that only native code knows would be collected.
        internal static readonly NativeMethods.OnEnded Ended =
            (id, error, result) => Registry.Take<Call>(id)?.Complete(error, result);

        internal static readonly NativeMethods.OnDone Done =
            (id, error) => Registry.Take<Call>(id)?.Complete(error, IntPtr.Zero);

        internal delegate ErrorHandle Begin(IntPtr id, out CallHandle call);

        /// <summary>Begins a call and waits for it without a thread.</summary>
        /// <param name="read">Makes a result of what the callback brings, and frees that.</param>
        /// <param name="begin">Calls the native function.</param>
        /// <param name="cancellationToken">Ends it early.</param>
        internal static async Task<T> RunAsync<T>(
            Func<IntPtr, T> read, Begin begin, CancellationToken cancellationToken)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                throw new SendCanceledException(
                    new SendImException(ErrorKind.Cancelled, "The call was cancelled before it began."), cancellationToken);
            }

            var pending = new Pending<T>(read);
            var id = Registry.Put(pending);
            CallHandle call;
            try
            {
                using (var error = begin(id, out call))
                {
                    Failure.Check(error);
                }
            }
            catch
            {
                // The callback will not come.
                Registry.Take<Call>(id);
                throw;
            }

            using (call)
            using (cancellationToken.Register(Cancel, call))
            {
                try
                {
                    return await pending.Task.ConfigureAwait(false);
                }
                catch (SendImException error)
                    when (error.Kind == ErrorKind.Cancelled && cancellationToken.IsCancellationRequested)
                {
                    throw new SendCanceledException(error, cancellationToken);
                }
            }
        }

        protected abstract void Complete(IntPtr error, IntPtr result);

        private static void Cancel(object? call) => NativeMethods.send_im_call_cancel((CallHandle)call!);

        private sealed class Pending<T> : Call
        {
            // What waits goes on elsewhere: on this thread of the library it could hold up every other call.
            private readonly TaskCompletionSource<T> source =
                new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);

            private readonly Func<IntPtr, T> read;

            internal Pending(Func<IntPtr, T> read)
            {
                this.read = read;
            }

            internal Task<T> Task => source.Task;

            protected override void Complete(IntPtr error, IntPtr result)
            {
                // No exception may leave a callback.
                try
                {
                    using (var failed = new ErrorHandle(error))
                    {
                        Failure.Check(failed);
                    }

                    source.TrySetResult(read(result));
                }
                catch (Exception failure)
                {
                    source.TrySetException(failure);
                }
            }
        }
    }
}
