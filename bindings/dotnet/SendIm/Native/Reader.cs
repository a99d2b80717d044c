using System;
using System.Linq;

namespace SendIm.Native
{
    /// <summary>Copies what the native library gives.</summary>
    internal static class Reader
    {
        /// <summary>The receipt of a call that has ended.</summary>
        internal static Receipt TakeReceipt(CallHandle call)
        {
            Failure.Check(NativeMethods.send_im_call_take_receipt(call, out var receipt));
            try
            {
                return Receipt(receipt);
            }
            finally
            {
                NativeMethods.send_im_receipt_free(receipt);
            }
        }

        /// <summary>The results of a call that has ended.</summary>
        internal static Outcome[] TakeResults(CallHandle call)
        {
            Failure.Check(NativeMethods.send_im_call_take_results(call, out var results));
            try
            {
                return Results(results);
            }
            finally
            {
                NativeMethods.send_im_results_free(results);
            }
        }

        private static Receipt Receipt(IntPtr receipt)
        {
            var json = Json.Parse(NativeMethods.send_im_receipt_to_json(receipt).ReadText());
            return new Receipt(
                json["to"].Text,
                json["accepted_by"].OptionalText,
                Names.Evidence(json["evidence"].Text),
                Names.Format(json["format"].Text),
                json["thread_id"].OptionalText,
                json["steps"].Items.Select(Step).ToArray());
        }

        private static Outcome[] Results(IntPtr results)
        {
            var outcomes = new Outcome[(int)NativeMethods.send_im_results_count(results)];
            for (var index = 0; index < outcomes.Length; index++)
            {
                var receipt = NativeMethods.send_im_results_receipt(results, (UIntPtr)index);
                outcomes[index] = receipt != IntPtr.Zero
                    ? new Outcome(Receipt(receipt), null)
                    : new Outcome(null, Failure.Read(NativeMethods.send_im_results_error(results, (UIntPtr)index)));
            }

            return outcomes;
        }

        private static FinishedStep Step(Json step) => new FinishedStep(
            Names.Step(step["step"].Text),
            step["host"].Text,
            (int?)step["status"].OptionalWhole,
            Milliseconds(step["elapsed_ms"].OptionalNumber ?? 0));

        /// <summary>TimeSpan.FromMilliseconds of .NET Framework rounds to whole ones.</summary>
        internal static TimeSpan Milliseconds(double value) =>
            TimeSpan.FromTicks((long)(value * TimeSpan.TicksPerMillisecond));

        /// <summary>One of two.</summary>
        internal readonly struct Outcome
        {
            internal Outcome(Receipt? receipt, SendImException? error)
            {
                Receipt = receipt;
                Error = error;
            }

            internal Receipt? Receipt { get; }

            internal SendImException? Error { get; }
        }
    }
}
