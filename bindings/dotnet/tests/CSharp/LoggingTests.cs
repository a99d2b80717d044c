using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading.Tasks;
using Harness;

namespace SendIm.Tests
{
    public sealed class LoggingTests : Fixture
    {
        private readonly ConcurrentQueue<(ImLogLevel Level, Exception? Error, string Text)> log =
            new ConcurrentQueue<(ImLogLevel Level, Exception? Error, string Text)>();

        private Account Logged => With(account => account.Log = (level, error, text) => log.Enqueue((level, error, text)));

        [Test]
        public async Task Every_step_of_a_send_is_told_and_logged_without_a_secret()
        {
            var seen = new ConcurrentQueue<Step>();
            var account = Logged;
            account.OnStep = seen.Enqueue;
            await Im.SendAsync(Recipient, "a text that nobody logs", account);
            Check.Equal(StepName.Discover, seen.First().Name);
            foreach (var name in new[] { StepName.SignIn, StepName.OpenSession, StepName.Invite, StepName.Confirm })
            {
                Check.True(seen.Any(one => one.Name == name && one.Status > 0 && one.Elapsed > TimeSpan.Zero), name.ToString());
            }

            Check.Equal(seen.Select(step => (ImLogLevel.Debug, (Exception?)null, step.ToString())), log);
            var told = string.Join("\n", seen);
            Check.Contains("Discover: 127.0.0.1:", told);
            Check.ContainsNot("a text that nobody logs", told);
            Check.ContainsNot(Password, told);
        }

        [Test]
        public void Steps_of_a_client_are_told_until_the_end()
        {
            var seen = new ConcurrentQueue<StepName>();
            using (var client = ImClient.SignIn(With(account => account.OnStep = step => seen.Enqueue(step.Name))))
            {
                client.Send(Recipient, "hi");
                Check.True(seen.Contains(StepName.Invite), "no invitation was told");
            }

            Check.Equal(StepName.SignOut, seen.Last());
        }

        [Test]
        public void What_a_handler_throws_ends_no_call_and_is_logged_once()
        {
            var thrown = new InvalidOperationException("The list is full.");
            var account = Logged;
            account.OnStep = _ => throw thrown;
            using var client = ImClient.SignIn(account);
            Check.Equal(Recipient, client.Send(Recipient, "hi").AcceptedBy);
            var (_, error, text) = log.Single(one => one.Level == ImLogLevel.Warning);
            Check.Same(thrown, error);
            Check.Contains("threw", text);
        }

        [Test]
        public void What_a_handler_or_a_log_throws_goes_to_standard_error_where_nobody_else_takes_it()
        {
            foreach (var which in new[] { "step", "log" })
            {
                var (code, told, error) = Children.Start("throws", null, Sandbox.Url, which);
                Check.Equal((0, "lenea@contoso.com\n"), (code, told));
                var lines = error.Split('\n').Where(line => !line.StartsWith("   at ") && line.Length > 0).ToArray();
                Check.Equal(2, lines.Length, error);
                Check.Contains("send-im: A handler of steps threw", lines[0]);
                Check.Equal($"System.FormatException: thrown by {which}", lines[1]);
            }
        }

        [Test]
        public void A_handler_cannot_wait_for_another_call()
        {
            var refused = new ConcurrentQueue<Exception>();
            Im.Send(Recipient, "outer", With(account => account.OnStep = step =>
            {
                foreach (var call in new Action[]
                {
                    () => Im.Send(Recipient, "inner", Sandbox.Account(Sender)), () => Sandbox.ClearFaults(),
                    () => Sandbox.WaitFor(0), () => SendIm.Sandbox.Start(),
                })
                {
                    refused.Enqueue(Check.Throws<InvalidOperationException>(call));
                }
            }));
            Check.True(refused.Count >= 20, $"only {refused.Count} calls were refused");
            Check.Contains("Account.OnStep", refused.First().Message);
            Check.Equal("outer", Sandbox.Messages().Single().Text);
        }

        [Test]
        public async Task A_failing_sign_out_of_an_end_is_a_warning()
        {
            Sandbox.AddFault(SandboxRoute.DeleteApplication, Fault.Status(400), times: 0);
            ImClient.SignIn(Logged).Dispose();
            await (await ImClient.SignInAsync(Logged)).DisposeAsync();
            var warnings = log.Where(one => one.Level == ImLogLevel.Warning).ToList();
            Check.Equal(2, warnings.Count);
            Check.True(warnings.All(one => one.Error is SendImException), "the error is not told");
        }

        private Account With(Action<Account> set)
        {
            var account = Account;
            set(account);
            return account;
        }
    }
}
