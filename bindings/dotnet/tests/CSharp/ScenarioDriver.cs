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
        public static async Task<IEnumerable<object>> Run(JsonElement task)
        {
            var messages = task.GetProperty("messages").EnumerateArray().Select(MessageOf).ToList();
            var account = AccountOf(task.GetProperty("account"));
            var action = task.GetProperty("action").GetString();
            if (action == "send")
            {
                return messages.Select(message => Sent(() => Im.Send(message, account))).ToList();
            }

            await using var client = await ImClient.SignInAsync(account);
            if (action == "send_all")
            {
                return (await client.SendAllAsync(messages)).Select(result => (object?)result.Receipt ?? result.Error!);
            }

            var outcomes = new object[messages.Count];
            var threads = messages.Select((message, at) =>
                new Thread(() => outcomes[at] = Sent(() => client.Send(message)))).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());
            return outcomes;
        }

        private static object Sent(Func<Receipt> send)
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
    }
}
