using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;

namespace Harness
{
    /// <summary>
    /// Reads what the judge of tests/scenarios asks for, a line of JSON a case, and answers; the README there says how.
    /// </summary>
    public static class Driver
    {
        /// <summary>Answers each case until the input ends.</summary>
        /// <param name="run">Sends, and gives the members of a receipt or an error for each message.</param>
        /// <returns>The exit code.</returns>
        public static async Task<int> Serve(Func<JsonElement, Task<IEnumerable<Dictionary<string, object?>>>> run)
        {
            using var input = new StreamReader(Console.OpenStandardInput());
            while (await input.ReadLineAsync() is string line)
            {
                var results = await run(JsonDocument.Parse(line).RootElement);
                Console.WriteLine(JsonSerializer.Serialize(results.Select(Named)));
            }

            return 0;
        }

        /// <summary><c>InvitationAccepted</c> is <c>invitation_accepted</c>.</summary>
        public static string? Snake(object? value) => value == null ? null : string.Concat(value.ToString()!.Select(
            (letter, at) => (at > 0 && char.IsUpper(letter) ? "_" : string.Empty) + char.ToLowerInvariant(letter)));

        public static T Word<T>(JsonElement value)
            where T : struct => Enum.Parse<T>(value.GetString()!, ignoreCase: true);

        public static TimeSpan Milliseconds(JsonElement value) => TimeSpan.FromMilliseconds(value.GetDouble());

        private static Dictionary<string, object> Named(Dictionary<string, object?> members) =>
            new Dictionary<string, object> { [members.ContainsKey("kind") ? "error" : "receipt"] = members };
    }
}
