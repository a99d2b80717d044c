using System;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Harness;

namespace SendIm.Tests
{
    public sealed class SendTests : Fixture
    {
        [Test]
        public void Sends_and_gives_a_receipt()
        {
            var receipt = Im.Send(Recipient, "hello world", Account);
            Check.Equal(Recipient, receipt.AcceptedBy);
            Check.Equal(Evidence.InvitationAccepted, receipt.Evidence);
            Check.Equal(SendStep.Discover, receipt.Steps[0].Step);
            Check.True(receipt.Steps.All(step => step.Elapsed > TimeSpan.Zero), "a step took no time");
            Check.Equal("accepted by lenea@contoso.com (InvitationAccepted)", receipt.ToString());
            Check.Equal(0, Sandbox.OpenApplications());
        }

        [Test]
        public async Task Sends_without_a_thread()
        {
            var receipt = await Im.SendAsync(Recipient, "hello world", Account);
            Check.Equal("hello world", Sandbox.Inbox(receipt.To).Single().Text);
        }

        [Test]
        public void Passes_on_what_a_message_has()
        {
            Im.Send(
                new Message(Recipient, "<b>disk full</b>")
                {
                    Subject = "db7: Größe 😀",
                    Importance = Importance.Emergency,
                    IsHtml = true,
                    Timeout = Timeout.InfiniteTimeSpan,
                },
                Account);
            var delivered = Sandbox.Messages().Single();
            Check.Equal("<b>disk full</b>", delivered.Text);
            Check.Equal("db7: Größe 😀", delivered.Subject);
            Check.Equal(Importance.Emergency, delivered.Importance);
            Check.Equal(TextFormat.Html, delivered.Format);
            Check.Equal(Via.Message, delivered.Via);
        }

        [Test]
        public void Does_not_wait_when_told_so()
        {
            var receipt = Im.Send(new Message("slow@contoso.com", "hi") { WaitFor = WaitFor.Submitted }, Account);
            Check.Equal(Evidence.Submitted, receipt.Evidence);
            Check.Equal(null, receipt.AcceptedBy);
            Check.Equal("sent to slow@contoso.com (Submitted)", receipt.ToString());
        }

        [Test]
        public void Every_control_character_of_a_text_survives_the_way_back()
        {
            var text = "\"\\/\t\n\r ￿\uFEFF \u2028 e\u0301 👩‍👩‍👧‍👦";
            Im.Send(Recipient, text, Account);
            Check.Equal(text, Sandbox.Messages().Single().Text);
        }

        [Test]
        public async Task Continuations_do_not_hold_up_the_library()
        {
            // If it ran on the one thread that brings results, nobody would bring the second.
            var account = Account;
            using var client = Client.SignIn(account);
            var second = client.SendAsync(Recipient, "first")
                .ContinueWith(_ => client.Send(Recipient, "second"), TaskContinuationOptions.ExecuteSynchronously);
            Check.Equal(Recipient, (await second).AcceptedBy);
        }

        [Test]
        public void What_is_null_is_said_at_once()
        {
            Check.Throws<ArgumentNullException>(() => new Message(null!, "hi"));
            Check.Throws<ArgumentNullException>(() => new Message(Recipient, null!));
            Check.Throws<ArgumentNullException>(() => Im.Send((Message)null!));
            Check.Throws<ArgumentNullException>(() => { _ = Im.SendAsync((Message)null!); });
            Check.Throws<ArgumentNullException>(() => new Account(null!));
            Check.Throws<ArgumentOutOfRangeException>(
                () => Im.Send(new Message(Recipient, "hi") { Importance = (Importance)9 }, Account));
        }

        [Test]
        public void Tls_of_the_account_goes_before_that_of_the_environment()
        {
            SetVariable("SEND_IM_TLS", "old", 1);
            try
            {
                var account = Account;
                account.Tls = Tls.Compatible;
                Check.Equal(Recipient, Im.Send(Recipient, "hi", account).AcceptedBy);
                Check.Contains("SEND_IM_TLS", Check.Throws<SendImException>(() => Im.Send(Recipient, "hi", Account)).Message);
            }
            finally
            {
                UnsetVariable("SEND_IM_TLS");
            }
        }

        /// <remarks>What .NET calls the environment is a copy of the process's own.</remarks>
        [DllImport("libc", EntryPoint = "setenv")]
        private static extern int SetVariable(string name, string value, int overwrite);

        [DllImport("libc", EntryPoint = "unsetenv")]
        private static extern int UnsetVariable(string name);

        [Test]
        public void An_account_shows_no_secret()
        {
            var account = Account;
            account.Token = "t0ken-of-tosh";
            Check.Equal(Sender, account.ToString());
            foreach (var property in typeof(Account).GetProperties().Where(one => one.GetMethod?.IsPublic == true))
            {
                Check.ContainsNot(Password, property.GetValue(account)?.ToString());
                Check.ContainsNot("t0ken-of-tosh", property.GetValue(account)?.ToString());
            }

            Check.ContainsNot("hush", new Message(Recipient, "hush").ToString());
            Check.ContainsNot("hush", new Token("hush").ToString());
        }

        [Test]
        public void A_program_says_what_is_missing_where_no_account_is_stored()
        {
            var ended = Children.Start("send", null, Recipient);
            Check.Equal(2, ended.Code);
            Check.Contains("SEND_IM_ADDRESS", ended.Error);
        }

        [Test]
        public void A_program_sends_from_the_stored_account()
        {
            Check.Equal((0, "lenea@contoso.com\n", string.Empty), Children.Start("send", Stored, Recipient));
            Check.Equal(Sender, Sandbox.Messages().Single().From);
        }
    }
}
