using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace SendIm.Native
{
    /// <summary>
    /// A value of the JSON that the native library writes: valid, in one line; nothing is promised about other. Why it is
    /// read by hand is in CONTRIBUTING.md.
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

        internal long? OptionalWhole => (long?)OptionalNumber;

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

        /// <summary>The JSON of a text, a number, a bool, members, or items. A member that is null is left out.</summary>
        internal static string Write(object? value) => value switch
        {
            string text => "\"" + string.Concat(text.Select(Escaped)) + "\"",
            bool flag => flag ? "true" : "false",
            IEnumerable<(string Name, object? Value)> members => "{" + string.Join(
                ",", members.Where(one => one.Value != null).Select(one => Write(one.Name) + ":" + Write(one.Value))) + "}",
            IEnumerable<object> items => "[" + string.Join(",", items.Select(Write)) + "]",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };

        private static string Escaped(char letter) =>
            letter < ' ' || letter == '"' || letter == '\\' ? $"\\u{(int)letter:x4}" : letter.ToString();

        private static Json Value(string text, ref int at)
        {
            switch (text[at])
            {
                case '"':
                    return new Json(Quoted(text, ref at));
                case '{':
                    var members = new Dictionary<string, Json>();
                    for (at++; !Ends(text, ref at, '}');)
                    {
                        var name = Quoted(text, ref at);
                        at++;
                        members[name] = Value(text, ref at);
                    }

                    return new Json(members);
                case '[':
                    var items = new List<Json>();
                    for (at++; !Ends(text, ref at, ']');)
                    {
                        items.Add(Value(text, ref at));
                    }

                    return new Json(items);
            }

            var start = at;
            while (at < text.Length && ",]}".IndexOf(text[at]) < 0)
            {
                at++;
            }

            // What is no number is true, false or null.
            var word = text.Substring(start, at - start);
            return double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                ? new Json(number) : bool.TryParse(word, out var flag) ? new Json(flag) : Null;
        }

        /// <summary>Steps over a comma, and over the end, where it is there.</summary>
        private static bool Ends(string text, ref int at, char end)
        {
            var ends = text[at] == end;
            at += ends || text[at] == ',' ? 1 : 0;
            return ends;
        }

        private static string Quoted(string text, ref int at)
        {
            var result = new StringBuilder();
            for (at++; text[at] != '"'; at++)
            {
                if (text[at] != '\\')
                {
                    result.Append(text[at]);
                }
                else if (text[++at] == 'u')
                {
                    result.Append((char)Convert.ToUInt16(text.Substring(at + 1, 4), 16));
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
    }
}
