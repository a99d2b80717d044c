using System;
using System.Linq;

namespace SendIm.Native
{
    /// <summary>Copies of what the native library gives: errors, receipts, steps.</summary>
    internal static class Reader
    {
        /// <summary>Throws and frees the error, if there is one.</summary>
        internal static void Check(IntPtr error)
        {
            if (error != IntPtr.Zero)
            {
                throw Once(error, Error, NativeMethods.send_im_error_free);
            }
        }

        /// <summary>Reads what was made for us, and frees it.</summary>
        internal static T Once<T>(IntPtr made, Func<IntPtr, T> read, Action<IntPtr> free)
        {
            try
            {
                return read(made);
            }
            finally
            {
                free(made);
            }
        }

        internal static SendImException Error(IntPtr error)
        {
            var json = Json.Parse(NativeMethods.send_im_error_to_json(error).ReadText());
            var name = json["kind"].Text;
            return new SendImException(
                Names.Read<ErrorKind>(name),
                json["detail"].Text,
                json["sent"].Text == "no" ? Sent.No : Sent.Maybe,
                json["step"].OptionalText is string step ? Names.Read<StepName>(step) : (StepName?)null,
                (int?)json["http_status"].OptionalWhole,
                json["code"].OptionalText,
                json["subcode"].OptionalText,
                json["diagnostics"].OptionalText,
                json["retry_after"].OptionalNumber is double seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null,
                json["hops"].Items.Select(hop => new Hop(hop["url"].Text, hop["outcome"].Text)).ToArray(),
                Causes.Find(json["cause"].Whole))
            {
                KindName = name,
                ExitCode = (int)json["exit_code"].Whole,
            };
        }

        /// <summary>The receipt of a call that has ended.</summary>
        internal static Receipt TakeReceipt(CallHandle call)
        {
            Check(NativeMethods.send_im_call_take_receipt(call, out var receipt));
            return Once(receipt, Receipt, NativeMethods.send_im_receipt_free);
        }

        /// <summary>The diagnosis of a call that has ended.</summary>
        internal static Diagnosis TakeDiagnosis(CallHandle call)
        {
            Check(NativeMethods.send_im_call_take_diagnosis(call, out var text));
            var checks = Json.Parse(text.Take())["checks"].Items.Select(one => new DiagnosisCheck(
                Names.Read<CheckName>(one["name"].Text),
                Names.Read<CheckOutcome>(one["outcome"].Text),
                one["seen"].Text,
                Milliseconds(one["elapsed_ms"].OptionalNumber ?? 0),
                one["advice"]["what"].OptionalText is string what
                    ? new Advice(what, Names.Read<AdviceOwner>(one["advice"]["who"].Text)) : null,
                one["kind"].OptionalText is string kind ? Names.Read<ErrorKind>(kind) : (ErrorKind?)null));
            return new Diagnosis(checks.ToArray());
        }

        internal static Receipt Receipt(IntPtr receipt)
        {
            var json = Json.Parse(NativeMethods.send_im_receipt_to_json(receipt).ReadText());
            return new Receipt(
                json["to"].Text,
                Names.Read<Evidence>(json["evidence"].Text),
                format: Names.Format(json["format"].Text),
                threadId: json["thread_id"].OptionalText,
                steps: json["steps"].Items.Select(one => Step(
                    one["step"].Text, one["host"].Text, one["status"].Whole, one["elapsed_ms"].OptionalNumber ?? 0)).ToArray())
            {
                AcceptedBy = json["accepted_by"].OptionalText,
            };
        }

        /// <summary>The record of a step that has just finished.</summary>
        internal static Step StepRecord(IntPtr record) => Step(
            NativeMethods.send_im_step_name(NativeMethods.send_im_step_record_step(record)).ReadText(),
            NativeMethods.send_im_step_record_host(record).ReadText(),
            NativeMethods.send_im_step_record_status(record),
            NativeMethods.send_im_step_record_elapsed_ms(record));

        // TimeSpan.FromMilliseconds of .NET Framework rounds to whole ones.
        private static TimeSpan Milliseconds(double number) => TimeSpan.FromTicks((long)(number * TimeSpan.TicksPerMillisecond));

        private static Step Step(string name, string host, long status, double milliseconds) => new Step(
            Names.Read<StepName>(name),
            host,
            status == 0 ? (int?)null : (int)status,
            Milliseconds(milliseconds));
    }
}
