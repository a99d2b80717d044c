using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Harness;

namespace SendIm.Tests
{
    public sealed class ConcurrencyTests : Fixture
    {
        private const int Many = 50;
        private const int Each = 20;

        [Test]
        public async Task Fifty_tasks_share_a_client_and_each_of_a_thousand_messages_arrives_once()
        {
            await using (var client = await Client.SignInAsync(Account))
            {
                await Task.WhenAll(Enumerable.Range(0, Many).Select(async task =>
                {
                    for (var n = 0; n < Each; n++)
                    {
                        var receipt = await client.SendAsync($"user{task}@contoso.com", $"{task}/{n}");
                        Check.Equal($"user{task}@contoso.com", receipt.To);
                    }
                }));
            }

            Complete();
        }

        [Test]
        public void Fifty_threads_share_a_client_and_each_of_a_thousand_messages_arrives_once()
        {
            var errors = new ConcurrentQueue<Exception>();
            using (var client = Client.SignIn(Account))
            {
                var threads = Enumerable.Range(0, Many).Select(thread => new Thread(() =>
                {
                    try
                    {
                        for (var n = 0; n < Each; n++)
                        {
                            client.Send($"user{thread}@contoso.com", $"{thread}/{n}");
                        }
                    }
                    catch (Exception error)
                    {
                        errors.Enqueue(error);
                    }
                })).ToList();
                threads.ForEach(thread => thread.Start());
                threads.ForEach(thread => thread.Join());
            }

            Check.Equal<object>(Array.Empty<Exception>(), errors);
            Complete();
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
                var client = Client.SignIn(Account);
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

        private void Complete()
        {
            var wanted = from one in Enumerable.Range(0, Many) from n in Enumerable.Range(0, Each) select $"{one}/{n}";
            Check.Equal(wanted.OrderBy(text => text), Sandbox.Messages().Select(one => one.Text).OrderBy(text => text));
            Check.Equal(0, Sandbox.OpenApplications());
        }
    }
}
