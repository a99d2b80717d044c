using System;
using System.Runtime.InteropServices;
using System.Text;

namespace SendIm.Native
{
    /// <summary>Texts on the way to the native library and back. .NET Standard 2.0 does not marshal UTF-8 by itself.</summary>
    internal static class Utf8
    {
        private static readonly UTF8Encoding Strict = new UTF8Encoding(false, throwOnInvalidBytes: true);

        /// <summary>Refuses what cannot go: a NUL, which would cut the text, and half of a surrogate pair.</summary>
        internal static void Check(string text, string name)
        {
            var bytes = Text(text, name);
            Array.Clear(bytes, 0, bytes.Length);
        }

        /// <summary>UTF-8 with a NUL at the end.</summary>
        internal static byte[] Text(string text, string name)
        {
            _ = text ?? throw new ArgumentNullException(name);
            if (text.IndexOf('\0') >= 0)
            {
                throw new SendImException(ErrorKind.InvalidInput, $"{name} holds a NUL character.");
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
                    ErrorKind.InvalidInput, $"{name} holds half of a surrogate pair, which is no character.");
            }
        }

        /// <summary>A text that is always there.</summary>
        internal static string ReadText(this IntPtr text) => text.ReadOptionalText() ?? string.Empty;

        /// <summary>A copy of a text that was made for us, which is freed.</summary>
        internal static string Take(this IntPtr text) => Reader.Once(text, ReadText, NativeMethods.send_im_string_free);

        /// <summary>A copy of a text of the native library.</summary>
        internal static string? ReadOptionalText(this IntPtr text)
        {
            if (text == IntPtr.Zero)
            {
                return null;
            }

            var length = 0;
            while (Marshal.ReadByte(text, length) != 0)
            {
                length++;
            }

            var bytes = new byte[length];
            Marshal.Copy(text, bytes, 0, length);
            return Strict.GetString(bytes);
        }
    }
}
