using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;

namespace Harness
{
    /// <summary>The cases of tests/scenarios, as its README says they are read.</summary>
    public static class ScenarioFile
    {
        /// <summary>Each case with its defaults, and with long texts written out.</summary>
        public static IEnumerable<JsonElement> Cases()
        {
            var text = File.ReadAllText(Path.Combine(Child.Root, "tests", "scenarios", "scenarios.json"));
            var document = JsonDocument.Parse(text).RootElement;
            var defaults = document.GetProperty("defaults");
            return document.GetProperty("cases").EnumerateArray()
                .Select(given => JsonDocument.Parse(Merge(defaults, given)).RootElement);
        }

        /// <summary>A value of a case, with the number of the message in it.</summary>
        public static object? Plain(JsonElement value, int number) => value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!.Replace("{n}", number.ToString()),
            JsonValueKind.Number => value.GetDouble(),
            JsonValueKind.Null => null,
            _ => throw new System.InvalidOperationException($"no rule for {value}"),
        };

        /// <summary><c>InvitationAccepted</c> is <c>invitation_accepted</c>.</summary>
        public static string? Snake(object? value) => value == null ? null : string.Concat(value.ToString()!.Select(
            (letter, at) => (at > 0 && char.IsUpper(letter) ? "_" : string.Empty) + char.ToLowerInvariant(letter)));

        /// <summary>Defaults and a case become one object; long texts are written out.</summary>
        private static string Merge(JsonElement defaults, JsonElement given)
        {
            if (IsRepeat(given))
            {
                var times = given.GetProperty("times").GetInt32();
                var unit = given.GetProperty("repeat").GetString()!;
                return JsonSerializer.Serialize(new StringBuilder().Insert(0, unit, times).ToString());
            }

            if (given.ValueKind == JsonValueKind.Array)
            {
                return $"[{string.Join(",", given.EnumerateArray().Select(one => Merge(default, one)))}]";
            }

            if (given.ValueKind != JsonValueKind.Object)
            {
                return given.GetRawText();
            }

            var members = new Dictionary<string, string>();
            if (defaults.ValueKind == JsonValueKind.Object)
            {
                foreach (var member in defaults.EnumerateObject())
                {
                    members[member.Name] = Merge(default, member.Value);
                }
            }

            foreach (var member in given.EnumerateObject())
            {
                var inherited = default(JsonElement);
                if (defaults.ValueKind == JsonValueKind.Object)
                {
                    defaults.TryGetProperty(member.Name, out inherited);
                }

                members[member.Name] = Merge(inherited, member.Value);
            }

            return $"{{{string.Join(",", members.Select(one => $"{JsonSerializer.Serialize(one.Key)}:{one.Value}"))}}}";
        }

        private static bool IsRepeat(JsonElement value) =>
            value.ValueKind == JsonValueKind.Object && value.TryGetProperty("repeat", out _);
    }
}
