using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Harness;
using static Harness.ScenarioFile;

namespace SendIm.Tests
{
    /// <summary>The cases that every language must pass, from tests/scenarios.</summary>
    public static class Scenarios
    {
        // Shorter words may occur by chance.
        private const int Telling = 10;

        public static IEnumerable<Case> All()
        {
            foreach (var given in ScenarioFile.Cases())
            {
                yield return new Case(given.GetProperty("name").GetString()!, () => Run(given), isScenario: true);
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
                Check.Equal(Plain(wanted.Value, number), shown[wanted.Name], $"{wanted.Name} of {outcome}");
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
                        member => Plain(member.Value, number));
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
            ["step"] = Snake(error.Step),
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

        private static string? Numbered(JsonElement spec, string name, int number) =>
            Plain(spec.GetProperty(name), number) as string;

        private static TimeSpan Milliseconds(JsonElement value) => TimeSpan.FromMilliseconds(value.GetDouble());

        private static T Word<T>(JsonElement value)
            where T : struct => Enum.Parse<T>(value.GetString()!.Replace("-", string.Empty), ignoreCase: true);
    }
}
