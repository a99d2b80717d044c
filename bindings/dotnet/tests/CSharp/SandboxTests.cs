using System;
using System.IO;
using System.Linq;
using Harness;

namespace SendIm.Tests
{
    public sealed class SandboxTests : Fixture
    {
        [Test]
        public void Keeps_what_it_delivers()
        {
            Im.Send(Recipient, "one", Account);
            Im.Send("forwards@contoso.com", "two", Account);
            Check.Equal(new[] { "one", "two" }, Sandbox.Messages().Select(one => one.Text));
            var second = Sandbox.Inbox("forwards@contoso.com").Single();
            Check.Equal((2, Sender, "colleague@contoso.com"), (second.Number, second.From, second.AcceptedBy));
            Check.Equal(TimeSpan.Zero, second.ReceivedAt.Offset);
            Check.True(second.ReceivedAt.Year > 2000, second.ReceivedAt.ToString());
            Check.True(second.Conversation.Length > 0 && second.ThreadId != null, "no conversation");
            Check.ContainsNot("two", second.ToString());
        }

        [Test]
        public void Waits_for_messages()
        {
            Im.Send(Recipient, "one", Account);
            Check.Equal("one", Sandbox.WaitFor(1).Single().Text);
            var error = Check.Throws<SendImException>(() => Sandbox.WaitFor(2, TimeSpan.FromMilliseconds(20)));
            Check.Equal(ErrorKind.Timeout, error.Kind);
            Check.Throws<ArgumentOutOfRangeException>(() => Sandbox.WaitFor(-1));
        }

        [Test]
        public void Can_be_asked_by_its_own_interface()
        {
            Check.Equal(string.Empty, Sandbox.Request("PUT", "recipients/" + Recipient, "{\"forward_to\": \"ada@contoso.com\"}"));
            Check.Equal("ada@contoso.com", Im.Send(Recipient, "one", Account).AcceptedBy);
            Check.Contains("\"text\":\"one\"", Sandbox.Request("GET", "messages?to=ada@contoso.com"));
            Sandbox.Request("DELETE", "messages");
            Check.Equal(0, Sandbox.Messages().Count);
            var refused = Check.Throws<SendImException>(() => Sandbox.Request("GET", "secrets"));
            Check.Equal(ErrorKind.InvalidInput, refused.Kind);
            Check.Contains("The sandbox refuses this request: there is no such resource or method.", refused.Message);
            Check.Throws<ArgumentNullException>(() => Sandbox.Request("GET", null!));
        }

        [Test]
        public void Speaks_https_with_an_authority_of_its_own()
        {
            string file;
            using (var sandbox = SendIm.Sandbox.Start(new SandboxOptions { Https = true, Layout = SandboxLayout.TwoPools }))
            {
                file = sandbox.CaFile!;
                Check.Contains("BEGIN CERTIFICATE", File.ReadAllText(file));
                Check.Equal(Recipient, Im.Send(Recipient, "hi", sandbox.Account(Sender)).AcceptedBy);
                var error = Check.Throws<SendImException>(
                    () => Im.Send(Recipient, "hi", new Account(Sender, "x") { Server = sandbox.Url }));
                Check.Equal(ErrorKind.Tls, error.Kind);
            }

            Check.True(!File.Exists(file), "the file stays behind");
            Check.Equal(null, Sandbox.CaFile);
        }

        [Test]
        public void Takes_its_options()
        {
            var options = new SandboxOptions
            {
                Ring = TimeSpan.FromMilliseconds(20),
                Slow = TimeSpan.Zero,
                TokenLifetime = TimeSpan.FromHours(1),
                PollTimeout = TimeSpan.FromSeconds(20),
                Users = { ["tosh@contoso.com"] = "quote \" backslash \\" },
            };
            using var sandbox = SendIm.Sandbox.Start(options);
            var account = sandbox.Account(Sender, "quote \" backslash \\");
            var silence = Check.Throws<SendImException>(() => Im.Send("silent@contoso.com", "hi", account));
            Check.Equal(ErrorKind.NoAnswer, silence.Kind);
            Im.Send("slow@contoso.com", "hi", account);
            var error = Check.Throws<SendImException>(() => Im.Send(Recipient, "hi", sandbox.Account(Sender, "x")));
            Check.Equal(ErrorKind.SignInRefused, error.Kind);
        }

