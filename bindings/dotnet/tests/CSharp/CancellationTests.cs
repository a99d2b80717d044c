using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Harness;

namespace SendIm.Tests
{
    /// <summary>`silent@` rings for half an hour here: a call that does not stop counts as hanging.</summary>
    public sealed class CancellationTests : Fixture
    {
        private readonly CancellationTokenSource source = new CancellationTokenSource();

        public CancellationTests()
            : base(new SandboxOptions { Ring = TimeSpan.FromMinutes(30) })
        {
        }

        [Test]
        public async Task Stops_waiting_and_withdraws_the_invitation()
        {
            var sending = Im.SendAsync(Patient(), Account, source.Token);
            Ringing();
            source.Cancel();
            var error = await Check.ThrowsAsync<SendCanceledException>(() => sending);
            Check.True(sending.IsCanceled, "the task is not cancelled");
            Check.Equal(source.Token, error.CancellationToken);
            Check.Equal((ErrorKind.Cancelled, 130), (error.Error.Kind, error.Error.ExitCode));
            Check.Equal(error.Error.Sent, error.Sent);
            Check.Eventually(() => Sandbox.OpenApplications() == 0, "the account signs out");
            Check.Equal(0, Sandbox.Messages().Count);
        }

        [Test]
        public async Task A_token_that_is_cancelled_already_asks_nothing_of_the_server()
        {
            source.Cancel();
            var error = await Check.ThrowsAsync<SendCanceledException>(
                () => Im.SendAsync("lenea@contoso.com", "hi", Account, source.Token));
            Check.Equal(Sent.No, error.Sent);
            Check.Equal(0, Sandbox.Journal().Count);
        }

        [Test]
        public async Task One_cancelled_send_leaves_the_client_and_the_others_alone()
        {
            using var client = ImClient.SignIn(Account);
            var sending = client.SendAsync(Patient(), source.Token);
            Ringing();
            source.Cancel();
            await Check.ThrowsAsync<OperationCanceledException>(() => sending);
            Check.Equal("lenea@contoso.com", client.Send("lenea@contoso.com", "still here").AcceptedBy);
        }

        [Test]
        public async Task A_sign_in_can_be_cancelled()
        {
            Sandbox.AddFault(SandboxRoute.Token, Fault.Delay(TimeSpan.FromMinutes(30)), times: 0);
            var account = Account;
            account.SignInTimeout = TimeSpan.FromMinutes(30);
            var signing = ImClient.SignInAsync(account, source.Token);
            Check.Eventually(() => Sandbox.Journal().Any(one => one.Path.Contains("oauthtoken")), "it signs in");
            source.Cancel();
            await Check.ThrowsAsync<SendCanceledException>(() => signing);
        }

        [Test]
        public async Task Of_many_messages_those_that_had_ended_keep_their_result()
        {
            using var client = ImClient.SignIn(Account);

            // The second message to a recipient is sent when what became of the first is known.
            var messages = new[]
            {
                new ImMessage("lenea@contoso.com", "one"), Patient(), new ImMessage("lenea@contoso.com", "two"),
            };
            var sending = client.SendAllAsync(messages, source.Token);
            Check.Eventually(
                () => Sandbox.Messages().Count == 2 && Sandbox.Journal().Count(one => one.IsInvitation()) == 2,
                "two arrive, one rings");
            source.Cancel();
            var results = await sending;
            Check.True(results[0].IsSent, "the first has lost its receipt");
            Check.Equal(ErrorKind.Cancelled, results[1].Error!.Kind);
        }

        [Test]
        public async Task Cancelling_at_any_moment_ends_every_send_once()
        {
            var ends = Enumerable.Range(0, 40).Select(async n =>
            {
                using var own = new CancellationTokenSource();

                // Each second one can only end by its cancellation.
                var to = n % 2 == 0 ? $"silent@site{n}.contoso.com" : $"user{n}@contoso.com";
                var sending = Im.SendAsync(Patient(to), Account, own.Token);
                await Task.Delay(n);
                own.Cancel();
                try
                {
                    return (await sending).To;
                }
                catch (SendCanceledException)
                {
                    return string.Empty;
                }
            });
            var sent = (await Task.WhenAll(ends)).Where(to => to.Length > 0).ToList();
            Check.Equal(sent, sent.Where(to => Sandbox.Inbox(to).Count == 1));
            Check.Eventually(() => Sandbox.OpenApplications() == 0, "all sign out");
        }
    }
}
