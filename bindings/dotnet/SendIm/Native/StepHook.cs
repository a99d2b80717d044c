using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace SendIm.Native
{
    /// <summary>Tells finished steps to the program and to its log.</summary>
    internal sealed class StepHook
    {
        private static readonly NativeMethods.OnStep Told = Tell;
        private static readonly NativeMethods.OnRelease Released = hook => GCHandle.FromIntPtr(hook).Free();

        private readonly Action<Step>? onStep;
        private readonly Action<ImLogLevel, Exception?, string>? log;
        private int failed;

        private StepHook(Account account)
        {
            onStep = account.OnStep;
            log = account.Log;
        }

        internal static void Attach(OptionsHandle options, Account account) =>
            Reader.Check(NativeMethods.send_im_options_on_step(
                options, Told, GCHandle.ToIntPtr(GCHandle.Alloc(new StepHook(account))), Released));

        private static void Tell(IntPtr userData, IntPtr record)
        {
            // No exception may leave a callback, and no call fails because somebody listens to it.
            var hook = (StepHook)GCHandle.FromIntPtr(userData).Target!;
            try
            {
                var step = Reader.StepRecord(record);
                try
                {
                    hook.log?.Invoke(ImLogLevel.Debug, null, step.ToString());
                }
                finally
                {
                    hook.onStep?.Invoke(step);
                }
            }
            catch (Exception error)
            {
                // What throws at one step throws at each.
                if (Interlocked.Exchange(ref hook.failed, 1) == 0)
                {
                    Warnings.Tell(hook.log, "A handler of steps threw, for the first time in this call or client.", error);
                }
            }
        }
    }

    /// <summary>What no call can tell.</summary>
    internal static class Warnings
    {
        /// <summary>To the log of the account; without one, or where that throws, to standard error.</summary>
        internal static void Tell(Action<ImLogLevel, Exception?, string>? log, string text, Exception error)
        {
            try
            {
                (log ?? Write)(ImLogLevel.Warning, error, text);
            }
            catch (Exception) when (log != null)
            {
                Tell(null, text, error);
            }
            catch (Exception)
            {
                // Standard error is closed; there is nobody left to tell.
            }
        }

        private static void Write(ImLogLevel level, Exception? error, string text) =>
            Console.Error.WriteLine($"send-im: {text}{Environment.NewLine}{error}");
    }
}
