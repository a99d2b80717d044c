using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Threading;
using System.Threading.Tasks;
using Harness;

namespace SendIm.Tests
{
    public sealed class SendTests : Fixture
    {
        private const string Text = "the text of the message, which is secret";

        [Test]
        public void Sends_and_gives_a_receipt()
        {
            var receipt = Im.Send(Recipient, "hello world", Account);
            Check.Equal((Recipient, Evidence.InvitationAccepted), (receipt.AcceptedBy, receipt.Evidence));
            Check.Equal(StepName.Discover, receipt.Steps[0].Name);
            Check.True(receipt.Steps.All(step => step.Elapsed > TimeSpan.Zero), "a step took no time");
            Check.Equal("accepted by lenea@contoso.com (InvitationAccepted)", receipt.ToString());
        }

        [Test]
        public void Says_what_failed_and_what_the_server_asked()
        {
            Sandbox.AddFault(
                SandboxRoute.Applications,
                Fault.Status(429, "tab\tand \"quotes\"", retryAfter: TimeSpan.FromMinutes(10)),
                times: 0);
            var error = Check.Throws<SendImException>(() => Im.Send(Recipient, Text, Account));
            Check.Equal((ErrorKind.Throttled, "throttled", 5), (error.Kind, error.KindName, error.ExitCode));
            Check.Equal((StepName.OpenSession, Sent.No, 429), (error.Step, error.Sent, error.HttpStatus));
            // A blank stands for what could forge a line.
            Check.Equal(("tab and \"quotes\"", TimeSpan.FromMinutes(10)), (error.Code, error.RetryAfter));
            Check.Equal(error.Message, error.Detail);
            Check.ContainsNot(Text, error.ToString());
        }

        [Test]
        public async Task Continuations_do_not_hold_up_the_library()
        {
            // If it ran on the one thread that brings results, nobody would bring the second.
            using var client = ImClient.SignIn(Account);
            var second = client.SendAsync(Recipient, "first")
                .ContinueWith(_ => client.Send(Recipient, "second"), TaskContinuationOptions.ExecuteSynchronously);
            Check.Equal(Recipient, (await second).AcceptedBy);
        }

        [Test]
        public void What_only_a_programmer_can_mean_is_an_ArgumentException()
        {
            using var client = ImClient.SignIn(Account);
            foreach (var call in new Action[]
            {
                () => new ImMessage(null!, "hi"), () => new ImMessage(Recipient, null!), () => new Account(null!),
                () => Im.Send(null!), () => Im.SendAsync(null!), () => client.Send(null!), () => client.SendAll(null!),
                () => Sandbox.Inbox(null!), () => Sandbox.Request("GET", null!), () => Sandbox.AddFault(default, null!),
            })
            {
                Check.Throws<ArgumentNullException>(call);
            }

            Check.Throws<ArgumentException>(() => client.SendAll(new ImMessage[] { null! }));
            var account = Account;
            account.Tls = (Tls)9;
            foreach (var call in new Action[]
            {
                () => Im.Send(new ImMessage(Recipient, "hi") { Importance = (Importance)9 }, Account),
                () => client.Send(new ImMessage(Recipient, "hi") { Wait = (Wait)9 }),
                () => ImClient.SignIn(account), () => Sandbox.AddFault((SandboxRoute)99, Fault.CutBody),
                () => Sandbox.WaitFor(-1), () => client.SignOut(TimeSpan.FromSeconds(-2)),
                () => client.SignOutAsync(TimeSpan.FromTicks(-1)),
            })
            {
                Check.Throws<ArgumentOutOfRangeException>(call);
            }

            Check.Equal(Recipient, client.Send(Recipient, "not signed out").AcceptedBy);
        }

        [Test]
        public void What_is_no_text_is_refused_by_its_name_and_cuts_nothing()
        {
            Account Of(Action<Account> set)
            {
                var account = new Account(Sender, "x") { Server = Sandbox.Url };
                set(account);
                return account;
            }

            foreach (var (name, call) in new (string, Action)[]
            {
                ("to", () => Im.Send("lenea@contoso.com\0", Text, Account)),
                ("text", () => Im.Send(Recipient, Text + "\0", Account)),
                ("text", () => Im.Send(Recipient, Text + "\uD83D full", Account)),
                ("Subject", () => Im.Send(new ImMessage(Recipient, Text) { Subject = "db\0007" }, Account)),
                ("Password", () => Im.Send(Recipient, Text, Of(one => one.Password = "wr\0ng"))),
                ("Username", () => Im.Send(Recipient, Text, Of(one => one.Username = "to\0sh"))),
                ("Server", () => Im.Send(Recipient, Text, Of(one => one.Server += "\0"))),
                ("CaFile", () => ImClient.SignIn(Of(one => one.CaFile = "a\0b"))),
                ("Address", () => Im.SendAsync(Recipient, Text, Of(one => one.Address = "tosh\0")).GetAwaiter().GetResult()),
                ("address", () => Sandbox.Inbox("lenea\0@contoso.com")),
            })
            {
                var error = Check.Throws<SendImException>(call);
                Check.Equal((ErrorKind.InvalidInput, Sent.No), (error.Kind, error.Sent));
                Check.True(error.Message.StartsWith(name + " holds "), error.Message);
                Check.ContainsNot(Text, error.ToString());
            }

            Check.Equal(0, Sandbox.Journal().Count);
        }

