using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using static Harness.Driver;

namespace SendIm.Tests
{
    /// <summary>Sends what a case of tests/scenarios asks for.</summary>
    public static class ScenarioDriver
    {
        public static async Task<IEnumerable<Dictionary<string, object?>>> Run(JsonElement task)
        {
            var messages = task.GetProperty("messages").EnumerateArray().Select(MessageOf).ToList();
            var account = AccountOf(task.GetProperty("account"));
            var action = task.GetProperty("action").GetString();
            if (action == "send")
            {
                return messages.Select(message => Shown(() => Im.Send(message, account))).ToList();
            }

            await using var client = await ImClient.SignInAsync(account);
            if (action == "send_all")
            {
                var results = await client.SendAllAsync(messages);
                return results.Select(result => Shown(() => result.Receipt ?? throw result.Error!)).ToList();
            }

            var outcomes = new Dictionary<string, object?>[messages.Count];
            var threads = messages.Select((message, at) =>
                new Thread(() => outcomes[at] = Shown(() => client.Send(message)))).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());
            return outcomes;
        }

        private static Account AccountOf(JsonElement given) =>
            new Account(given.GetProperty("address").GetString()!, given.GetProperty("password").GetString())
            {
                Username = given.GetProperty("username").GetString(),
                Server = given.GetProperty("server").GetString(),
                CaFile = given.GetProperty("ca_file").GetString(),
                SignInTimeout = Milliseconds(given.GetProperty("timeout_ms")),
            };

        private static ImMessage MessageOf(JsonElement given) =>
            new ImMessage(given.GetProperty("to").GetString()!, given.GetProperty("text").GetString()!)
            {
                IsHtml = given.GetProperty("html").GetBoolean(),
                Subject = given.GetProperty("subject").GetString(),
                Importance = Word<Importance>(given.GetProperty("importance")),
                Timeout = Milliseconds(given.GetProperty("timeout_ms")),
                Wait = Word<Wait>(given.GetProperty("wait")),
            };

        private static Dictionary<string, object?> Shown(Func<Receipt> send)
        {
            try
            {
                var receipt = send();
                return new Dictionary<string, object?>
                {
                    ["to"] = receipt.To,
                    ["accepted_by"] = receipt.AcceptedBy,
                    ["evidence"] = Snake(receipt.Evidence),
                    ["format"] = Snake(receipt.Format),
                    ["thread_id"] = receipt.ThreadId,
                    ["printed"] = receipt.ToString(),
                };
            }
            catch (SendImException error)
            {
                return new Dictionary<string, object?>
                {
                    ["kind"] = Snake(error.Kind),
                    ["step"] = Snake(error.Step),
                    ["detail"] = error.Detail,
                    ["sent"] = Snake(error.Sent),
                    ["http_status"] = error.HttpStatus,
                    ["code"] = error.Code,
                    ["subcode"] = error.Subcode,
                    ["diagnostics"] = error.Diagnostics,
                    ["retry_after"] = error.RetryAfter?.TotalSeconds,
                    ["hops"] = error.Hops.Select(hop => hop.ToString()),
                    ["exit_code"] = error.ExitCode,
                    ["printed"] = error.ToString(),
                };
            }
        }
    }
}
