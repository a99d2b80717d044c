using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace SendIm.Native
{
    /// <summary>
    /// A value of the JSON that the native library writes. .NET Standard 2.0 has no reader of its own that takes every
    /// character; this one takes valid JSON and promises nothing about other.
    /// </summary>
    internal sealed class Json
    {
        private static readonly Json Null = new Json(null);

        private readonly object? value;

        private Json(object? value)
        {
            this.value = value;
        }

        internal string Text => OptionalText ?? string.Empty;

        internal string? OptionalText => value as string;

        internal double? OptionalNumber => value as double?;

        internal long? OptionalWhole => value is double number ? (long)number : (long?)null;

        internal long Whole => OptionalWhole ?? 0;

        internal IReadOnlyList<Json> Items => value as IReadOnlyList<Json> ?? Array.Empty<Json>();

        /// <summary>A member; null where there is none.</summary>
        internal Json this[string name] =>
            value is Dictionary<string, Json> members && members.TryGetValue(name, out var member) ? member : Null;

        internal static Json Parse(string text)
        {
            var at = 0;
            return Value(text, ref at);
        }

        private static Json Value(string text, ref int at)
        {
            Blanks(text, ref at);
            switch (text[at])
            {
                case '{':
                    return new Json(Members(text, ref at));
                case '[':
                    return new Json(Elements(text, ref at));
                case '"':
                    return new Json(Quoted(text, ref at));
                case 'n':
                    at += 4;
                    return Null;
                case 't':
                    at += 4;
                    return new Json(true);
                case 'f':
                    at += 5;
                    return new Json(false);
                default:
                    return new Json(Number(text, ref at));
            }
        }

        private static Dictionary<string, Json> Members(string text, ref int at)
        {
            var members = new Dictionary<string, Json>();
            while (More(text, ref at, '}'))
            {
                var name = Quoted(text, ref at);
                Blanks(text, ref at);
                at++;
                members[name] = Value(text, ref at);
            }

            return members;
        }

        private static List<Json> Elements(string text, ref int at)
        {
            var elements = new List<Json>();
            while (More(text, ref at, ']'))
            {
                elements.Add(Value(text, ref at));
            }

            return elements;
        }

        /// <summary>Steps over the opening bracket or a comma; false at the end, which is stepped over too.</summary>
        private static bool More(string text, ref int at, char end)
        {
            Blanks(text, ref at);
            if (text[at] != end)
            {
                at++;
                Blanks(text, ref at);
            }

            if (text[at] != end)
            {
                return true;
            }

            at++;
            return false;
        }

        private static double Number(string text, ref int at)
        {
            var start = at;
            while (at < text.Length && "+-.eE0123456789".IndexOf(text[at]) >= 0)
            {
                at++;
            }

            return double.Parse(text.Substring(start, at - start), CultureInfo.InvariantCulture);
        }

        private static string Quoted(string text, ref int at)
        {
            var result = new StringBuilder();
            for (at++; text[at] != '"'; at++)
            {
                if (text[at] != '\\')
                {
                    result.Append(text[at]);
                    continue;
                }

                at++;
                if (text[at] == 'u')
                {
                    var code = text.Substring(at + 1, 4);
                    result.Append((char)int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                    at += 4;
                }
                else
                {
                    var which = "bfnrt".IndexOf(text[at]);
                    result.Append(which < 0 ? text[at] : "\b\f\n\r\t"[which]);
                }
            }

            at++;
            return result.ToString();
        }

        private static void Blanks(string text, ref int at)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }
        }
    }
}
