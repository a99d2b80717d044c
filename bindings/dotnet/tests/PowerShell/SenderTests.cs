using System;
using System.Linq;
using Harness;
using SendIm.PowerShell;

namespace SendIm.Tests
{
    /// <summary>What the functions of the module do with their parameters, as SendIm.psm1 calls it.</summary>
    public sealed class SenderTests : IDisposable
    {
        private const string Who = "tosh@contoso.com";
        private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

        private readonly Sandbox sandbox = Sandbox.Start();

        public void Dispose() => sandbox.Dispose();

        [Test]
        public void One_pipeline_is_one_session()
        {
            using (var sender = Sender())
            {
                foreach (var text in new[] { "one\r\n", "two" })
                {
                    var receipt = (Receipt)Ended(sender.Send(Text("lenea@contoso.com", text))).Result!;
                    Check.Equal("lenea@contoso.com", receipt.AcceptedBy);
                }

                Check.Equal(1, sandbox.OpenApplications());
            }

            Check.Equal(0, sandbox.OpenApplications());
            Check.Equal("one two", string.Join(" ", sandbox.Messages().Select(message => message.Text)));
            Check.Equal(1, Requests("/applications"));
        }

        [Test]
        public void A_message_that_fails_does_not_keep_the_next_from_being_sent()
        {
            using var sender = Sender();
            var failed = Ended(sender.Send(Text("busy@contoso.com", "hi")));
            Check.Equal("SendIm.Busy", failed.Failure!.ErrorId);
            Check.True(failed.Result == null, "a receipt of a message that failed");
            var sent = Ended(sender.Send(Text("lenea@contoso.com", "hi")));
            Check.True(sent.Failure == null && sent.Result is Receipt, "it was sent");
        }

        [Test]
        public void Everything_that_was_said_of_a_message_arrives()
        {
            using var sender = Sender();
            var message = SendIm.PowerShell.Message.Of("lenea@contoso.com", "<b>hi</b>", "db7", Importance.Urgent, true, Limit);
            Check.Equal(TextFormat.Html, ((Receipt)Ended(sender.Send(message)).Result!).Format);
            var delivered = sandbox.Inbox("lenea@contoso.com").Single();
            Check.Equal("db7 Urgent <b>hi</b>", $"{delivered.Subject} {delivered.Importance} {delivered.Text}");
            Check.True(Text("a@b.c", "x").Subject == null, "no subject is none");
        }

        [Test]
        public void A_credential_says_who_signs_in()
        {
            foreach (var (from, name) in new[]
            {
                (null, Who), (string.Empty, Who), (Who, "CONTOSO\\tosh"), (Who, "\\tosh"), (Who, Who),
            })
            {
                using var sender = new Sender(from, name, "x", sandbox.Url, null, Limit);
                var connection = (Connection)Ended(sender.Connect()).Result!;
                Check.Equal(Who, connection.Address);
            }

            var error = Check.Throws<SendImException>(() => new Sender(null, "CONTOSO\\tosh", "x", sandbox.Url, null, Limit));
            Check.Equal(ErrorKind.InvalidInput, error.Kind);
            Check.Contains("-From", error.Message);
        }

        [Test]
        public void A_connection_is_tested_without_a_message()
        {
            using (var sender = Sender())
            {
                var connection = (Connection)Ended(sender.Connect()).Result!;
                Check.Equal(new Uri(sandbox.Url).Authority, connection.Pool);
                Check.Equal(StepName.Discover, connection.Steps.First().Name);
                Check.True(connection.Elapsed > TimeSpan.Zero, "it took time");
            }

            Check.Equal(0, sandbox.OpenApplications());
            Check.Equal(0, sandbox.Messages().Count);
            using var wrong = new Sender(null, Who, "wrong", sandbox.Url, null, Limit);
            Check.Equal("SendIm.SignInRefused AuthenticationError", Told(Ended(wrong.Connect())));
        }

        [Test]
        public void Ctrl_C_ends_what_is_under_way_and_signs_out()
        {
            var sender = Sender();
            var pending = sender.Send(Text("silent@contoso.com", "hi"));
            Check.Eventually(() => Requests("/messaginginvitations") == 1, "it rings");
            Check.True(!pending.Wait(0), "nobody has answered");
            sender.Dispose();
            Ended(pending);
            Check.Eventually(() => sandbox.OpenApplications() == 0, "it is signed out");
            sender.Dispose();
        }

        [Test]
        public void Ctrl_C_ends_a_sign_in()
        {
            sandbox.AddFault(SandboxRoute.Token, Fault.Delay(TimeSpan.FromSeconds(2)));
            var sender = Sender();
            var pending = sender.Connect();
            Check.Eventually(() => Requests("/oauthtoken") == 1, "it signs in");
            sender.Dispose();
            Check.Equal("SendIm.Cancelled OperationStopped", Told(Ended(pending)));
            Check.Eventually(() => sandbox.OpenApplications() == 0, "it is signed out");
        }

        private static string Told(Pending pending) => $"{pending.Failure!.ErrorId} {pending.Failure.Category}";

        private static Pending Ended(Pending pending)
        {
            Check.True(pending.Wait(Check.Patience * 1000), "it hangs");
            return pending;
        }

        private static ImMessage Text(string to, string text) =>
            SendIm.PowerShell.Message.Of(to, text, string.Empty, Importance.Normal, false, Limit);

        private Sender Sender() => new Sender(null, Who, "x", sandbox.Url, string.Empty, Limit);

        private int Requests(string end) =>
            sandbox.Journal().Count(one => one.Method == "POST" && one.Path.EndsWith(end, StringComparison.OrdinalIgnoreCase));
    }
}
