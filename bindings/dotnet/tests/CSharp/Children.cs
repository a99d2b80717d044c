using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Threading;
using System.Threading.Tasks;
using Harness;

namespace SendIm.Tests
{
    /// <summary>Programs that tests run in a process of their own.</summary>
    internal static class Children
    {
        private static readonly Dictionary<string, Func<string[], int>> Programs = new Dictionary<string, Func<string[], int>>
        {
            ["throws"] = Throws,
            ["ending"] = Ending,
            ["open-client"] = OpenClient,
            ["at-exit"] = AtExit,
            ["host"] = Host,
            ["handlers"] = Handlers,
            ["load"] = Load,
            ["library"] = LoadLibrary,
        };

        internal static int Run(string name, string[] arguments) => Programs[name](arguments);

        /// <summary>Runs one of them to its end.</summary>
        internal static (int Code, string Out, string Error) Start(
            string name, IDictionary<string, string>? environment, params string[] arguments) =>
            Child.Run(Command(name, arguments), environment, patience: 1200);

        internal static Child Begin(string name, params string[] arguments) =>
            Child.Start(Command(name, arguments));

        private static string[] Command(string name, string[] arguments) =>
            new[] { Child.Dotnet, Assembly.GetExecutingAssembly().Location, "child", name }.Concat(arguments).ToArray();

        private static Account Tosh(string server) => new Account("tosh@contoso.com", "x") { Server = server };

        private static ImMessage Patient(string to) => new ImMessage(to, "hi") { Timeout = TimeSpan.FromHours(1) };

        /// <summary>Sends with a handler of steps or a log that throws.</summary>
        private static int Throws(string[] arguments)
        {
            var account = Tosh(arguments[0]);
            var steps = 0;
            account.OnStep = _ => steps++;
            if (arguments[1] == "log")
            {
                account.Log = (level, error, text) => throw (error ?? new FormatException("thrown by log"));
            }
            else
            {
                account.OnStep += _ => throw new FormatException("thrown by step");
            }

            Console.Out.WriteLine(Im.Send("lenea@contoso.com", "hello", account).AcceptedBy);
            return steps >= 5 ? 0 : 1;
        }

        /// <summary>Ends with its own code while sends are in flight, in the way that is named.</summary>
        private static int Ending(string[] arguments)
        {
            var sandbox = Sandbox.Start(new SandboxOptions { Ring = TimeSpan.FromHours(1) });
            var account = sandbox.Account("tosh@contoso.com");
            account.SignInTimeout = TimeSpan.FromHours(1);
            var client = ImClient.SignIn(account);
            account.OnStep = _ => { };
            _ = Im.SendAsync(Patient("silent@contoso.com"), account);
            _ = client.SendAsync(Patient("silent@contoso.com"));
            new Thread(() => client.Send(Patient("silent@contoso.com"))) { IsBackground = true }.Start();
            for (var n = 0; n < 10; n++)
            {
                _ = Loop(client, $"user{n}@contoso.com");
            }

            sandbox.WaitFor(20, TimeSpan.FromMinutes(1));
            Check.Eventually(
                () => sandbox.Journal().Count(one => one.IsInvitation()) > 5, "they ring");
            switch (arguments[0])
            {
                case "exit":
                    Environment.Exit(17);
                    break;
                case "exit-elsewhere":
                    new Thread(() => Environment.Exit(17)).Start();
                    client.Send(Patient("silent@contoso.com"));
                    break;
                case "return":
                    return 17;
            }

            return 1;
        }

        private static async Task Loop(ImClient client, string to)
        {
            while (true)
            {
                await client.SendAsync(to, "hi");
            }
        }

        /// <summary>Forgets to sign out; with <c>off</c> the library does nothing about it.</summary>
        private static int OpenClient(string[] arguments)
        {
            AppContext.SetSwitch("SendIm.NoExitHook", arguments[1] == "off");
            var client = ImClient.SignIn(Tosh(arguments[0]));
            client.Send("lenea@contoso.com", "hi");
            return 9;
        }

        /// <summary>Has code of its own that runs at the end and sends in every way, before and after the library's.</summary>
        private static int AtExit(string[] arguments)
        {
            var account = Tosh(arguments[0]);
            ImClient client = null!;
            Task<Receipt> slow = null!;

            // The library is not loaded yet.
            AppDomain.CurrentDomain.ProcessExit += (sender, last) => Im.Send("lenea@contoso.com", "first, one call", account);
            AppDomain.CurrentDomain.ProcessExit += (sender, last) => client.Send("lenea@contoso.com", "first, client");
            AssemblyLoadContext.Default.Unloading += context => client.Send("lenea@contoso.com", "unloading");
            client = ImClient.SignIn(account);
            AppDomain.CurrentDomain.ProcessExit += (sender, last) =>
            {
                Check.Equal("slow@contoso.com", slow.GetAwaiter().GetResult().AcceptedBy);
                client.SendAsync("lenea@contoso.com", "last, client").GetAwaiter().GetResult();
                Im.SendAsync("lenea@contoso.com", "last, one call", account).GetAwaiter().GetResult();
                var many = Enumerable.Range(0, 30).Select(n => client.SendAsync($"user{n}@contoso.com", "many"));
                Check.Equal(30, Task.WhenAll(many).GetAwaiter().GetResult().Length);
                using (var another = ImClient.SignIn(account))
                {
                    another.Send("lenea@contoso.com", "last, another client");
                }

                ImClient.SignIn(account).Send("lenea@contoso.com", "last, a client left open");
            };
            slow = client.SendAsync("slow@contoso.com", "under way");
            if (arguments[1] == "exit")
            {
                Environment.Exit(17);
            }

            return 17;
        }

