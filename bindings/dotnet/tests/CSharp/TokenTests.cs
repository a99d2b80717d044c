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
        public void A_provider_that_answers_at_once()
        {
            using var client = Client.SignIn(With((_, __) => Task.FromResult(new Token(Sandbox.IssueToken(Sender)))));
            Check.Equal(Recipient, client.Send(Recipient, "hi").AcceptedBy);
        }

        [Test]
        public void A_rejected_token_is_told_and_replaced()
        {
            var rejected = new ConcurrentQueue<bool>();
            using var client = Client.SignIn(With((request, _) =>
            {
                rejected.Enqueue(request.Rejected);
                return Task.FromResult(new Token(Sandbox.IssueToken(Sender)));
            }));
            Sandbox.RevokeTokens();
            client.Send(Recipient, "hi");
            Check.True(rejected.Contains(true), "nobody said that the token was rejected");
        }

        [Test]
        public void A_provider_that_fails_is_named_by_the_type_of_its_exception()
        {
            Refused("InvalidOperationException", (_, __) => throw new InvalidOperationException(Password));
            Refused("TimeoutException", async (_, __) =>
            {
                await Task.Yield();
                throw new TimeoutException(Password);
            });
            Refused("null", (_, __) => Task.FromResult<Token>(null!));
            Refused("null", (_, __) => null!);
            Refused("usable", (_, __) => Task.FromResult(new Token("to\0ken")));
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

        private void Refused(string part, Func<TokenRequest, CancellationToken, Task<Token>> provider)
        {
            var error = Check.Throws<SendImException>(() => Im.Send(Recipient, "hi", With(provider)));
            Check.Equal((ErrorKind.SignInRefused, Sent.No), (error.Kind, error.Sent));
            Check.Contains(part, error.Message);
            Check.ContainsNot(Password, error.ToString());
        }
    }
}
