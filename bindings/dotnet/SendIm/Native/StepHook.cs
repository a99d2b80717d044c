using System;
using System.Diagnostics;

namespace SendIm.Native
{
    /// <summary>Tells finished steps to the program and to the trace.</summary>
    internal sealed class StepHook
    {
        private static readonly NativeMethods.OnStep Told = (id, step) => Registry.Find<StepHook>(id)?.Tell(step);
        private static readonly NativeMethods.OnRelease Released = id => Registry.Take<StepHook>(id);

        private readonly Action<FinishedStep>? handler;

        private StepHook(Action<FinishedStep>? handler)
        {
            this.handler = handler;
        }

        internal static void Attach(OptionsHandle options, Action<FinishedStep>? handler)
        {
            var id = Registry.Put(new StepHook(handler));
            using (var error = NativeMethods.send_im_options_on_step(options, Told, id, Released))
            {
                Failure.Check(error);
            }
        }

        private void Tell(IntPtr native)
        {
            // No exception may leave a callback, and no call fails because somebody listens to it.
            try
            {
                var status = NativeMethods.send_im_step_status(native);
                var step = new FinishedStep(
                    Names.Step(NativeMethods.send_im_step_name(native).ReadText()),
                    NativeMethods.send_im_step_host(native).ReadText(),
                    status == 0 ? (int?)null : status,
                    Reader.Milliseconds(NativeMethods.send_im_step_elapsed_ms(native)));
                Im.TraceSource.TraceEvent(TraceEventType.Verbose, 0, "{0}", step);
                handler?.Invoke(step);
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
