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
            var text = "\"\\/\t\n\r \uFFFF\uFFFE\uFEFF\u2028 e\u0301 👩‍👩‍👧‍👦 <b>bold</b>";
            Im.Send(Recipient, "one", Account);
            Im.Send(
                new ImMessage("forwards@contoso.com", text) { Subject = "db7", Importance = Importance.Emergency, IsHtml = true },
                Account);
            var (first, second) = (Sandbox.Messages()[0], Sandbox.Inbox("forwards@contoso.com").Single());
            Check.Equal(("one", Via.Invitation, TextFormat.Plain), (first.Text, first.Via, first.Format));
            Check.Equal((text, Via.Message, TextFormat.Html), (second.Text, second.Via, second.Format));
            Check.Equal(("db7", Importance.Emergency), (second.Subject, second.Importance));
            Check.Equal((2, Sender, "colleague@contoso.com"), (second.Number, second.From, second.AcceptedBy));
            Check.Equal((TimeSpan.Zero, true), (second.ReceivedAt.Offset, second.ReceivedAt.Year > 2000));
            Check.True(second.Conversation.Length > 0 && second.ThreadId != null, "no conversation");
            Check.Equal("message 2 from tosh@contoso.com to forwards@contoso.com", second.ToString());
        }

        [Test]
        public void Waits_for_messages()
        {
            Im.Send(Recipient, "one", Account);
            Check.Equal("one", Sandbox.WaitFor(1).Single().Text);
            var error = Check.Throws<SendImException>(() => Sandbox.WaitFor(2, TimeSpan.FromMilliseconds(20)));
            Check.Equal(ErrorKind.Timeout, error.Kind);
        }

        [Test]
        public void Can_be_asked_by_its_own_interface()
        {
            Check.Equal(string.Empty, Sandbox.Request("PUT", "recipients/" + Recipient, "{\"forward_to\": \"ada@contoso.com\"}"));
            Check.Equal("ada@contoso.com", Im.Send(Recipient, "one", Account).AcceptedBy);
            Check.Contains("\"text\":\"one\"", Sandbox.Request("GET", "messages?to=ada@contoso.com"));
            var refused = Check.Throws<SendImException>(() => Sandbox.Request("GET", "secrets"));
            Check.Equal(ErrorKind.InvalidInput, refused.Kind);
            Check.Contains("The sandbox refuses this request: there is no such resource or method.", refused.Message);
        }

        [Test]
        public void Speaks_https_with_an_authority_of_its_own()
        {
            string file;
            using (var sandbox = SendIm.Sandbox.Start(new SandboxOptions { Https = true, Layout = SandboxLayout.TwoPools }))
            {
                file = sandbox.CaFile!;
                Check.Contains("BEGIN CERTIFICATE", File.ReadAllText(file));
                var account = sandbox.Account(Sender);
                account.Tls = Tls.Compatible;
                Check.Equal(Recipient, Im.Send(Recipient, "hi", account).AcceptedBy);
                account.CaFile = null;
                Check.Equal(ErrorKind.Tls, Check.Throws<SendImException>(() => Im.Send(Recipient, "hi", account)).Kind);
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
            var error = Check.Throws<SendImException>(() => Im.Send(Recipient, "hi", sandbox.Account(Sender, "x")));
            Check.Equal(ErrorKind.SignInRefused, error.Kind);
            using var other = SendIm.Sandbox.Start(new SandboxOptions { Listen = "127.0.0.1:0", RedirectTo = sandbox.Url });
            account.Server = other.Url;
            Check.Equal("slow@contoso.com", Im.Send("slow@contoso.com", "hi", account).AcceptedBy);
            Check.Throws<SendImException>(() => SendIm.Sandbox.Start(new SandboxOptions { Listen = "nowhere" }));
        }

        [Test]
        public void Every_fault_is_one_the_sandbox_knows()
        {
            foreach (var route in Enum.GetValues(typeof(SandboxRoute)).Cast<SandboxRoute>())
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
            Sandbox.AddFault(SandboxRoute.StartMessaging, Fault.Status(403), skip: 1, times: 0);
            Im.Send(Recipient, "the first passes", Account);
            Check.Equal(ErrorKind.Forbidden, Check.Throws<SendImException>(() => Im.Send(Recipient, "hi", Account)).Kind);
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
