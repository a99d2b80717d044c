using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Harness;

namespace SendIm.Tests
{
    /// <summary>The cases that every language must pass, from tests/scenarios/scenarios.json; its README tells the format.</summary>
    public static class Scenarios
    {
        // Shorter words may occur by chance.
        private const int Telling = 10;

        public static IEnumerable<Case> All()
        {
            var text = File.ReadAllText(Path.Combine(Child.Root, "tests", "scenarios", "scenarios.json"));
            var document = JsonDocument.Parse(text).RootElement;
            var defaults = document.GetProperty("defaults");
            foreach (var given in document.GetProperty("cases").EnumerateArray())
            {
                var merged = Parsed(Merge(defaults, given));
                var name = merged.GetProperty("name").GetString()!;
                yield return new Case(name, () => Run(merged), isScenario: true);
            }
        }

        private static async Task Run(JsonElement given)
        {
            var spec = given.GetProperty("sandbox");
            using var sandbox = Sandbox.Start(new SandboxOptions
            {
                Layout = Word<SandboxLayout>(spec.GetProperty("layout")),
                Https = spec.GetProperty("https").GetBoolean(),
                Ring = Milliseconds(spec.GetProperty("ring_ms")),
            });
            foreach (var fault in spec.GetProperty("faults").EnumerateArray())
            {
                sandbox.AddFault(fault.GetRawText());
            }

            var count = given.GetProperty("count").GetInt32();
            var outcomes = await Act(given, sandbox, count);
            var expect = given.GetProperty("expect");
            var wanted = Inbox(expect)?.Length * count ?? 0;
            Check.Eventually(() => sandbox.Messages().Count >= wanted, $"{wanted} messages arrive");
            Check.Eventually(() => sandbox.OpenApplications == 0, "the account has signed out");
            Check.Equal(count, outcomes.Count);
            for (var number = 1; number <= count; number++)
            {
                CheckOutcome(given, expect, outcomes[number - 1], number);
            }

            CheckServer(expect, outcomes, sandbox, count);
        }

        private static async Task<IReadOnlyList<object>> Act(JsonElement given, Sandbox sandbox, int count)
        {
            var messages = Enumerable.Range(1, count).Select(n => MessageOf(given.GetProperty("message"), n)).ToList();
            var account = AccountOf(given.GetProperty("account"), sandbox);
            var action = given.GetProperty("action").GetString();
            if (action == "send")
            {
                return messages.Select(message => Caught(() => Im.Send(message, account))).ToList();
            }

            account.SignInTimeout = messages[0].Timeout;
            await using var client = await Client.SignInAsync(account);
            if (action == "send_all")
            {
                var results = await client.SendAllAsync(messages);
                return results.Select(result => (object?)result.Receipt ?? result.Error!).ToList();
            }

            var outcomes = new object[count];
            var threads = messages.Select((message, at) =>
                new Thread(() => outcomes[at] = Caught(() => client.Send(message)))).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());
            return outcomes;
        }

        private static object Caught(Func<Receipt> send)
        {
            try
            {
                return send();
            }
            catch (SendImException error)
            {
                return error;
            }
        }

        private static Account AccountOf(JsonElement spec, Sandbox sandbox)
        {
            var server = spec.GetProperty("server").GetString()!;
            return new Account(spec.GetProperty("address").GetString()!, spec.GetProperty("password").GetString())
            {
                Username = spec.GetProperty("username").GetString(),
                Server = server == "sandbox" ? sandbox.Url : server.Replace("{root}", sandbox.Url),
                CaFile = spec.GetProperty("ca").GetString() == "right" ? sandbox.CaFile : null,
            };
        }

        private static Message MessageOf(JsonElement spec, int number) =>
            new Message(Numbered(spec, "to", number)!, Numbered(spec, "text", number)!)
            {
                IsHtml = spec.GetProperty("html").GetBoolean(),
                Subject = Numbered(spec, "subject", number),
                Importance = Word<Importance>(spec.GetProperty("importance")),
                Timeout = Milliseconds(spec.GetProperty("timeout_ms")),
                WaitFor = Word<WaitFor>(spec.GetProperty("wait")),
            };

        private static void CheckOutcome(JsonElement given, JsonElement expect, object outcome, int number)
        {
            var error = outcome as SendImException;
            Check.Equal(expect.TryGetProperty("receipt", out _), error == null, outcome.ToString());
            var shown = error == null ? Shown((Receipt)outcome) : Shown(error);
            foreach (var wanted in expect.GetProperty(error == null ? "receipt" : "error").EnumerateObject())
            {
                var value = wanted.Value.ValueKind == JsonValueKind.String
                    ? wanted.Value.GetString()!.Replace("{n}", number.ToString())
                    : Plain(wanted.Value);
                Check.Equal(value, shown[wanted.Name], $"{wanted.Name} of {outcome}");
            }

            var code = expect.TryGetProperty("exit_code", out var exitCode) ? exitCode.GetInt32() : 0;
            Check.Equal(code, error?.ExitCode ?? 0);
            var everything = outcome + string.Join(" ", shown.Values);
            var password = given.GetProperty("account").GetProperty("password").GetString()!;
            if (password.Length >= Telling)
            {
                Check.ContainsNot(password, everything);
            }

            var text = Numbered(given.GetProperty("message"), "text", number)!;
            if (error != null && text.Length >= Telling)
            {
                Check.ContainsNot(text, everything);
            }
        }

