using System.Globalization;
using System.Text;

namespace SendIm.Native
{
    /// <summary>Writes a JSON object for the sandbox. A member that is null is left out.</summary>
    internal sealed class JsonText
    {
        private readonly StringBuilder text = new StringBuilder("{");

        internal JsonText Add(string name, string? value) =>
            value == null ? this : AddRaw(name, Quoted(value));

        internal JsonText Add(string name, long? value) =>
            value == null ? this : AddRaw(name, value.Value.ToString(CultureInfo.InvariantCulture));

        internal JsonText AddRaw(string name, string json)
        {
            text.Append(text.Length > 1 ? "," : string.Empty).Append(Quoted(name)).Append(':').Append(json);
            return this;
        }

        public override string ToString() => text + "}";

        private static string Quoted(string value)
        {
            var quoted = new StringBuilder("\"");
            foreach (var letter in value)
            {
                if (letter < ' ')
                {
                    quoted.Append("\\u").Append(((int)letter).ToString("x4", CultureInfo.InvariantCulture));
                }
                else
                {
                    quoted.Append(letter == '"' || letter == '\\' ? "\\" : string.Empty).Append(letter);
                }
            }

            return quoted.Append('"').ToString();
        }
    }
}