        [Test]
        public void Listens_where_it_is_told()
        {
            using var other = SendIm.Sandbox.Start(new SandboxOptions { Listen = "127.0.0.1:0", RedirectTo = Sandbox.Url });
            Check.Equal(Recipient, Im.Send(Recipient, "hi", new Account(Sender, "x") { Server = other.Url }).AcceptedBy);
            Check.Throws<SendImException>(() => SendIm.Sandbox.Start(new SandboxOptions { Listen = "nowhere" }));
        }

        [Test]
        public void Every_fault_is_one_the_sandbox_knows()
        {
            foreach (var route in Enum.GetValues(typeof(Route)).Cast<Route>())
            {
                foreach (var fault in new[]
                {
                    Fault.DropBefore, Fault.DropAfter, Fault.CutBody, Fault.HtmlInstead, Fault.WrongContentType,
                    Fault.DuplicateEvents, Fault.BareEvents, Fault.EarlyEvents, Fault.SkipStates, Fault.Status(500),
                    Fault.Status(503, "A", "B", TimeSpan.FromSeconds(1)), Fault.GatewayError(502),
                    Fault.Delay(TimeSpan.FromMilliseconds(1)), Fault.DelayEvents(TimeSpan.FromMilliseconds(1)),
                    Fault.Oversized(1000),
                })
                {
                    Sandbox.AddFault(route, fault);
                }
            }

            Sandbox.ClearFaults();
            Im.Send(Recipient, "nothing is wrong any more", Account);
            var explode = Check.Throws<SendImException>(() => Sandbox.AddFault("{\"route\": \"any\", \"action\": \"explode\"}"));
            Check.Contains("there is no action `explode`; the actions are status, ", explode.Message);
            Check.Throws<ArgumentOutOfRangeException>(() => Sandbox.AddFault((Route)99, Fault.CutBody));
        }

        [Test]
        public void A_fault_hits_whom_it_is_meant_for()
        {
            Sandbox.AddFault(Route.Applications, Fault.Status(403), skip: 0, times: 0);
            Check.Equal(ErrorKind.Forbidden, Check.Throws<SendImException>(() => Im.Send(Recipient, "hi", Account)).Kind);
            Sandbox.ClearFaults();
            Sandbox.AddFault(Route.Applications, Fault.Status(403, "tab\tand \"quotes\""));
            // A blank stands for what could forge a line.
            Check.Equal("tab and \"quotes\"", Check.Throws<SendImException>(() => Im.Send(Recipient, "hi", Account)).Code);
            Sandbox.AddFault(Route.StartMessaging, Fault.DropAfter);
            Im.Send(Recipient, "exactly once", Account);
            Check.Equal("exactly once", Sandbox.Messages().Single().Text);
        }

        [Test]
        public void Does_what_servers_do()
        {
            using var client = Client.SignIn(Account);
            foreach (var action in new[] { "revoke-tokens", "drop-applications", "resync", "resume", "end-conversations" })
            {
                client.Send(Recipient, "before");
                Sandbox.Request("POST", "actions/" + action);
                client.Send(Recipient, "after");
            }

            Check.Equal(10, Sandbox.Messages().Count);
        }

        [Test]
        public void Says_that_it_is_disposed_of()
        {
            var sandbox = SendIm.Sandbox.Start();
            sandbox.Dispose();
            sandbox.Dispose();
            Check.Throws<ObjectDisposedException>(() => sandbox.Messages());
            Check.Throws<ObjectDisposedException>(() => sandbox.ClearFaults());
            Check.Contains("http://127.0.0.1:", sandbox.ToString());
        }
    }
}
