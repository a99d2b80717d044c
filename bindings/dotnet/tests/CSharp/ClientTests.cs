using System;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Harness;

namespace SendIm.Tests
{
    public sealed class ClientTests : Fixture
    {
        private const int Many = 50;

        [Test]
        public async Task The_sign_in_has_a_timeout_of_its_own()
        {
            Sandbox.AddFault(SandboxRoute.Token, Fault.Delay(TimeSpan.FromMinutes(10)), times: 0);
            var account = Account;
            account.SignInTimeout = TimeSpan.FromMilliseconds(200);
            Check.Equal(ErrorKind.Timeout, Check.Throws<SendImException>(() => ImClient.SignIn(account)).Kind);
            account.SignInTimeout = TimeSpan.FromSeconds(-1);
            var error = await Check.ThrowsAsync<SendImException>(() => ImClient.SignInAsync(account));
            Check.Equal(ErrorKind.InvalidInput, error.Kind);
        }

        [Test]
        public async Task Many_messages_have_results_in_their_order()
        {
            var messages = Enumerable.Range(0, 20).Select(n => new ImMessage($"user{n}@contoso.com", $"message {n}")).ToList();
            messages[3] = new ImMessage(Recipient, "disk\0full");
            messages[7] = new ImMessage("declines@contoso.com", "no");
            messages[9] = new ImMessage("nobody", "no address");
            messages[19] = new ImMessage(Recipient, "\uDE00");
            using var client = ImClient.SignIn(Account);
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
            Check.Equal(0, client.SendAll(Array.Empty<ImMessage>()).Count);
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
        public async Task Fifty_sends_with_callbacks_survive_the_collector()
        {
            var steps = 0;
            var stop = false;
            var collecting = Task.Run(() =>
            {
                while (!Volatile.Read(ref stop))
                {
                    GC.Collect();
                    // Without a pause it takes a small machine all its time, and the sends run out of theirs.
                    Thread.Sleep(10);
                }
            });
            var account = new Account(Sender)
            {
                Server = Sandbox.Url,
                OnStep = _ => Interlocked.Increment(ref steps),
                TokenProvider = (_, __) => Task.FromResult(new Token(Sandbox.IssueToken(Sender))),
            };
            await Task.WhenAll(Enumerable.Range(0, Many).Select(n => Im.SendAsync($"user{n}@contoso.com", "hi", account)));
            Volatile.Write(ref stop, true);
            await collecting;
            Check.Equal(Many, Sandbox.Messages().Count);
            Check.True(steps >= Many * 5, $"only {steps} steps were told");
        }

        [Test]
        public void Two_threads_may_dispose_of_a_client_that_is_in_use()
        {
            for (var round = 0; round < 20; round++)
            {
                var client = ImClient.SignIn(Account);
                Parallel.Invoke(
                    () => Ignoring(() => client.Send(Recipient, "hi")),
                    () => Ignoring(() => client.Send(Recipient, "hi")),
                    client.Dispose,
                    client.Dispose);
            }

            Check.Eventually(() => Sandbox.OpenApplications() == 0, "all sign out");
        }

        private static void Ignoring(Action action)
        {
            try
            {
                action();
            }
            catch (Exception error) when (error is SendImException || error is ObjectDisposedException)
            {
            }
        }

        // In a method of its own, so that no variable of the test holds it.
        [MethodImpl(MethodImplOptions.NoInlining)]
        private void Forget() => ImClient.SignIn(Account).Send(Recipient, "hi");
    }
}
