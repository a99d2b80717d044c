using System;
using System.Linq;

namespace SendIm.Native
{
    /// <summary>Errors of the native library.</summary>
    internal static class Failure
    {
        /// <summary>Throws and frees the error, if there is one.</summary>
        internal static void Check(IntPtr error)
        {
            if (error == IntPtr.Zero)
            {
                return;
            }

            try
            {
                throw Read(error);
            }
            finally
            {
                NativeMethods.send_im_error_free(error);
            }
        }

        /// <summary>A copy of an error.</summary>
        internal static SendImException Read(IntPtr error)
        {
            var json = Json.Parse(NativeMethods.send_im_error_to_json(error).ReadText());
            var step = json["step"].OptionalText;
            var retryAfter = json["retry_after"].OptionalNumber;
            return new SendImException(
                json["kind"].Text,
                json["detail"].Text,
                json["sent"].Text == "no" ? Sent.No : Sent.Maybe,
                step == null ? (SendStep?)null : Names.Step(step),
                (int?)json["http_status"].OptionalWhole,
                json["code"].OptionalText,
                json["subcode"].OptionalText,
                json["diagnostics"].OptionalText,
                retryAfter == null ? (TimeSpan?)null : TimeSpan.FromSeconds(retryAfter.Value),
                json["hops"].Items.Select(hop => new Hop(hop["url"].Text, hop["outcome"].Text)).ToArray(),
                (int)json["exit_code"].Whole,
                Causes.Find(json["cause"].Whole));
        }
    }
}
