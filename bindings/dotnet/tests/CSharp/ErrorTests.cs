using System;
using System.Linq;
using Harness;

namespace SendIm.Tests
{
    public sealed class ErrorTests : Fixture
    {
        private const string Text = "the text of the message, which is secret";

        [Test]
        public void Says_what_failed()
        {
            var error = Failed("declines@contoso.com");
            Check.Equal(ErrorKind.Declined, error.Kind);
            Check.Equal("declined", error.KindName);
            Check.Equal(SendStep.Confirm, error.Step);
            Check.Equal(Sent.No, error.Sent);
            Check.Equal(4, error.ExitCode);
            Check.Equal(error.Message, error.Detail);
            Check.True(error.Message.EndsWith("."), error.Message);
        }

        [Test]
        public void Tells_the_hosts_it_asked()
        {
            var account = Account;
            account.Server = "http://127.0.0.1:1/";
            var error = Check.Throws<SendImException>(
                () => Im.Send(new Message(Recipient, Text) { Timeout = TimeSpan.FromSeconds(5) }, account));
            Check.Equal(ErrorKind.DiscoveryFailed, error.Kind);
            Check.Contains("127.0.0.1:1", error.Hops[0].Url);
            Check.True(error.Hops[0].Outcome.Length > 0, "a hop has no outcome");
        }

        [Test]
        public void Tells_what_the_server_asked()
        {
            Sandbox.AddFault(
                Route.Applications,
                Fault.Status(429, "TooManyRequests", retryAfter: TimeSpan.FromMinutes(10)),
                times: 0);
            var error = Failed(Recipient);
            Check.Equal(ErrorKind.Throttled, error.Kind);
            Check.Equal(TimeSpan.FromMinutes(10), error.RetryAfter);
            Check.Equal(429, error.HttpStatus);
            Check.Equal("TooManyRequests", error.Code);
        }

        [Test]
        public void Says_that_it_may_have_arrived()
        {
            Sandbox.AddFault(Route.SendMessage, Fault.DropBefore, times: 9);
            var message = new Message(Recipient, string.Concat(Enumerable.Repeat(Text, 30)))
            {
                Timeout = TimeSpan.FromSeconds(4),
            };
            var error = Check.Throws<SendImException>(() => Im.Send(message, Account));
            Check.Equal((ErrorKind.OutcomeUnknown, Sent.Maybe, 6), (error.Kind, error.Sent, error.ExitCode));
        }

        [Test]
        public void A_NUL_is_refused_and_cuts_nothing()
        {
            Refused("to", () => Im.Send("lenea@contoso.com\0", Text, Account));
            Refused("text", () => Im.Send(Recipient, "disk\0full", Account));
            Refused("subject", () => Im.Send(new Message(Recipient, Text) { Subject = "db\0007" }, Account));
            Refused("password", () => Im.Send(Recipient, Text, new Account(Sender, "wr\0ng") { Server = Sandbox.Url }));
            Refused("username", () => Im.Send(Recipient, Text, new Account(Sender, "x") { Username = "to\0sh" }));
            Refused("server", () => Im.Send(Recipient, Text, new Account(Sender, "x") { Server = Sandbox.Url + "\0" }));
            Refused("ca_file", () => Client.SignIn(new Account(Sender, "x") { CaFile = "a\0b" }));
            Refused("address", () => Im.SendAsync(Recipient, Text, new Account("tosh\0", "x")).GetAwaiter().GetResult());
            Refused("address", () => Sandbox.Inbox("lenea\0@contoso.com"));
            Check.Equal(0, Sandbox.Journal().Count);
        }

        [Test]
        public void Half_a_surrogate_pair_is_refused()
        {
            Refused("text", () => Im.Send(Recipient, "disk \uD83D full", Account));
            Check.Equal(0, Sandbox.Journal().Count);
        }

        [Test]
        public void A_file_that_is_not_there_is_named()
        {
            var account = new Account(Sender, "x") { Server = Sandbox.Url, CaFile = "nowhere.pem" };
            Check.Contains("nowhere.pem", Check.Throws<SendImException>(() => Im.Send(Recipient, Text, account)).Message);
        }

