using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace SendIm.PowerShell
{
    /// <summary>
    /// Who sends the messages of one pipeline. It signs in for the first of them, and out when it is disposed of.
    /// </summary>
    public sealed class Sender : IDisposable
    {
        private readonly CancellationTokenSource stop = new CancellationTokenSource();
        private readonly List<Step> steps = new List<Step>();
        private readonly Account account;
        private Task<ImClient>? client;

        /// <summary>The sender that the parameters of a function describe.</summary>
        /// <param name="from">Its address; null: that of the user name, or the stored one.</param>
        /// <param name="userName">The user name of a credential; null: the stored account signs in.</param>
        /// <param name="password">The password of that credential.</param>
        /// <param name="server">The discovery root; null or empty: as the environment says, or found by the domain.</param>
        /// <param name="caFile">A file with certificate authorities; null or empty: as the environment says.</param>
        /// <param name="timeout">How long signing in may take.</param>
        /// <exception cref="SendImException">The user name is no address, and none is given.</exception>
        public Sender(string? from, string? userName, string? password, string? server, string? caFile, TimeSpan? timeout)
        {
            account = Described(Given(from), Given(userName), password);
            account.Server = Given(server);
            account.CaFile = Given(caFile);
            account.SignInTimeout = timeout;
            account.OnStep = step =>
            {
                lock (steps)
                {
                    steps.Add(step);
                }
            };
        }

        /// <summary>Begins to send a message.</summary>
        /// <param name="message">What is sent, and how.</param>
        public Pending Send(ImMessage message) => new Pending(Sending(message, stop.Token));

        /// <summary>Begins to sign in; what comes of it is a <see cref="Connection"/>.</summary>
        public Pending Connect() => new Pending(Connecting(stop.Token));

        /// <summary>Ends what is under way, and signs out.</summary>
        public void Dispose()
        {
            stop.Cancel();
            if (client != null)
            {
                // A sign-in that failed, or was cancelled just now, has told so already.
                client.ContinueWith(signedIn => { }, TaskScheduler.Default).Wait();
                if (client.Status == TaskStatus.RanToCompletion)
                {
                    client.Result.Dispose();
                }
            }

            client = null;
        }

        private static string? Given(string? value) => string.IsNullOrEmpty(value) ? null : value;

        private static Account Described(string? from, string? userName, string? password)
        {
            if (userName == null)
            {
                return new Account { Address = from };
            }

            // A PSCredential writes a name without a domain with a backslash before it.
            var name = userName.TrimStart('\\');
            if (from == null && !name.Contains('@'))
            {
                throw new SendImException(
                    ErrorKind.InvalidInput,
                    $"The user name {name} is no address; give the sender's address, user@domain, with -From.");
            }

            return new Account(from ?? name, password) { Username = from == null || from == name ? null : name };
        }

        private async Task<object> Sending(ImMessage message, CancellationToken cancelled)
        {
            var signedIn = await SignedIn(cancelled).ConfigureAwait(false);
            return await signedIn.SendAsync(message, cancelled).ConfigureAwait(false);
        }

        private async Task<object> Connecting(CancellationToken cancelled)
        {
            var clock = Stopwatch.StartNew();
            await SignedIn(cancelled).ConfigureAwait(false);
            lock (steps)
            {
                return new Connection(account.ToString(), clock.Elapsed, steps.ToArray());
            }
        }

        /// <summary>Those of one pipeline follow each other: only the first signs in.</summary>
        private Task<ImClient> SignedIn(CancellationToken cancelled)
        {
            if (client == null || client.IsFaulted || client.IsCanceled)
            {
                client = ImClient.SignInAsync(account, cancelled);
            }

            return client;
        }
    }

    /// <summary>A sign-in that succeeded.</summary>
    public sealed class Connection
    {
        internal Connection(string address, TimeSpan elapsed, IReadOnlyList<Step> steps) =>
            (Address, Elapsed, Steps) = (address, elapsed, steps);

        /// <summary>Who signed in.</summary>
        public string Address { get; }

        /// <summary>The host of the session, with its port where it is not the usual one.</summary>
        public string? Pool => Steps.LastOrDefault(step => step.Name == StepName.OpenSession)?.Host;

        /// <summary>How long it took.</summary>
        public TimeSpan Elapsed { get; }

        /// <summary>Each step in order.</summary>
        public IReadOnlyList<Step> Steps { get; }
    }
}