        private static void CheckServer(JsonElement expect, IReadOnlyList<object> outcomes, Sandbox sandbox, int count)
        {
            var delivered = sandbox.Messages();
            if (expect.TryGetProperty("inbox_count", out var inboxCount))
            {
                Check.Equal(inboxCount.GetInt32(), delivered.Count);
            }

            var entries = Inbox(expect);
            if (entries == null && outcomes.All(outcome => outcome is SendImException error && error.Sent == Sent.No))
            {
                entries = Array.Empty<JsonElement>();
            }

            if (entries != null)
            {
                CheckInbox(entries, count, delivered);
            }

            if (outcomes.Count == 1 && delivered.Count == 1 && outcomes[0] is Receipt receipt)
            {
                Check.Equal(receipt.Format, delivered[0].Format);
            }

            var journal = sandbox.Journal();
            if (expect.TryGetProperty("requests", out var requests))
            {
                Check.Equal(requests.GetInt32(), journal.Count);
            }

            if (expect.TryGetProperty("requests_before_accept", out var most))
            {
                var way = journal.Where(exchange => !exchange.Path.Contains("/events")).ToList();
                var invitation = way.FindIndex(exchange => exchange.Method == "POST"
                    && exchange.Path.EndsWith("/messagingInvitations", StringComparison.OrdinalIgnoreCase));
                Check.True(invitation >= 0, "there was no invitation");

                // The invitation itself, and the event channel's answer.
                Check.True(invitation + 2 <= most.GetInt32(), string.Join("\n", way));
            }

            Check.Equal(0, sandbox.OpenApplications);
        }

        private static void CheckInbox(JsonElement[] entries, int count, IEnumerable<Delivered> delivered)
        {
            var left = delivered.Select(Shown).ToList();
            foreach (var entry in entries)
            {
                for (var number = 1; number <= count; number++)
                {
                    var wanted = entry.EnumerateObject().ToDictionary(
                        member => member.Name,
                        member => Plain(member.Value) is string text ? text.Replace("{n}", number.ToString()) : Plain(member.Value));
                    var at = left.FindIndex(one => wanted.All(member => Equals(member.Value, one[member.Key])));
                    Check.True(at >= 0, $"nothing like {string.Join(", ", wanted)} among {left.Count} messages");
                    left.RemoveAt(at);
                }
            }

            Check.Equal(0, left.Count, "messages that nobody sent");
        }

        private static JsonElement[]? Inbox(JsonElement expect) =>
            expect.TryGetProperty("inbox", out var inbox) ? inbox.EnumerateArray().ToArray() : null;

        private static Dictionary<string, object?> Shown(Receipt receipt) => new Dictionary<string, object?>
        {
            ["to"] = receipt.To,
            ["accepted_by"] = receipt.AcceptedBy,
            ["evidence"] = Snake(receipt.Evidence),
            ["format"] = Snake(receipt.Format),
            ["thread_id"] = receipt.ThreadId,
        };

        private static Dictionary<string, object?> Shown(SendImException error) => new Dictionary<string, object?>
        {
            ["kind"] = Snake(error.Kind),
            ["step"] = error.Step == null ? null : Snake(error.Step),
            ["detail"] = error.Detail,
            ["sent"] = Snake(error.Sent),
            ["http_status"] = (double?)error.HttpStatus,
            ["code"] = error.Code,
            ["subcode"] = error.Subcode,
            ["diagnostics"] = error.Diagnostics,
            ["retry_after"] = error.RetryAfter?.TotalSeconds,
            ["hops"] = string.Join(" ", error.Hops),
        };

        /// <summary>In the names and words of the sandbox's own interface.</summary>
        private static Dictionary<string, object?> Shown(Delivered message) => new Dictionary<string, object?>
        {
            ["from"] = message.From,
            ["to"] = message.To,
            ["accepted_by"] = message.AcceptedBy,
            ["subject"] = message.Subject,
            ["importance"] = message.Importance.ToString(),
            ["format"] = "text/" + Snake(message.Format),
            ["text"] = message.Text,
            ["via"] = Snake(message.Via),
        };

        private static object? Plain(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetDouble(),
            JsonValueKind.Null => null,
            _ => throw new InvalidOperationException($"no rule for {value}"),
        };

        private static string? Numbered(JsonElement spec, string name, int number) =>
            spec.GetProperty(name).GetString()?.Replace("{n}", number.ToString());

        private static TimeSpan Milliseconds(JsonElement value) => TimeSpan.FromMilliseconds(value.GetDouble());

        private static T Word<T>(JsonElement value)
            where T : struct => Enum.Parse<T>(value.GetString()!.Replace("-", string.Empty), ignoreCase: true);

        private static string Snake(object value) => string.Concat(value.ToString()!.Select((letter, at) =>
            (at > 0 && char.IsUpper(letter) ? "_" : string.Empty) + char.ToLowerInvariant(letter)));

        private static JsonElement Parsed(string json) => JsonDocument.Parse(json).RootElement;

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
