using System;
using System.Linq;

namespace SendIm.Native
{
    /// <summary>Receipts of the native library.</summary>
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

        /// <summary>A copy of a receipt.</summary>
        internal static Receipt Receipt(IntPtr receipt)
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

        /// <summary>TimeSpan.FromMilliseconds of .NET Framework rounds to whole ones.</summary>
        internal static TimeSpan Milliseconds(double value) =>
            TimeSpan.FromTicks((long)(value * TimeSpan.TicksPerMillisecond));

        private static FinishedStep Step(Json step) => new FinishedStep(
            Names.Step(step["step"].Text),
            step["host"].Text,
            (int?)step["status"].OptionalWhole,
            Milliseconds(step["elapsed_ms"].OptionalNumber ?? 0));
    }
}
