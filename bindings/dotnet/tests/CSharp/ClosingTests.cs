using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Harness;

namespace SendIm.Tests
{
    /// <summary>Each sentence that the README says of closing. `silent@` rings for half an hour, `slow@` for a while.</summary>
    public sealed class ClosingTests : IDisposable
    {
        private const string Silent = "silent@contoso.com";
        private const string Slow = "slow@contoso.com";

        private readonly Sandbox sandbox = Sandbox.Start(
            new SandboxOptions { Ring = TimeSpan.FromMinutes(30), Slow = TimeSpan.FromSeconds(2) });

        private Account Account => sandbox.Account("tosh@contoso.com");

        public void Dispose() => sandbox.Dispose();

        [Test]
        public async Task Each_way_to_close_waits_for_the_sends_under_way()
        {
            foreach (var close in new Func<Client, Task>[]
            {
                client => { client.SignOut(); return Task.CompletedTask; },
                client => client.SignOutAsync(),
                client => { client.SignOut(TimeSpan.FromMinutes(10)); return Task.CompletedTask; },
                client => { client.Dispose(); return Task.CompletedTask; },
                client => client.DisposeAsync().AsTask(),
            })
            {
                var client = Client.SignIn(Account);
                var sending = client.SendAsync(Slow, "hi");
                Ringing();
                await close(client);
                Check.Equal(0, sandbox.OpenApplications());
                Check.Equal(Slow, (await sending).AcceptedBy);
                client.Dispose();
            }

            Check.Equal(5, sandbox.Messages().Count);
        }

        [Test]
        public async Task A_send_under_way_ends_with_its_own_timeout_at_the_latest()
        {
            using var client = Client.SignIn(Account);
            var sending = client.SendAsync(new Message(Silent, "hi") { Timeout = TimeSpan.FromSeconds(2) });
            Ringing();
            client.SignOut();
            var error = await Check.ThrowsAsync<SendImException>(() => sending);
            Check.Equal((ErrorKind.Timeout, Sent.No), (error.Kind, error.Sent));
            Check.Equal((0, 0), (sandbox.OpenApplications(), sandbox.Messages().Count));
        }

        [Test]
        public async Task What_has_not_ended_at_the_bound_is_cancelled()
        {
            foreach (var bound in new[] { TimeSpan.Zero, TimeSpan.FromMilliseconds(300) })
            {
                using var client = Client.SignIn(Account);
                var sending = client.SendAsync(Patient(Silent));
                Ringing();
                client.SignOut(bound);
                Cut(Sent.Maybe, await Check.ThrowsAsync<SendImException>(() => sending));
                using var another = Client.SignIn(Account);
                sending = another.SendAsync(Patient(Silent));
                Ringing();
                await another.SignOutAsync(bound);
                Cut(Sent.Maybe, await Check.ThrowsAsync<SendImException>(() => sending));
            }

            using var last = Client.SignIn(Account);
            Check.Throws<ArgumentOutOfRangeException>(() => last.SignOut(TimeSpan.FromSeconds(-2)));
            Check.Throws<ArgumentOutOfRangeException>(() => { _ = last.SignOutAsync(TimeSpan.FromTicks(-1)); });
            Check.Equal("lenea@contoso.com", last.Send("lenea@contoso.com", "not signed out").AcceptedBy);
            last.SignOut(Timeout.InfiniteTimeSpan);
        }

        [Test]
        public async Task Sends_that_begin_later_find_it_closed_also_while_it_waits()
        {
            var client = Client.SignIn(Account);
            var sending = client.SendAsync(Patient(Silent));
            Ringing();
            var closing = client.SignOutAsync();
            var late = await Check.ThrowsAsync<SendImException>(() => client.SendAsync("lenea@contoso.com", "late"));
            Check.Equal((ErrorKind.Closed, Sent.No), (late.Kind, late.Sent));
            client.CancelAll();
            await closing;
            Cut(Sent.Maybe, await Check.ThrowsAsync<SendImException>(() => sending));
            Check.Equal(0, sandbox.Messages().Count);
            client.Dispose();
        }

        [Test]
        public async Task A_second_close_does_nothing()
        {
            var client = Client.SignIn(Account);
            client.SignOut();
            client.SignOut();
            client.Dispose();
            var requests = sandbox.Journal().Count;
            client.SignOut();
            client.SignOut(TimeSpan.Zero);
            client.CancelAll();
            await client.SignOutAsync();
            await client.SignOutAsync(TimeSpan.Zero);
            await client.DisposeAsync();
            client.Dispose();
            Check.Equal(requests, sandbox.Journal().Count);
        }

