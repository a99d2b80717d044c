using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Harness;

namespace SendIm.Tests
{
    public sealed class TokenTests : Fixture
    {
        [Test]
        public async Task A_provider_takes_the_place_of_a_password()
        {
            var asked = new ConcurrentQueue<TokenRequest>();
            var receipt = await Im.SendAsync(Recipient, "hi", With(async (request, _) =>
            {
                asked.Enqueue(request);
                await Task.Yield();
                return new Token(Sandbox.IssueToken(Sender), TimeSpan.FromHours(1));
            }));
            Check.Equal(Recipient, receipt.AcceptedBy);
            Check.Equal(Sandbox.Url.TrimEnd('/'), asked.First().Origin);
            Check.True(!asked.First().Rejected, "the first request says rejected");
        }

        [Test]
        public void A_rejected_token_is_told_and_replaced()
        {
            var rejected = new ConcurrentQueue<bool>();
            using var client = ImClient.SignIn(With((request, _) =>
            {
                rejected.Enqueue(request.Rejected);
                return Task.FromResult(new Token(Sandbox.IssueToken(Sender)));
            }));
            Sandbox.Request("POST", "actions/revoke-tokens");
            client.Send(Recipient, "hi");
            Check.True(rejected.Contains(true), "nobody said that the token was rejected");
        }

        [Test]
        public void What_a_provider_throws_is_the_cause_and_no_server_has_refused()
        {
            var atOnce = new InvalidOperationException(Password);
            Check.Same(atOnce, Failed("InvalidOperationException", (_, __) => throw atOnce));
            var later = new TimeoutException(Password);
            Check.Same(later, Failed("TimeoutException", async (_, __) =>
            {
                await Task.Yield();
                throw later;
            }));
            var ours = new SendImException(ErrorKind.InvalidInput, "The vault takes no such name.");
            Check.Same(ours, Failed("SendImException", (_, __) => throw ours));
            Check.Contains("NUL", Failed("SendImException", (_, __) => Task.FromResult(new Token("to\0ken")))!.Message);
            Check.Same(null, Failed("null", (_, __) => Task.FromResult<Token>(null!)));
            Check.Same(null, Failed("null", (_, __) => null!));
        }

        [Test]
        public async Task The_cause_is_told_by_each_way_to_fail()
        {
            var sealedVault = new InvalidOperationException("The vault is sealed.");
            var failing = false;
            var account = With((_, __) =>
                failing ? throw sealedVault : Task.FromResult(new Token(Sandbox.IssueToken(Sender))));
            using var client = ImClient.SignIn(account);
            failing = true;
            Sandbox.Request("POST", "actions/revoke-tokens");
            foreach (var error in new[]
            {
                Check.Throws<SendImException>(() => ImClient.SignIn(account)),
                await Check.ThrowsAsync<SendImException>(() => ImClient.SignInAsync(account)),
                await Check.ThrowsAsync<SendImException>(() => Im.SendAsync(Recipient, "hi", account)),
                Check.Throws<SendImException>(() => client.Send(Recipient, "hi")),
                client.SendAll(new[] { new ImMessage(Recipient, "hi") }).Single().Error!,
            })
            {
                Check.Equal((ErrorKind.CredentialUnavailable, Sent.No), (error.Kind, error.Sent));
                Check.Same(sealedVault, error.InnerException);
            }

            failing = false;
            Check.Equal(Recipient, client.Send(Recipient, "The vault is open.").AcceptedBy);
        }

        [Test]
        public async Task Of_many_that_fail_at_once_each_has_its_own_cause()
        {
            await Task.WhenAll(Enumerable.Range(0, 60).Select(async n =>
            {
                var own = new InvalidOperationException($"number {n}");
                var error = await Check.ThrowsAsync<SendImException>(
                    () => Im.SendAsync(Recipient, "hi", With((_, __) => throw own)));
                Check.Same(own, error.InnerException);
            }));
        }

        [Test]
        public void A_fixed_token()
        {
            var account = new Account(Sender) { Server = Sandbox.Url, Token = Sandbox.IssueToken(Sender) };
            Check.Equal(Recipient, Im.Send(Recipient, "hi", account).AcceptedBy);
            account.Token = "nobody-knows-this";
            var error = Check.Throws<SendImException>(() => Im.Send(Recipient, "hi", account));
            Check.Equal(ErrorKind.SignInRefused, error.Kind);
            Check.ContainsNot("nobody-knows-this", error.ToString());
        }

        [Test]
        public async Task A_provider_is_told_when_nobody_waits_any_more()
        {
            using var source = new CancellationTokenSource();
            var asked = new TaskCompletionSource<bool>();
            var told = new TaskCompletionSource<bool>();
            var sending = Im.SendAsync(Recipient, "hi", With(async (_, cancelled) =>
            {
                asked.SetResult(true);
                try
                {
                    await Task.Delay(Timeout.Infinite, cancelled);
                }
                finally
                {
                    told.SetResult(cancelled.IsCancellationRequested);
                }

                return null!;
            }), source.Token);
            await asked.Task;
            source.Cancel();
            await Check.ThrowsAsync<SendCanceledException>(() => sending);
            Check.True(await told.Task, "it was not told");
        }

        [Test]
        public async Task A_provider_may_wait_for_a_send()
        {
            // It does not run on a thread of the library, where that would be refused.
            var receipt = await Im.SendAsync(Recipient, "outer", With((_, __) =>
            {
                Im.Send(Recipient, "inner", Sandbox.Account(Sender));
                return Task.FromResult(new Token(Sandbox.IssueToken(Sender)));
            }));
            Check.Equal(Recipient, receipt.AcceptedBy);
            Check.Contains("inner", string.Join(" ", Sandbox.Messages().Select(one => one.Text)));
        }

        private Account With(Func<TokenRequest, CancellationToken, Task<Token>> provider) =>
            new Account(Sender) { Server = Sandbox.Url, TokenProvider = provider };

        private Exception? Failed(string part, Func<TokenRequest, CancellationToken, Task<Token>> provider)
        {
            var error = Check.Throws<SendImException>(() => Im.Send(Recipient, "hi", With(provider)));
            Check.Equal(
                (ErrorKind.CredentialUnavailable, "credential_unavailable", Sent.No, 3),
                (error.Kind, error.KindName, error.Sent, error.ExitCode));
            Check.Contains(part, error.Message);
            Check.ContainsNot(Password, error.Message);
            return error.InnerException;
        }
    }
}
