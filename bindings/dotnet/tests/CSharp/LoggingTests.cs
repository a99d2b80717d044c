using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using Harness;

namespace SendIm.Tests
{
    public sealed class LoggingTests : Fixture
    {
        [Test]
        public async Task Tells_every_step_of_a_send()
        {
            var seen = new ConcurrentQueue<FinishedStep>();
            var account = Account;
            account.OnStep = seen.Enqueue;
            await Im.SendAsync(Recipient, "a text that nobody logs", account);
            Check.Equal(SendStep.Discover, seen.First().Step);
            foreach (var step in new[] { SendStep.SignIn, SendStep.OpenSession, SendStep.Invite, SendStep.Confirm })
            {
                Check.True(seen.Any(one => one.Step == step && one.Status > 0 && one.Elapsed > TimeSpan.Zero), step.ToString());
            }

            var told = string.Join("\n", seen);
            Check.Contains("Discover: 127.0.0.1:", told);
            Check.ContainsNot("a text that nobody logs", told);
            Check.ContainsNot(Password, told);
        }

        [Test]
        public void Tells_the_steps_of_a_client_until_the_end()
        {
            var seen = new ConcurrentQueue<SendStep>();
            var account = Account;
            account.OnStep = step => seen.Enqueue(step.Step);
            using (var client = Client.SignIn(account))
            {
                client.Send(Recipient, "hi");
                Check.True(seen.Contains(SendStep.Invite), "no invitation was told");
            }

            Check.Equal(SendStep.SignOut, seen.Last());
        }

        [Test]
        public void A_handler_that_throws_fails_no_call_and_is_traced_by_its_type()
        {
            var account = Account;
            account.OnStep = _ => throw new InvalidOperationException(Password);
            var told = Traced(SourceLevels.Warning, () => Im.Send(Recipient, "hi", account));
            Check.Contains("OnStep threw InvalidOperationException", told);
            Check.ContainsNot(Password, told);
        }

        [Test]
        public void A_handler_cannot_wait_for_another_send()
        {
            Exception? refused = null;
            var account = Account;
            account.OnStep = _ =>
            {
                try
                {
                    Im.Send(Recipient, "inner", Sandbox.Account(Sender));
                }
                catch (SendImException error)
                {
                    refused = error;
                }
            };
            Im.Send(Recipient, "outer", account);
            Check.Equal(ErrorKind.InvalidInput, (refused as SendImException)?.Kind);
            Check.Equal("outer", Sandbox.Messages().Single().Text);
        }

        [Test]
        public void The_trace_has_a_line_for_each_step_and_no_secret()
        {
            var told = Traced(SourceLevels.Verbose, () => Im.Send(Recipient, "a text that nobody logs", Account));
            Check.Contains("SendIm Verbose: 0 : Discover: 127.0.0.1:", told);
            Check.Contains("Invite: ", told);
            Check.ContainsNot(Password, told);
            Check.ContainsNot("a text that nobody logs", told);
        }

        [Test]
        public void The_trace_is_off_until_it_is_asked_for()
        {
            Check.Equal(SourceLevels.Off, Im.TraceSource.Switch.Level);
            Check.Equal(string.Empty, Traced(SourceLevels.Off, () => Im.Send(Recipient, "hi", Account)));
        }

        [Test]
        public void A_failing_sign_out_is_traced()
        {
            Check.Contains("signing out failed", Traced(SourceLevels.Warning, () =>
            {
                using var client = Client.SignIn(Account);
                Sandbox.AddFault(Route.DeleteApplication, Fault.Status(400), times: 0);
            }));
        }

        private static string Traced(SourceLevels level, Action action)
        {
            var written = new System.IO.StringWriter();
            var listener = new TextWriterTraceListener(System.IO.TextWriter.Synchronized(written));
            Im.TraceSource.Listeners.Add(listener);
            Im.TraceSource.Switch.Level = level;
            try
            {
                action();
            }
            finally
            {
                Im.TraceSource.Switch.Level = SourceLevels.Off;
                Im.TraceSource.Listeners.Remove(listener);
            }

            return written.ToString();
        }
    }
}
