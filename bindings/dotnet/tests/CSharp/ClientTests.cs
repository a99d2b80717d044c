using System;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;
using Harness;

namespace SendIm.Tests
{
    public sealed class ClientTests : Fixture
    {
        private int SignIns => Sandbox.Journal().Count(exchange => exchange.Path.Contains("oauthtoken"));

        [Test]
        public void Signs_in_once_for_many_messages()
        {
            using (var client = Client.SignIn(Account))
            {
                for (var n = 0; n < 5; n++)
                {
                    client.Send(Recipient, $"message {n}");
                }

                Check.Equal("a client of tosh@contoso.com", client.ToString());
            }

            Check.Equal(Enumerable.Range(0, 5).Select(n => $"message {n}"), Sandbox.Messages().Select(one => one.Text));
            Check.Equal((1, 0), (SignIns, Sandbox.OpenApplications()));
        }

        [Test]
        public async Task Has_an_asynchronous_scope()
        {
            await using (var client = await Client.SignInAsync(Account))
            {
                await client.SendAsync(Recipient, "hi");
                Check.Equal(1, Sandbox.OpenApplications());
            }

            Check.Equal(0, Sandbox.OpenApplications());
        }

        [Test]
        public async Task Says_that_it_is_signed_out()
        {
            using var client = Client.SignIn(Account);
            client.SignOut();
            client.SignOut();
            await client.SignOutAsync();
            Check.Equal(ErrorKind.Closed, Check.Throws<SendImException>(() => client.Send(Recipient, "hi")).Kind);
            var late = await Check.ThrowsAsync<SendImException>(() => client.SendAsync(Recipient, "hi"));
            Check.Equal((ErrorKind.Closed, Sent.No), (late.Kind, late.Sent));
            Check.Equal(ErrorKind.Closed, client.SendAll(new[] { new Message(Recipient, "hi") }).Single().Error!.Kind);
        }

        [Test]
        public async Task Says_that_it_is_disposed_of()
        {
            var client = Client.SignIn(Account);
            client.Dispose();
            client.Dispose();
            await client.DisposeAsync();
            Check.Throws<ObjectDisposedException>(() => client.Send(Recipient, "hi"));
            await Check.ThrowsAsync<ObjectDisposedException>(() => client.SendAsync(Recipient, "hi"));
            Check.Equal("a closed client of tosh@contoso.com", client.ToString());
        }

        [Test]
        public void A_refused_sign_in_leaves_nothing_open()
        {
            var error = Check.Throws<SendImException>(() => Client.SignIn(Sandbox.Account(Sender, "wrong")));
            Check.Equal(ErrorKind.SignInRefused, error.Kind);
            Check.Equal(0, Sandbox.OpenApplications());
        }

        [Test]
        public async Task The_sign_in_has_a_timeout_of_its_own()
        {
            Sandbox.AddFault(Route.Token, Fault.Delay(TimeSpan.FromMinutes(10)), times: 0);
            var account = Account;
            account.SignInTimeout = TimeSpan.FromMilliseconds(200);
            Check.Equal(ErrorKind.Timeout, Check.Throws<SendImException>(() => Client.SignIn(account)).Kind);
            account.SignInTimeout = TimeSpan.FromSeconds(-1);
            var error = await Check.ThrowsAsync<SendImException>(() => Client.SignInAsync(account));
            Check.Equal(ErrorKind.InvalidInput, error.Kind);
        }

        [Test]
        public void A_failing_sign_out_hides_no_error_of_the_block()
        {
            Check.Throws<DivideByZeroException>(() =>
            {
                using var client = Client.SignIn(Account);
                Sandbox.AddFault(Route.DeleteApplication, Fault.Status(400), times: 0);
                throw new DivideByZeroException();
            });
        }

        [Test]
        public async Task Many_messages_have_results_in_their_order()
        {
            var messages = Enumerable.Range(0, 20).Select(n => new Message($"user{n}@contoso.com", $"message {n}")).ToList();
            messages[3] = new Message(Recipient, "disk\0full");
            messages[7] = new Message("declines@contoso.com", "no");
            messages[9] = new Message("nobody", "no address");
            messages[19] = new Message(Recipient, "\uDE00");
            using var client = Client.SignIn(Account);
            foreach (var results in new[] { client.SendAll(messages), await client.SendAllAsync(messages) })
            {
                Check.Equal(messages, results.Select(result => result.Message));
                Check.Equal(new[] { 3, 7, 9, 19 }, Enumerable.Range(0, 20).Where(n => !results[n].IsSent));
                Check.Equal(
                    new[] { ErrorKind.InvalidInput, ErrorKind.Declined, ErrorKind.InvalidInput, ErrorKind.InvalidInput },
                    results.Where(result => !result.IsSent).Select(result => result.Error!.Kind));
                Check.True(results.Where(one => one.IsSent).All(one => one.GetReceipt().To == one.Message.To), "mixed up");
                Check.Equal(ErrorKind.Declined, Check.Throws<SendImException>(() => results[7].GetReceipt()).Kind);
            }

            Check.Equal(32, Sandbox.Messages().Count);
        }

        [Test]
        public void Many_messages_may_be_none()
        {
            using var client = Client.SignIn(Account);
            Check.Equal(0, client.SendAll(Array.Empty<Message>()).Count);
            Check.Throws<ArgumentNullException>(() => client.SendAll(null!));
            Check.Throws<ArgumentException>(() => client.SendAll(new Message[] { null! }));
        }

        [Test]
        public void A_client_nobody_refers_to_signs_out()
        {
            Forget();
            Check.Equal(1, Sandbox.OpenApplications());
            Check.Eventually(
                () =>
                {
                    GC.Collect();
                    GC.WaitForPendingFinalizers();
                    return Sandbox.OpenApplications() == 0;
                },
                "the forgotten client signs out");
        }

        [Test]
        public void A_session_the_server_dropped_is_opened_again()
        {
            using var client = Client.SignIn(Account);
            client.Send(Recipient, "before");
            Sandbox.Request("POST", "actions/drop-applications");
            client.Send(Recipient, "after");
            Check.Equal(new[] { "before", "after" }, Sandbox.Messages().Select(one => one.Text));
        }

        // In a method of its own, so that no variable of the test holds it.
        [MethodImpl(MethodImplOptions.NoInlining)]
        private void Forget() => Client.SignIn(Account).Send(Recipient, "hi");
    }
}
