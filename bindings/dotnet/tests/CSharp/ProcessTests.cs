using System;
using System.Linq;
using Harness;

namespace SendIm.Tests
{
    /// <summary>What is about a whole process: its end, and its memory.</summary>
    public sealed class ProcessTests : Fixture
    {
        // Things are counted after each window of so many rounds; the first windows warm up.
        private const int Windows = 6;
        private const int WarmUp = 2;
        private const int Rounds = 40;

        // Bytes of objects that may come to be in each window. The smallest object, lost once a round, makes 960 in each; what
        // the runtime makes once, late on a busy machine, is in one.
        private const long Growth = 475;

        [Test]
        public void The_exit_code_is_kept_with_sends_in_flight()
        {
            foreach (var way in new[] { "exit", "exit-elsewhere", "return" })
            {
                for (var n = 0; n < 3; n++)
                {
                    Check.Equal((17, string.Empty, string.Empty), Children.Start("ending", null, way), way);
                }
            }
        }

        [Test]
        public void Code_of_the_program_that_runs_at_the_end_sends_and_finishes_whenever_it_was_subscribed()
        {
            var wanted = new[]
            {
                "first, client", "first, one call", "last, a client left open", "last, another client", "last, client",
                "last, one call", "unloading",
            };
            foreach (var way in new[] { "exit", "return" })
            {
                using var server = SendIm.Sandbox.Start();
                Check.Equal((17, string.Empty, string.Empty), Children.Start("at-exit", null, server.Url, way), way);
                Check.Equal(wanted, server.Inbox(Recipient).Select(one => one.Text).OrderBy(one => one).ToArray());
                Check.Equal((38, 0), (server.Messages().Count, server.OpenApplications()), way);
            }
        }

        [Test]
        public void A_host_that_is_told_to_stop_sends_what_is_left()
        {
            foreach (var turn in new[] { "first", "last" })
            {
                using var server = SendIm.Sandbox.Start();
                using var program = Children.Begin("host", server.Url, turn);
                Check.Equal("ready", program.Output.ReadLine());
                program.Terminate();
                var ended = program.End();
                Check.Equal((string.Empty, string.Empty), (ended.Out, ended.Error), turn);
                Check.Equal((20, 0), (server.Messages().Count, server.OpenApplications()), turn);
            }
        }

        [Test]
        public void A_client_that_is_open_at_the_end_is_signed_out_unless_that_is_switched_off()
        {
            foreach (var (how, open) in new[] { ("on", 0), ("off", 1) })
            {
                using var server = SendIm.Sandbox.Start();
                Check.Equal((9, string.Empty, string.Empty), Children.Start("open-client", null, server.Url, how));
                Check.Equal((open, 1), (server.OpenApplications(), server.Messages().Count), how);
            }
        }

        [Test]
        public void Callbacks_that_never_return_hold_up_no_end()
        {
            Check.Equal((6, string.Empty, string.Empty), Children.Start("handlers", null, Sandbox.Url));
        }

        [Test]
        public void Many_sends_on_one_session_leave_nothing_behind()
        {
            var ended = Children.Start("load", null, Sandbox.Url, $"{Windows}", $"{Rounds}");
            Check.Equal((0, string.Empty), (ended.Code, ended.Error));
            Console.WriteLine($"# bytes of objects, objects exchanged, objects of the library: {ended.Out.Replace("\n", ", ")}");
            var windows = ended.Out.Trim().Split('\n').Select(line => line.Split(' ').Select(long.Parse).ToArray()).ToArray();
            Check.Equal(Enumerable.Repeat(0L, Windows), windows.Select(window => window[1]), "objects exchanged");
            Check.Equal(Enumerable.Repeat(windows[0][2], Windows), windows.Select(window => window[2]), "objects of the library");
            var grown = Enumerable.Range(WarmUp, Windows - WarmUp).Min(n => windows[n][0] - windows[n - 1][0]);
            Check.True(grown < Growth, $"{grown} bytes in each window are more than {Growth}");
            Check.Equal(Windows * Rounds * 11, Sandbox.Messages().Count);
        }
    }
}
