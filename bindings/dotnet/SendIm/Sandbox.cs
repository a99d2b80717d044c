using System;
using System.Collections.Generic;
using SendIm.Native;

namespace SendIm
{
    /// <summary>
    /// A server that behaves like a Skype for Business pool, in this process, for demonstrations and tests.
    /// </summary>
    /// <remarks>
    /// Any account signs in with any password but <c>wrong</c>. A recipient behaves by the local part of the address:
    /// <c>declines@</c>, <c>silent@</c>, <c>busy@</c>, <c>offline@</c>, <c>unknown@</c>, <c>slow@</c>, <c>forwards@</c>,
    /// <c>drops@</c>, <c>echo@</c>; anyone else accepts at once.
    /// </remarks>
    /// <example><code>
    /// using (var sandbox = Sandbox.Start())
    /// {
    ///     Im.Send("lenea@contoso.com", "hi", sandbox.Account("tosh@contoso.com"));
    ///     Console.WriteLine(sandbox.Inbox("lenea@contoso.com")[0].Text);
    /// }
    /// </code></example>
    public sealed class Sandbox : IDisposable
    {
        private readonly SandboxHandle handle;

        private Sandbox(SandboxHandle handle)
        {
            this.handle = handle;
            Url = NativeMethods.send_im_sandbox_url(handle).ReadText();
            CaFile = NativeMethods.send_im_sandbox_ca_file(handle).ReadOptionalText();
        }

        /// <summary>The discovery root, what <see cref="SendIm.Account.Server"/> takes.</summary>
        public string Url { get; }

        /// <summary>With https, a PEM file with the certificate authority; it is removed with the sandbox.</summary>
        public string? CaFile { get; }

        /// <summary>Starts a sandbox. Dispose of it at the end.</summary>
        /// <param name="options">How it behaves; null: one pool, http, a free port of 127.0.0.1.</param>
        /// <returns>The sandbox, which listens already.</returns>
        /// <exception cref="SendImException">It could not be started.</exception>
        public static Sandbox Start(SandboxOptions? options = null)
        {
            Library.LoadToWait();
            var json = Utf8.Text((options ?? new SandboxOptions()).ToJson(), nameof(options));
            Reader.Check(NativeMethods.send_im_sandbox_start(json, out var handle));
            return new Sandbox(handle);
        }

        /// <summary>An account that signs in here, with the certificate authority where there is one.</summary>
        /// <param name="address">The sender's address.</param>
        /// <param name="password">Its password.</param>
        public Account Account(string address, string password = "any") =>
            new Account(address, password) { Server = Url, CaFile = CaFile };

        /// <summary>What was delivered to an address, oldest first.</summary>
        /// <param name="address">A recipient.</param>
        public IReadOnlyList<Delivered> Inbox(string address) => Read(Utf8.Text(address, nameof(address)));

        /// <summary>Everything delivered, oldest first.</summary>
        public IReadOnlyList<Delivered> Messages() => Read(null);

        /// <summary>Waits until that many messages were delivered in all, and gives them.</summary>
        /// <param name="count">How many.</param>
        /// <param name="timeout">How long at most; null: 10 seconds.</param>
        /// <exception cref="SendImException">It took longer.</exception>
        public IReadOnlyList<Delivered> WaitFor(int count, TimeSpan? timeout = null)
        {
            if (count < 0)
            {
                throw new ArgumentOutOfRangeException(nameof(count));
            }

            Library.LoadToWait();
            var limit = Options.Milliseconds(timeout ?? TimeSpan.FromSeconds(10));
            Reader.Check(NativeMethods.send_im_sandbox_wait_for(Living(), (UIntPtr)count, (ulong)limit, out var text));
            return Delivered.Read(text.Take());
        }

        /// <summary>
        /// Asks the sandbox's own HTTP interface, for what has no method here; the README of send-im-sandbox lists it.
        /// </summary>
        /// <param name="method"><c>GET</c>, <c>POST</c>, <c>PUT</c> or <c>DELETE</c>.</param>
        /// <param name="path">
        /// What follows <c>/sandbox/api/</c>: <c>journal</c> (every request received), <c>state</c>, <c>tokens/ADDRESS</c>,
        /// <c>actions/revoke-tokens</c> and so on.
        /// </param>
        /// <param name="json">The body; null: none.</param>
        /// <returns>The JSON of the response; empty where there is none.</returns>
        /// <exception cref="SendImException">The sandbox refuses the request.</exception>
        public string Request(string method, string path, string? json = null)
        {
            Library.LoadToWait();
            Reader.Check(NativeMethods.send_im_sandbox_request(
                Living(),
                Utf8.Text(method, nameof(method)),
                Utf8.Text(path, nameof(path)),
                json == null ? null : Utf8.Text(json, nameof(json)),
                out var text));
            return text.Take();
        }

        /// <summary>Makes something go wrong.</summary>
        /// <param name="route">The requests it lies on.</param>
        /// <param name="fault">What happens to them.</param>
        /// <param name="skip">How many requests pass unharmed before the first is hit.</param>
        /// <param name="times">How many requests are hit; 0: every one until <see cref="ClearFaults"/>.</param>
        public void AddFault(SandboxRoute route, Fault fault, int skip = 0, int times = 1)
        {
            _ = fault ?? throw new ArgumentNullException(nameof(fault));
            var json = Json.Write(new (string, object?)[]
            {
                ("route", Names.Given(route, nameof(route))), ("action", fault.Action), ("skip", skip), ("times", times),
            });
            Reader.Check(NativeMethods.send_im_sandbox_add_fault(Living(), Utf8.Text(json, nameof(fault))));
        }

        /// <summary>Takes every fault away.</summary>
        public void ClearFaults() => Request("DELETE", "faults");

        /// <summary>Stops the sandbox. What it had delivered is gone.</summary>
        public void Dispose() => handle.Dispose();

        /// <summary>Where it listens.</summary>
        public override string ToString() => $"a sandbox at {Url}";

        private IReadOnlyList<Delivered> Read(byte[]? address)
        {
            Reader.Check(NativeMethods.send_im_sandbox_inbox(Living(), address, out var text));
            return Delivered.Read(text.Take());
        }

        private SandboxHandle Living() =>
            handle.IsClosed ? throw new ObjectDisposedException(nameof(Sandbox)) : handle;
    }
}
