using System;
using System.Text;

namespace SendIm.Native
{
    /// <summary>Texts on the way to the native library and back. .NET Standard 2.0 does not marshal UTF-8 by itself.</summary>
    internal static class Utf8
    {
        private static readonly UTF8Encoding Strict = new UTF8Encoding(false, throwOnInvalidBytes: true);

        /// <summary>UTF-8 with a NUL at the end. A NUL inside would cut the text, so it is refused.</summary>
        internal static byte[] Text(string text, string name)
        {
            if (text.IndexOf('\0') >= 0)
            {
                throw new SendImException(ErrorKind.InvalidInput, $"The argument {name} holds a NUL character.");
            }

            try
            {
                var bytes = new byte[Strict.GetByteCount(text) + 1];
                Strict.GetBytes(text, 0, text.Length, bytes, 0);
                return bytes;
            }
            catch (EncoderFallbackException)
            {
                // The exception would show the place, and with it a part of the text.
                throw new SendImException(
                    ErrorKind.InvalidInput, $"The argument {name} holds half of a surrogate pair, which is no character.");
            }
        }

        /// <summary>A text that is always there.</summary>
        internal static string ReadText(this IntPtr text) => text.ReadOptionalText() ?? string.Empty;

        /// <summary>A copy of a text that was made for us, which is freed.</summary>
        internal static string Take(this IntPtr text)
        {
            try
            {
                return text.ReadText();
            }
            finally
            {
                NativeMethods.send_im_string_free(text);
            }
        }

        /// <summary>A copy of a text of the native library.</summary>
        internal static unsafe string? ReadOptionalText(this IntPtr text)
        {
            if (text == IntPtr.Zero)
            {
                return null;
            }

            var start = (byte*)text;
            var end = start;
            while (*end != 0)
            {
                end++;
            }

            return end == start ? string.Empty : Strict.GetString(start, checked((int)(end - start)));
        }
    }
}