        [Test]
        public async Task CancelAll_ends_all_at_once_and_each_says_whether_it_can_have_arrived()
        {
            var client = Client.SignIn(Account);
            sandbox.AddFault(Route.SendMessage, Fault.Delay(TimeSpan.FromMinutes(30)), times: 0);
            var longText = new string('x', 2000);
            var onItsWay = client.SendAsync(Patient("lenea@contoso.com", longText));
            var rings = client.SendAsync(Patient(Silent));
            var ringsWithoutText = client.SendAsync(Patient("silent@fabrikam.com", longText));
            var many = client.SendAllAsync(
                Enumerable.Range(0, 60).Select(n => Patient($"silent@site{n}.contoso.com", longText)).ToArray());
            Check.Eventually(
                () => sandbox.Journal().Any(one => one.Method == "POST" && one.Path.Contains("/messages"))
                    && sandbox.Journal().Count(one => one.Path.EndsWith("/messagingInvitations")) == 32,
                "one is on its way, others ring");
            client.CancelAll();
            Cut(Sent.Maybe, await Check.ThrowsAsync<SendImException>(() => onItsWay));
            Cut(Sent.Maybe, await Check.ThrowsAsync<SendImException>(() => rings));
            Cut(Sent.No, await Check.ThrowsAsync<SendImException>(() => ringsWithoutText));
            foreach (var result in await many)
            {
                // Those whose turn had not come never began.
                Check.True(result.Error!.Kind == ErrorKind.Cancelled || result.Error.Kind == ErrorKind.Closed, result.ToString());
                Check.Equal(Sent.No, result.Error.Sent);
            }

            Check.Equal(ErrorKind.Closed, Check.Throws<SendImException>(() => client.Send(Silent, "late")).Kind);
            client.Dispose();
            Check.Equal(0, sandbox.OpenApplications());
        }

        [Test]
        public async Task A_server_that_is_gone_is_not_waited_for()
        {
            var client = Client.SignIn(Account);
            var sending = client.SendAsync(Patient(Silent));
            Ringing();
            sandbox.Dispose();
            client.Dispose();
            var error = await Check.ThrowsAsync<SendImException>(() => sending);
            Check.Equal((ErrorKind.OutcomeUnknown, Sent.Maybe), (error.Kind, error.Sent));
        }

        [Test]
        public async Task A_block_that_is_left_by_an_exception_closes_in_the_same_way_and_hides_nothing()
        {
            Task<Receipt>? sending = null;
            Check.Throws<DivideByZeroException>(() =>
            {
                using var client = Client.SignIn(Account);
                sending = client.SendAsync(Slow, "hi");
                Ringing();
                throw new DivideByZeroException();
            });
            Check.Equal(Slow, (await sending!).AcceptedBy);
            await Check.ThrowsAsync<DivideByZeroException>(async () =>
            {
                await using var client = await Client.SignInAsync(Account);
                sandbox.AddFault(Route.DeleteApplication, Fault.Status(400), times: 0);
                throw new DivideByZeroException();
            });
        }

        [Test]
        public void An_invitation_rings_until_the_timeout()
        {
            // Nine tenths of the timeout: a send that kept a part of it for itself would not wait for the answer.
            using var server = Sandbox.Start(new SandboxOptions { Slow = TimeSpan.FromSeconds(9) });
            using var client = Client.SignIn(server.Account("tosh@contoso.com"));
            var message = new Message(Slow, "hi") { Timeout = TimeSpan.FromSeconds(10) };
            Check.Equal(Slow, client.Send(message).AcceptedBy);
        }

        private static Message Patient(string to, string text = "hi") =>
            new Message(to, text) { Timeout = TimeSpan.FromMinutes(30) };

        private static void Cut(Sent sent, SendImException error) =>
            Check.Equal((ErrorKind.Cancelled, sent), (error.Kind, error.Sent));

        /// <summary>Waits until an invitation rings in each session.</summary>
        private void Ringing()
        {
            var sessions = sandbox.Journal().Count(one => one.Method == "POST" && one.Path.EndsWith("/applications"));
            Check.Eventually(
                () => sandbox.Journal().Count(one => one.Path.EndsWith("/messagingInvitations")) >= sessions, "it rings");
        }
    }
}
