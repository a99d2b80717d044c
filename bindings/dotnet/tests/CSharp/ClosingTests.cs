using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Harness;

namespace SendIm.Tests
{
    /// <summary>What the README says of closing. `silent@` rings for half an hour, `slow@` for a while.</summary>
    public sealed class ClosingTests : Fixture
    {
        private const string Slow = "slow@contoso.com";

        public ClosingTests()
            : base(new SandboxOptions { Ring = TimeSpan.FromMinutes(30), Slow = TimeSpan.FromSeconds(2) })
        {
        }

        [Test]
        public async Task Each_way_to_close_waits_for_the_sends_under_way()
        {
            foreach (var close in new Func<ImClient, Task>[]
            {
                client => { client.SignOut(); return Task.CompletedTask; },
                client => client.SignOutAsync(),
                client => { client.SignOut(TimeSpan.FromMinutes(10)); return Task.CompletedTask; },
                client => { client.Dispose(); return Task.CompletedTask; },
                client => client.DisposeAsync().AsTask(),
            })
            {
                var client = ImClient.SignIn(Account);
                var sending = client.SendAsync(Slow, "hi");
                Ringing();
                await close(client);
                Check.Equal(0, Sandbox.OpenApplications());
                Check.Equal(Slow, (await sending).AcceptedBy);
                client.Dispose();
            }

            Check.Equal(5, Sandbox.Messages().Count);
        }

        [Test]
        public async Task What_has_not_ended_at_the_bound_is_cancelled()
        {
            foreach (var close in new Func<ImClient, TimeSpan, Task>[]
            {
                (client, bound) => { client.SignOut(bound); return Task.CompletedTask; },
                (client, bound) => client.SignOutAsync(bound),
            })
            {
                foreach (var bound in new[] { TimeSpan.Zero, TimeSpan.FromMilliseconds(300) })
                {
                    using var client = ImClient.SignIn(Account);
                    var sending = client.SendAsync(Patient());
                    Ringing();
                    await close(client, bound);
                    Cut(Sent.Maybe, await Check.ThrowsAsync<SendImException>(() => sending));
                    client.SignOut(Timeout.InfiniteTimeSpan);
                }
            }
        }

        [Test]
        public async Task Says_that_it_is_signed_out_and_that_it_is_disposed_of_and_asks_nothing_more()
        {
            var client = ImClient.SignIn(Account);
            client.SignOut();
            var requests = Sandbox.Journal().Count;
            Check.Equal(ErrorKind.Closed, Check.Throws<SendImException>(() => client.Send(Slow, "hi")).Kind);
            var late = await Check.ThrowsAsync<SendImException>(() => client.SendAsync(Slow, "hi"));
            Check.Equal((ErrorKind.Closed, Sent.No), (late.Kind, late.Sent));
            Check.Equal(ErrorKind.Closed, client.SendAll(new[] { new ImMessage(Slow, "hi") }).Single().Error!.Kind);
            client.SignOut();
            Check.Equal("a client of tosh@contoso.com", client.ToString());
            client.Dispose();
            Check.Throws<ObjectDisposedException>(() => client.Send(Slow, "hi"));
            await Check.ThrowsAsync<ObjectDisposedException>(() => client.SendAsync(Slow, "hi"));
            Check.Equal("a closed client of tosh@contoso.com", client.ToString());
            client.SignOut(TimeSpan.Zero);
            client.CancelAll();
            await client.SignOutAsync(TimeSpan.Zero);
            await client.DisposeAsync();
            client.Dispose();
            Check.Equal(requests, Sandbox.Journal().Count);
        }

        [Test]
        public async Task CancelAll_ends_all_at_once_and_each_says_whether_it_can_have_arrived()
        {
            using var client = ImClient.SignIn(Account);
            var blocking = Task.Run(() => client.Send(Patient()));
            Ringing();
            var waits = client.SendAsync(Patient());
            var many = client.SendAllAsync(new[] { Patient() });
            client.CancelAll();
            Cut(Sent.Maybe, await Check.ThrowsAsync<SendImException>(() => blocking));
            Cut(Sent.No, await Check.ThrowsAsync<SendImException>(() => waits));
            Cut(Sent.No, (await many).Single().Error!);
        }

        [Test]
        public async Task A_block_that_is_left_by_an_exception_closes_in_the_same_way_and_hides_nothing()
        {
            Task<Receipt>? sending = null;
            Check.Throws<DivideByZeroException>(() =>
            {
                using var client = ImClient.SignIn(Account);
                sending = client.SendAsync(Slow, "hi");
                Ringing();
                throw new DivideByZeroException();
            });
            Check.Equal(Slow, (await sending!).AcceptedBy);
            Sandbox.AddFault(SandboxRoute.DeleteApplication, Fault.Status(400), times: 0);
            var account = Account;
            account.Log = (level, error, text) => { };
            Check.Throws<DivideByZeroException>(() =>
            {
                using var client = ImClient.SignIn(account);
                throw new DivideByZeroException();
            });
            await Check.ThrowsAsync<DivideByZeroException>(async () =>
            {
                await using var client = await ImClient.SignInAsync(account);
                throw new DivideByZeroException();
            });
        }

        private static void Cut(Sent sent, SendImException error) =>
            Check.Equal((ErrorKind.Cancelled, sent), (error.Kind, error.Sent));
    }
}
