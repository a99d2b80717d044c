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
        /// <param name="run">Sends, and gives a receipt or an exception for each message.</param>
        /// <returns>The exit code.</returns>
        public static async Task<int> Serve(Func<JsonElement, Task<IEnumerable<object>>> run)
        {
            using var input = new StreamReader(Console.OpenStandardInput());
            while (await input.ReadLineAsync() is string line)
            {
                var results = await run(JsonDocument.Parse(line).RootElement);
                Console.WriteLine(JsonSerializer.Serialize(results.Select(Named)));
            }

            return 0;
        }

        public static T Word<T>(JsonElement value)
            where T : struct => Enum.Parse<T>(value.GetString()!, ignoreCase: true);

        public static TimeSpan Milliseconds(JsonElement value) => TimeSpan.FromMilliseconds(value.GetDouble());

        /// <summary>The properties that the package has made for it, and what is printed of it.</summary>
        private static Dictionary<string, object> Named(object result)
        {
            var own = result.GetType().GetProperties().Where(one => one.DeclaringType == result.GetType());
            var members = own.ToDictionary(one => Snake(one.Name), one => Plain(one.GetValue(result)));
            members["printed"] = result.ToString();
            return new Dictionary<string, object> { [result is Exception ? "error" : "receipt"] = members };
        }

        /// <summary><c>InvitationAccepted</c> is <c>invitation_accepted</c>.</summary>
        private static string Snake(string name) => string.Concat(name.Select(
            (letter, at) => (at > 0 && char.IsUpper(letter) ? "_" : string.Empty) + char.ToLowerInvariant(letter)));

        private static object? Plain(object? value) => value switch
        {
            Enum word => Snake(word.ToString()),
            TimeSpan span => span.TotalSeconds,
            IEnumerable<object> many => many.Select(one => one.ToString()),
            _ => value,
        };
    }
}
