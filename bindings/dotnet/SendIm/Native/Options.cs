using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading;

namespace SendIm.Native
{
    /// <summary>The two texts of a message, as they go to the native library.</summary>
    internal readonly struct Content
    {
        private Content(byte[] to, byte[] text)
        {
            To = to;
            Text = text;
        }

        internal byte[] To { get; }

        internal byte[] Text { get; }

        internal static Content Of(Message message)
        {
            _ = message ?? throw new ArgumentNullException(nameof(message));
            return new Content(Utf8.Text(message.To, "to"), Utf8.Text(message.Text, "text"));
        }
    }

    /// <summary>Options by name, made of an account and a message. The library copies them.</summary>
    internal readonly struct Options : IDisposable
    {
        // A time longer than this, thirty years, is no limit.
        private const long Longest = 1_000_000_000_000;

        private static readonly OptionsHandle None = new OptionsHandle();

        private Options(OptionsHandle handle)
        {
            Handle = handle;
        }

        internal OptionsHandle Handle { get; }

        public void Dispose()
        {
            if (!ReferenceEquals(Handle, None))
            {
                Handle.Dispose();
            }
        }

        internal static Options ForSend(Account? account, Message message)
        {
            return Made(options =>
            {
                options.Set(account ?? new Account());
                options.Set(message);
            });
        }

        internal static Options ForSignIn(Account? account)
        {
            return Made(options =>
            {
                options.Set(account ?? new Account());
                options.Set("timeout_ms", account?.SignInTimeout);
            });
        }

        /// <summary>Most messages need none.</summary>
        internal static Options ForMessage(Message message)
        {
            var usual = message.Subject == null && message.Importance == Importance.Normal && !message.IsHtml
                && message.WaitFor == WaitFor.Delivered && message.Timeout == null;
            return usual ? new Options(None) : Made(options => options.Set(message));
        }

        /// <summary>Whole milliseconds. What is no time becomes 0, which the library refuses in its own words.</summary>
        internal static long Milliseconds(TimeSpan time)
        {
            if (time == Timeout.InfiniteTimeSpan || time.TotalMilliseconds > Longest)
            {
                return Longest;
            }

            return time <= TimeSpan.Zero ? 0 : (long)Math.Ceiling(time.TotalMilliseconds);
        }

        /// <summary>The same, or null.</summary>
        internal static long? Milliseconds(TimeSpan? time) => time == null ? (long?)null : Milliseconds(time.Value);

        /// <summary>How long a sign-out waits, in milliseconds; negative: no bound.</summary>
        internal static long Bound(TimeSpan time, string name) =>
            time == Timeout.InfiniteTimeSpan ? -1
            : time < TimeSpan.Zero ? throw new ArgumentOutOfRangeException(name, "The time is negative.")
            : Milliseconds(time);

        private static Options Made(Action<Options> set)
        {
            var made = new Options(NativeMethods.send_im_options_new());
            try
            {
                set(made);
                return made;
            }
            catch
            {
                made.Dispose();
                throw;
            }
        }

        private void Set(Account account)
        {
            Set("address", account.Address);
            Set("username", account.Username);
            Set("password", account.Password);
            Set("token", account.Token);
            Set("server", account.Server);
            Set("ca_file", account.CaFile);
            if (account.Tls is Tls tls)
            {
                Set("tls", Names.Given(tls, nameof(Account.Tls)));
            }

            if (account.TrustedDomains.Count > 0)
            {
                Set("trusted_domains", string.Join(",", account.TrustedDomains));
            }

            if (account.OnStep != null || Im.TraceSource.Switch.ShouldTrace(TraceEventType.Verbose))
            {
                StepHook.Attach(Handle, account.OnStep);
            }

            if (account.TokenProvider != null)
            {
                TokenHook.Attach(Handle, account.TokenProvider);
            }
        }

        private void Set(Message message)
        {
            Set("subject", message.Subject);
            Set("timeout_ms", message.Timeout);
            Set("importance", Names.Given(message.Importance, nameof(Message.Importance)));
            Set("wait", Names.Given(message.WaitFor, nameof(Message.WaitFor)));
            Set("html", message.IsHtml ? "true" : null);
        }

        private void Set(string name, TimeSpan? time) =>
            Set(name, Milliseconds(time)?.ToString(CultureInfo.InvariantCulture));

        private void Set(string name, string? value)
        {
            if (value == null)
            {
                return;
            }

            var bytes = Utf8.Text(value, name);
            try
            {
                Failure.Check(NativeMethods.send_im_options_set(Handle, Utf8.Text(name, "name"), bytes));
            }
            finally
            {
                // It may have been a password; the string itself is the caller's.
                Array.Clear(bytes, 0, bytes.Length);
            }
        }
    }
}
