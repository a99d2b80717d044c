using System;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace SendIm.Native
{
    /// <summary>Tells finished steps to the program and to the trace.</summary>
    internal static class StepHook
    {
        private static readonly NativeMethods.OnStep Told = Tell;
        private static readonly NativeMethods.OnRelease Released = handler => GCHandle.FromIntPtr(handler).Free();

        internal static void Attach(OptionsHandle options, Action<FinishedStep>? handler) =>
            Failure.Check(NativeMethods.send_im_options_on_step(
                options, Told, GCHandle.ToIntPtr(GCHandle.Alloc(handler)), Released));

        private static void Tell(IntPtr handler, IntPtr record)
        {
            // No exception may leave a callback, and no call fails because somebody listens to it.
            try
            {
                var status = NativeMethods.send_im_step_record_status(record);
                var step = new FinishedStep(
                    Names.Step(NativeMethods.send_im_step_name(NativeMethods.send_im_step_record_step(record)).ReadText()),
                    NativeMethods.send_im_step_record_host(record).ReadText(),
                    status == 0 ? (int?)null : status,
                    Reader.Milliseconds(NativeMethods.send_im_step_record_elapsed_ms(record)));
                Im.TraceSource.TraceEvent(TraceEventType.Verbose, 0, "{0}", step);
                ((Action<FinishedStep>?)GCHandle.FromIntPtr(handler).Target)?.Invoke(step);
            }
            catch (Exception error)
            {
                Trouble.Trace("OnStep", error);
            }
        }
    }

    /// <summary>What a callback of the program threw.</summary>
    internal static class Trouble
    {
        /// <summary>Tells the type alone: the text may hold anything.</summary>
        internal static void Trace(string callback, Exception error)
        {
            try
            {
                Im.TraceSource.TraceEvent(TraceEventType.Warning, 0, "{0} threw {1}", callback, error.GetType().Name);
            }
            catch (Exception)
            {
                // A listener failed too; there is nobody left to tell.
            }
        }
    }
}