        [Test]
        public void Nothing_shows_a_secret()
        {
            var account = Account;
            account.Token = "t0ken-of-tosh";
            Check.Equal(Sender, account.ToString());
            foreach (var property in typeof(Account).GetProperties().Where(one => one.GetMethod?.IsPublic == true))
            {
                Check.ContainsNot(Password, property.GetValue(account)?.ToString());
                Check.ContainsNot("t0ken-of-tosh", property.GetValue(account)?.ToString());
            }

            Check.ContainsNot("hush", new ImMessage(Recipient, "hush").ToString());
            Check.ContainsNot("hush", new Token("hush").ToString());
        }

        [Test]
        public void A_program_makes_errors_and_receipts_in_its_tests()
        {
            var error = new SendImException(ErrorKind.Busy, "Busy.");
            Check.Equal(("Busy.", "busy", Sent.No, 4), (error.Message, error.KindName, error.Sent, error.ExitCode));
            Check.Equal(Sent.Maybe, new SendImException(ErrorKind.OutcomeUnknown, "Later.").Sent);
            var canceled = new SendCanceledException(new SendImException(ErrorKind.Cancelled, "Stopped.", Sent.Maybe));
            Check.Equal(("Stopped.", Sent.Maybe), (canceled.Message, canceled.Sent));
            Check.Same(error, new SendResult(new ImMessage(Recipient, "hi"), error).Error);
            var receipt = new Receipt(Recipient);
            Check.Equal((Recipient, Evidence.InvitationAccepted), (receipt.AcceptedBy, receipt.Evidence));
            Check.Same(receipt, new SendResult(new ImMessage(Recipient, "hi"), receipt).GetReceipt());
            var submitted = new Receipt("slow@contoso.com", Evidence.Submitted);
            Check.Equal((null, "sent to slow@contoso.com (Submitted)"), (submitted.AcceptedBy, submitted.ToString()));
        }

        [Test]
        public void What_a_constructor_gets_is_in_the_property_of_its_name()
        {
            var step = new Step(StepName.Invite, "pool.contoso.com");
            var samples = new Dictionary<Type, object>
            {
                [typeof(string)] = "text", [typeof(int)] = 429, [typeof(bool)] = true,
                [typeof(TimeSpan)] = TimeSpan.FromSeconds(9), [typeof(ErrorKind)] = ErrorKind.Throttled,
                [typeof(Sent)] = Sent.Maybe, [typeof(StepName)] = StepName.Invite,
                [typeof(Evidence)] = Evidence.MessageConfirmed, [typeof(TextFormat)] = TextFormat.Html,
                [typeof(Exception)] = new TimeoutException(), [typeof(IReadOnlyList<Step>)] = new[] { step },
                [typeof(IReadOnlyList<Hop>)] = new[] { new Hop("https://pool.contoso.com/", "429") },
            };
            foreach (var type in new[]
            {
                typeof(SendImException), typeof(Receipt), typeof(Step), typeof(Hop), typeof(TokenRequest),
            })
            {
                var maker = type.GetConstructors().Single();
                var taken = maker.GetParameters();
                var given = taken.Select(one => samples[Nullable.GetUnderlyingType(one.ParameterType) ?? one.ParameterType]);
                var made = maker.Invoke(given.ToArray());
                var told = taken.Select(
                    one => type.GetProperty(char.ToUpperInvariant(one.Name![0]) + one.Name[1..])!.GetValue(made));
                Check.Equal(given, told, type.Name);
            }
        }

        [Test]
        public async Task A_program_puts_its_own_client_in_the_place_of_ours()
        {
            var client = DispatchProxy.Create<IImClient, Recorder>();
            Check.Equal(Recipient, (await client.SendAsync(Recipient, "disk full")).AcceptedBy);
            client.Dispose();
            var calls = ((Recorder)(object)client).Calls;
            Check.Equal(new[] { "SendAsync a message to lenea@contoso.com", "Dispose " }, calls.ToArray());
        }

        [Test]
        public void Compilers_are_told_what_is_null_in_a_result()
        {
            // The compiler of the tests is too old to ask: those of C# 9 and later read this.
            var told = typeof(SendResult).GetProperty(nameof(SendResult.IsSent))!.CustomAttributes
                .Where(one => one.AttributeType.FullName == "System.Diagnostics.CodeAnalysis.MemberNotNullWhenAttribute")
                .Select(one => $"{one.ConstructorArguments[0].Value}: {one.ConstructorArguments[1].Value}");
            Check.Equal(new[] { "True: Receipt", "False: Error" }, told);
        }

        /// <summary>What frameworks for mocks make of an interface.</summary>
        public class Recorder : DispatchProxy
        {
            internal List<string> Calls { get; } = new List<string>();

            protected override object? Invoke(MethodInfo method, object[] arguments)
            {
                Calls.Add($"{method.Name} {arguments.FirstOrDefault()}");
                return arguments.FirstOrDefault() is ImMessage message ? Task.FromResult(new Receipt(message.To)) : null;
            }
        }
    }
}