        [Test]
        public void Says_nothing_secret()
        {
            var errors = new[]
            {
                Failed("declines@contoso.com"),
                Failed("lenea"),
                Check.Throws<SendImException>(() => Im.Send(Recipient, Text, Sandbox.Account(Sender, "wrong"))),
                Check.Throws<SendImException>(() => Im.Send(Recipient, Text + "\0", Account)),
                Check.Throws<SendImException>(() => Im.Send(Recipient, Text + "\uD83D", Account)),
            };
            foreach (var error in errors)
            {
                Check.ContainsNot(Text, error.ToString());
                Check.ContainsNot(Password, error.ToString());
            }
        }

        [Test]
        public void A_program_makes_errors_in_its_tests()
        {
            var error = new SendImException(ErrorKind.Busy, "Busy.");
            Check.Equal(
                ("Busy.", "busy", Sent.No, 4, 0),
                (error.Message, error.KindName, error.Sent, error.ExitCode, error.Hops.Count));
            Check.Equal(Sent.Maybe, new SendImException(ErrorKind.OutcomeUnknown, "Who knows.").Sent);
            var cause = new TimeoutException();
            var whole = new SendImException(
                ErrorKind.Throttled, "Later.", Sent.Maybe, SendStep.Invite, 429, "a", "b", "c", TimeSpan.FromSeconds(9),
                new[] { new Hop("https://pool.contoso.com/", "429") }, cause);
            Check.Equal(
                (Sent.Maybe, SendStep.Invite, 429, "a", "b", "c", TimeSpan.FromSeconds(9), "https://pool.contoso.com/: 429"),
                (whole.Sent, whole.Step, whole.HttpStatus, whole.Code, whole.Subcode, whole.Diagnostics, whole.RetryAfter,
                    whole.Hops.Single().ToString()));
            Check.Same(cause, whole.InnerException);
            var canceled = new SendCanceledException(new SendImException(ErrorKind.Cancelled, "Stopped.", Sent.Maybe));
            Check.Equal(("Stopped.", Sent.Maybe), (canceled.Message, canceled.Sent));
            Check.Same(error, new SendResult(new Message(Recipient, "hi"), error).Error);
        }

        [Test]
        public void A_program_makes_receipts_in_its_tests()
        {
            var receipt = new Receipt(Recipient);
            Check.Equal(
                (Recipient, Recipient, Evidence.InvitationAccepted, TextFormat.Plain, null, 0),
                (receipt.To, receipt.AcceptedBy, receipt.Evidence, receipt.Format, receipt.ThreadId, receipt.Steps.Count));
            Check.Equal(null, new Receipt(Recipient, Evidence.Submitted).AcceptedBy);
            var step = new FinishedStep(SendStep.Invite, "pool.contoso.com", 201, TimeSpan.FromMilliseconds(3));
            var whole = new Receipt(
                Recipient, "colleague@contoso.com", Evidence.MessageConfirmed, TextFormat.Html, "thread", new[] { step });
            Check.Equal(
                ("colleague@contoso.com", TextFormat.Html, "thread", 201),
                (whole.AcceptedBy, whole.Format, whole.ThreadId, whole.Steps.Single().Status));
            Check.Same(receipt, new SendResult(new Message(Recipient, "hi"), receipt).GetReceipt());
            var request = new TokenRequest("https://pool.contoso.com", rejected: true);
            Check.Equal(("https://pool.contoso.com", true), (request.Origin, request.Rejected));
        }

        private static void Refused(string name, Action action)
        {
            var error = Check.Throws<SendImException>(action);
            Check.Equal(ErrorKind.InvalidInput, error.Kind);
            Check.Equal(Sent.No, error.Sent);
            Check.Contains($"argument {name} ", error.Message);
        }

        private SendImException Failed(string to) => Check.Throws<SendImException>(() => Im.Send(to, Text, Account));
    }
}
