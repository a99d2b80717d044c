using System;
using System.Globalization;
using System.Threading;

namespace SendIm.Native
{
    /// <summary>Options by name, made of an account and a message. The library copies them.</summary>
    internal static class Options
    {
        // A time longer than this, thirty years, is no limit.
        private const long Longest = 1_000_000_000_000;

        internal static OptionsHandle ForSend(Account? account, ImMessage message) => Made(options =>
        {
            Set(options, account ?? new Account());
            Set(options, message);
        });

        internal static OptionsHandle ForSignIn(Account? account) => Made(options =>
        {
            Set(options, account ?? new Account());
            Set(options, "timeout_ms", account?.SignInTimeout);
        });

        /// <summary>Most messages need none.</summary>
        internal static OptionsHandle ForMessage(ImMessage message)
        {
            var usual = message.Subject == null && message.Importance == Importance.Normal && !message.IsHtml
                && message.Wait == Wait.Delivered && message.Timeout == null;
            return usual ? new OptionsHandle() : Made(options => Set(options, message));
        }

        /// <summary>Whole milliseconds. What is no time becomes 0, which the library refuses in its own words.</summary>
        internal static long Milliseconds(TimeSpan time) =>
            time == Timeout.InfiniteTimeSpan || time.TotalMilliseconds > Longest ? Longest
            : time <= TimeSpan.Zero ? 0
            : (long)Math.Ceiling(time.TotalMilliseconds);

        /// <summary>The same, or null.</summary>
        internal static long? Milliseconds(TimeSpan? time) => time == null ? (long?)null : Milliseconds(time.Value);

        /// <summary>How long a sign-out waits, in milliseconds; negative: no bound.</summary>
        internal static long Bound(TimeSpan? timeout) =>
            timeout == null || timeout == Timeout.InfiniteTimeSpan ? -1
            : timeout < TimeSpan.Zero ? throw new ArgumentOutOfRangeException(nameof(timeout), "The time is negative.")
            : Milliseconds(timeout.Value);

        private static OptionsHandle Made(Action<OptionsHandle> set)
        {
            var made = NativeMethods.send_im_options_new();
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

        private static void Set(OptionsHandle options, Account account)
        {
            Set(options, nameof(account.Address), account.Address);
            Set(options, nameof(account.Username), account.Username);
            Set(options, nameof(account.Password), account.Password);
            Set(options, nameof(account.Token), account.Token);
            Set(options, nameof(account.Server), account.Server);
            Set(options, nameof(account.CaFile), account.CaFile);
            Set(options, nameof(account.Tls), account.Tls is Tls tls ? Names.Given(tls, nameof(account.Tls)) : null);
            Set(
                options,
                nameof(account.TrustedDomains),
                account.TrustedDomains.Count > 0 ? string.Join(",", account.TrustedDomains) : null);
            if (account.OnStep != null || account.Log != null)
            {
                StepHook.Attach(options, account);
            }

            if (account.TokenProvider != null)
            {
                TokenHook.Attach(options, account.TokenProvider);
            }
        }

        private static void Set(OptionsHandle options, ImMessage message)
        {
            Set(options, nameof(message.Subject), message.Subject);
            Set(options, "timeout_ms", message.Timeout);
            Set(options, nameof(message.Importance), Names.Given(message.Importance, nameof(message.Importance)));
            Set(options, nameof(message.Wait), Names.Given(message.Wait, nameof(message.Wait)));
            Set(options, "html", message.IsHtml ? "true" : null);
        }

        private static void Set(OptionsHandle options, string name, TimeSpan? time) =>
            Set(options, name, Milliseconds(time)?.ToString(CultureInfo.InvariantCulture));

        /// <summary>Sets what is given, by the name of its property.</summary>
        private static void Set(OptionsHandle options, string property, string? value)
        {
            if (value == null)
            {
                return;
            }

            var bytes = Utf8.Text(value, property);
            try
            {
                Reader.Check(NativeMethods.send_im_options_set(options, Utf8.Text(Names.Of(property), property), bytes));
            }
            finally
            {
                // It may have been a password; the string itself is the caller's.
                Array.Clear(bytes, 0, bytes.Length);
            }
        }
    }
}
