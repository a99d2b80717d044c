using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Harness;

namespace SendIm.Tests
{
    public sealed class DiagnosisTests : Fixture
    {
        [Test]
        public async Task Every_check_passes_and_nothing_is_sent()
        {
            var diagnosis = await Account.DiagnoseAsync();
            Check.Same(null, diagnosis.Failure);
            var names = Enum.GetValues(typeof(CheckName)).Cast<CheckName>().Where(name => name != CheckName.Other);
            Check.Equal(string.Join(" ", names), string.Join(" ", diagnosis.Checks.Select(check => check.Name)));
            Check.True(diagnosis.Checks.All(check => check.Advice == null && check.Kind == null), "a check has advice");
            Check.Equal(0, Sandbox.Inbox(Recipient).Count);
        }

        [Test]
        public void A_failure_says_who_can_do_what_and_no_secret()
        {
            var failure = Sandbox.Account(Sender, "wrong").Diagnose().Failure!;
            Check.Equal("SignIn Failed SignInRefused", $"{failure.Name} {failure.Outcome} {failure.Kind}");
            Check.Equal(AdviceOwner.You, failure.Advice!.Who);
            Check.Contains("DOMAIN", failure.Advice.What);
            Check.True(!failure.Seen.Contains("cwt="), failure.Seen);
        }

        [Test]
        public async Task It_can_be_cancelled_and_an_unusable_account_is_thrown()
        {
            using (var cancelled = new CancellationTokenSource())
            {
                cancelled.Cancel();
                await Check.ThrowsAsync<SendCanceledException>(() => Account.DiagnoseAsync(cancelled.Token));
            }

            var error = await Check.ThrowsAsync<SendImException>(() => new Account("tosh", "x").DiagnoseAsync());
            Check.Equal(ErrorKind.InvalidInput, error.Kind);
        }
    }
}
