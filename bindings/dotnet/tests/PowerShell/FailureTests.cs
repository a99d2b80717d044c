using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Harness;
using SendIm.PowerShell;

namespace SendIm.Tests
{
    public sealed class FailureTests
    {
        // System.Management.Automation.ErrorCategory of Windows PowerShell 5.1.
        private static readonly string[] Categories =
        {
            "NotSpecified", "OpenError", "CloseError", "DeviceError", "DeadlockDetected", "InvalidArgument", "InvalidData",
            "InvalidOperation", "InvalidResult", "InvalidType", "MetadataError", "NotImplemented", "NotInstalled",
            "ObjectNotFound", "OperationStopped", "OperationTimeout", "SyntaxError", "ParserError", "PermissionDenied",
            "ResourceBusy", "ResourceExists", "ResourceUnavailable", "ReadError", "WriteError", "FromStdErr", "SecurityError",
            "ProtocolError", "ConnectionError", "AuthenticationError", "LimitsExceeded", "QuotaExceeded", "NotEnabled",
        };

        private static IEnumerable<ErrorKind> Kinds => Enum.GetValues(typeof(ErrorKind)).Cast<ErrorKind>();

        private static string Module => Path.Combine(Child.Root, "bindings", "dotnet", "powershell");

        [Test]
        public void Every_kind_of_the_core_has_a_category_an_id_and_an_action()
        {
            var header = File.ReadAllText(Path.Combine(Child.Root, "bindings", "c", "include", "send_im.h"));
            var core = Regex.Matches(header, @"(?m)^  SEND_IM_KIND_([A-Z_]+) = [1-9]")
                .Select(match => match.Groups[1].Value.Replace("_", string.Empty))
                .OrderBy(name => name, StringComparer.Ordinal).ToArray();
            Check.True(core.Length > 20, $"kinds of the header: {core.Length}");
            var own = Kinds.Where(kind => kind != ErrorKind.Other).Select(kind => kind.ToString().ToUpperInvariant());
            Check.Equal(string.Join(" ", core), string.Join(" ", own.OrderBy(name => name, StringComparer.Ordinal)));
            foreach (var kind in Kinds)
            {
                var failure = Failure.Of(new SendImException(kind, "why", Sent.No));
                Check.Equal("SendIm." + kind, failure.ErrorId);
                Check.True(Categories.Contains(failure.Category), $"{kind}: {failure.Category}");
                Check.True(failure.RecommendedAction.EndsWith("."), $"{kind}: {failure.RecommendedAction}");
            }
        }

        [Test]
        public void The_help_lists_the_categories()
        {
            var help = File.ReadAllText(Path.Combine(Module, "en-US", "about_SendIm.help.txt"));
            foreach (var kind in Kinds.Where(kind => kind != ErrorKind.Other))
            {
                var category = Failure.Of(new SendImException(kind, "why")).Category;
                Check.True(Regex.IsMatch(help, $@"(?m)^    {kind} +{category}\r?$"), $"{kind} {category}");
            }
        }

        [Test]
        public void A_message_that_may_have_arrived_is_to_be_looked_for_first()
        {
            foreach (var kind in new[] { ErrorKind.Timeout, ErrorKind.Cancelled, ErrorKind.OutcomeUnknown })
            {
                var failure = Failure.Of(new SendImException(kind, "why", Sent.Maybe));
                Check.Contains("before you send it again", failure.RecommendedAction);
            }
        }

        [Test]
        public void What_is_wrapped_around_an_error_is_taken_off()
        {
            var error = new SendImException(ErrorKind.Busy, "She is busy.", innerException: new TimeoutException("inner"));
            var failure = Failure.Of(new InvalidOperationException("method call", new AggregateException(error)));
            Check.Equal(error, failure.Exception);
            Check.Equal("SendIm.Busy ResourceBusy", $"{failure.ErrorId} {failure.Category}");
            var missing = Failure.Of(new AggregateException(new DllNotFoundException("no library")));
            Check.Equal("SendIm.LibraryUnavailable NotInstalled", $"{missing.ErrorId} {missing.Category}");
            Check.Equal("InvalidArgument", Failure.Of(new ArgumentNullException("to")).Category);
            var other = Failure.Of(new TaskCanceledException());
            Check.Equal("SendIm.TaskCanceledException NotSpecified", $"{other.ErrorId} {other.Category}");
        }
    }
}
