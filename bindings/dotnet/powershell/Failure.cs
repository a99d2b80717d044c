using System;
using System.Collections.Generic;

namespace SendIm.PowerShell
{
    /// <summary>What an error record says of an exception.</summary>
    public sealed class Failure
    {
        private const string Credential = "Check the user name and the password of -Credential, or of the stored account.";
        private const string Later = "Send it again later.";
        private const string Longer = "Send it again with a longer -Timeout.";
        private const string Look = "See whether the message has arrived before you send it again.";
        private const string Reach = "Check -Server, the network, the proxy, and the names that discovery asks.";
        private const string Reinstall = "Install the module again, whole.";
        private const string Argument = "Change the argument that the message names.";

        private static readonly Dictionary<ErrorKind, (string Category, string Action)> Kinds =
            new Dictionary<ErrorKind, (string, string)>
            {
                [ErrorKind.Other] = ("NotSpecified", "Update the module: it does not know this kind of error."),
                [ErrorKind.InvalidInput] = ("InvalidArgument", Argument),
                [ErrorKind.DiscoveryFailed] = ("ConnectionError", Reach),
                [ErrorKind.UntrustedHost] = ("SecurityError", "Name the server with -Server, if the host it led to is yours."),
                [ErrorKind.Tls] = ("SecurityError", "The message names what is wrong with the certificate or the cipher suites."),
                [ErrorKind.SignInRefused] = ("AuthenticationError", Credential),
                [ErrorKind.SignInUnsupported] = ("AuthenticationError", "Ask the administrator for sign-in by password."),
                [ErrorKind.CredentialUnavailable] = ("AuthenticationError", Credential),
                [ErrorKind.Forbidden] = ("PermissionDenied", "Ask the administrator to let the account send."),
                [ErrorKind.LimitReached] = ("LimitsExceeded", "End other sessions of the account, or wait until they end."),
                [ErrorKind.RecipientNotFound] = ("ObjectNotFound", "Check the address in -To."),
                [ErrorKind.RecipientUnavailable] = ("ResourceUnavailable", Later),
                [ErrorKind.Declined] = ("OperationStopped", "Reach the recipient in another way."),
                [ErrorKind.NoAnswer] = ("OperationTimeout", Later),
                [ErrorKind.Busy] = ("ResourceBusy", Later),
                [ErrorKind.Throttled] = ("QuotaExceeded", "Wait as long as the exception's RetryAfter says."),
                [ErrorKind.ServiceError] = ("ResourceUnavailable", "Show the exception's Diagnostics to the administrator."),
                [ErrorKind.Network] = ("ConnectionError", Reach),
                [ErrorKind.Timeout] = ("OperationTimeout", Longer),
                [ErrorKind.Protocol] = ("ProtocolError", "Check that -Server is the discovery root of a Lync server."),
                [ErrorKind.OutcomeUnknown] = ("ConnectionError", Look),
                [ErrorKind.Cancelled] = ("OperationStopped", "Send it again if it is still wanted."),
                [ErrorKind.Closed] = ("InvalidOperation", "Run the command again."),
            };

        private Failure(Exception exception, string id, string category, string action)
        {
            Exception = exception;
            ErrorId = "SendIm." + id;
            Category = category;
            RecommendedAction = action;
        }

        /// <summary>The error itself, without what PowerShell and tasks wrap around it.</summary>
        public Exception Exception { get; }

        /// <summary>What the error is called, the same for all errors of a kind: <c>SendIm.RecipientNotFound</c>.</summary>
        public string ErrorId { get; }

        /// <summary>The name of a <c>System.Management.Automation.ErrorCategory</c>.</summary>
        public string Category { get; }

        /// <summary>What to do about it, in one sentence.</summary>
        public string RecommendedAction { get; }

        /// <summary>What to say of an exception.</summary>
        /// <param name="exception">What a call threw, or what is wrapped around it.</param>
        public static Failure Of(Exception exception)
        {
            var error = exception ?? throw new ArgumentNullException(nameof(exception));
            while (!(error is SendImException) && error.InnerException != null)
            {
                error = error.InnerException;
            }

            return error switch
            {
                SendImException known => Of(known),
                DllNotFoundException _ => new Failure(error, "LibraryUnavailable", "NotInstalled", Reinstall),
                BadImageFormatException _ => new Failure(error, "LibraryUnavailable", "NotInstalled", Reinstall),
                ArgumentException _ => new Failure(error, "InvalidInput", "InvalidArgument", Argument),
                _ => new Failure(error, error.GetType().Name, "NotSpecified", "See the exception of this error."),
            };
        }

        private static Failure Of(SendImException error)
        {
            var (category, action) = Kinds[error.Kind];
            return new Failure(error, error.Kind.ToString(), category, error.Sent == Sent.Maybe ? Look : action);
        }
    }
}