        /// <summary>Ends as a host does: told to stop, it holds up the end until its main thread has sent what is left.</summary>
        private static int Host(string[] arguments)
        {
            var stopping = new ManualResetEventSlim();
            var stopped = new ManualResetEventSlim();
            void Listen() => AppDomain.CurrentDomain.ProcessExit += (sender, last) =>
            {
                stopping.Set();
                stopped.Wait();
            };

            if (arguments[1] == "first")
            {
                Listen();
            }

            var client = ImClient.SignIn(Tosh(arguments[0]));
            if (arguments[1] == "last")
            {
                Listen();
            }

            Console.Out.WriteLine("ready");
            stopping.Wait();
            for (var n = 0; n < 20; n++)
            {
                client.Send("lenea@contoso.com", $"left over {n}");
            }

            stopped.Set();
            Thread.Sleep(Timeout.Infinite);
            return 0;
        }

        /// <summary>Ends while its own callbacks never return.</summary>
        private static int Handlers(string[] arguments)
        {
            var called = new CountdownEvent(2);
            var first = 1;
            var steps = Tosh(arguments[0]);
            steps.OnStep = _ =>
            {
                if (Interlocked.Exchange(ref first, 0) == 1)
                {
                    called.Signal();
                }

                Thread.Sleep(Timeout.Infinite);
            };
            var tokens = new Account("tosh@contoso.com") { Server = arguments[0] };
            tokens.TokenProvider = (_, __) =>
            {
                called.Signal();
                Thread.Sleep(Timeout.Infinite);
                return null!;
            };
            _ = Im.SendAsync(Patient("lenea@contoso.com"), steps);
            _ = Im.SendAsync(Patient("lenea@contoso.com"), tokens);
            called.Wait();
            return 6;
        }

        /// <summary>What loading the native library comes to.</summary>
        private static int LoadLibrary(string[] arguments)
        {
            try
            {
                Sandbox.Start().Dispose();
                Console.Out.WriteLine("loaded");
            }
            catch (DllNotFoundException error)
            {
                Console.Out.WriteLine(error.Message);
            }

            return 0;
        }

        /// <summary>
        /// Many sends on one session in every way there is. Prints, after each window of so many rounds, how many bytes of
        /// objects there are, how many of those the program and the package gave each other, and how many of the library.
        /// </summary>
        private static int Load(string[] arguments)
        {
            var (windows, rounds) = (int.Parse(arguments[1]), int.Parse(arguments[2]));
            var account = Tosh(arguments[0]);
            var steps = 0;
            account.OnStep = _ => Interlocked.Increment(ref steps);
            using (var client = ImClient.SignIn(account))
            {
                for (var window = 0; window < windows; window++)
                {
                    var exchanged = new List<WeakReference>();
                    for (var round = 0; round < rounds; round++)
                    {
                        Round(client, exchanged);
                    }

                    for (var n = 0; n < 3; n++)
                    {
                        GC.Collect();
                        GC.WaitForPendingFinalizers();
                    }

                    var alive = exchanged.Count(one => one.IsAlive);
                    exchanged.Clear();
                    Console.Out.WriteLine($"{GC.GetTotalMemory(true)} {alive} {send_im_live_objects()}");
                }
            }

            return steps > windows * rounds ? 0 : 4;
        }

        // In a method of its own, so that no variable holds what was exchanged.
        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void Round(ImClient client, List<WeakReference> exchanged)
        {
            var messages = Enumerable.Range(0, 5).Select(n => new ImMessage($"user{n}@contoso.com", $"message {n}")).ToArray();
            var results = client.SendAll(messages);
            var tasks = messages.Select(message => client.SendAsync(message)).ToArray();
            var receipts = Task.WhenAll(tasks).Result;
            var last = client.Send(messages[0]);
            Exception? error = null;
            try
            {
                client.Send("busy@contoso.com", "hi");
            }
            catch (SendImException refused)
            {
                error = refused;
            }

            var all = messages.Concat<object>(results).Concat(results.Select(result => result.Receipt!)).Concat(tasks)
                .Concat(receipts).Append(last).Append(error!);
            exchanged.AddRange(all.Select(one => new WeakReference(one)));
        }

        [DllImport("send_im")]
        private static extern UIntPtr send_im_live_objects();
    }
}
