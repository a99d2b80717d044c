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

        // Bytes of objects that may come to be after the warm-up. The smallest object, lost once a round, makes 3,840.
        private const long Growth = 1900;

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
        public void At_the_end_of_a_program_nothing_is_sent_any_more()
        {
            Check.Equal((17, "Cancelled", string.Empty), Children.Start("ending", null, "send-again"));
        }

        [Test]
        public void A_client_that_is_open_at_the_end_is_signed_out()
        {
            using var program = Children.Begin("open-client", Sandbox.Url);
            Check.Equal("sent", program.Output.ReadLine());
            Check.Eventually(
                () => Sandbox.Journal().Count(one => one.Path.EndsWith("/messagingInvitations")) == 2, "it rings");
            program.Input.WriteLine();
            Check.Equal((9, string.Empty, string.Empty), program.End());
            Check.Equal((0, 1), (Sandbox.OpenApplications, Sandbox.Messages().Count));
        }

        [Test]
        public void Callbacks_that_never_return_hold_up_no_end()
        {
            Check.Equal((6, string.Empty, string.Empty), Children.Start("handlers", null, Sandbox.Url));
        }

        [Test]
        public void Many_sends_on_one_session_leave_nothing_behind()
        {
            // It keeps what it delivers, so it is in a process of its own.
            using var server = Children.Begin("sandbox");
            var url = server.Output.ReadLine()!;
            var ended = Children.Start("load", null, url, $"{Windows}", $"{Rounds}");
            Check.Equal((0, string.Empty), (ended.Code, ended.Error));
            Console.WriteLine($"# bytes of objects, objects exchanged, objects of the library: {ended.Out.Replace("\n", ", ")}");
            var windows = ended.Out.Trim().Split('\n').Select(line => line.Split(' ').Select(long.Parse).ToArray()).ToArray();
            Check.Equal(Enumerable.Repeat(0L, Windows), windows.Select(window => window[1]), "objects exchanged");
            Check.Equal(Enumerable.Repeat(windows[0][2], Windows), windows.Select(window => window[2]), "objects of the library");
            var grown = windows.Last()[0] - windows[WarmUp - 1][0];
            Check.True(grown < Growth, $"{grown} bytes are more than {Growth}");
            server.Input.Close();
            Check.Equal((0, $"{Windows * Rounds * 11}\n", string.Empty), server.End());
        }
    }
}
