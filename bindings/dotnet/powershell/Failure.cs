using System;
using System.Collections.Generic;

namespace SendIm.PowerShell
{
    /// <summary>What an error record says of an exception.</summary>
    public sealed class Failure
    {
        private const string Look = "See whether the message has arrived before you send it again.";
        private const string Credential = "Check the user name and the password of -Credential, or of the stored account.";
        private const string Reach = "Check -Server, the network, the proxy and the names lyncdiscoverinternal and lyncdiscover of the domain.";
        private const string Later = "Send it again later.";

        private static readonly Dictionary<ErrorKind, (string Category, string Action)> Kinds =
            new Dictionary<ErrorKind, (string, string)>
            {
                [ErrorKind.Other] = ("NotSpecified", "Update the module: it does not know this kind of error."),
                [ErrorKind.InvalidInput] = ("InvalidArgument", "Change the argument that the message names."),
                [ErrorKind.DiscoveryFailed] = ("ConnectionError", Reach),
                [ErrorKind.UntrustedHost] = ("SecurityError", "Name the server with -Server if the host that it led to is yours."),
                [ErrorKind.Tls] = ("SecurityError", "Give the certificate authority of the server with -CaFile."),
                [ErrorKind.SignInRefused] = ("AuthenticationError", Credential),
                [ErrorKind.SignInUnsupported] = ("AuthenticationError", "Ask the server's administrator to allow sign-in by password."),
                [ErrorKind.CredentialUnavailable] = ("AuthenticationError", Credential),
                [ErrorKind.Forbidden] = ("PermissionDenied", "Ask the server's administrator to allow the account to send messages."),
                [ErrorKind.LimitReached] = ("LimitsExceeded", "Sign the account out elsewhere, or wait until its other sessions end."),
                [ErrorKind.RecipientNotFound] = ("ObjectNotFound", "Check the address in -To."),
                [ErrorKind.RecipientUnavailable] = ("ResourceUnavailable", Later),
                [ErrorKind.Declined] = ("OperationStopped", "Reach the recipient in another way."),
                [ErrorKind.NoAnswer] = ("OperationTimeout", "Send it again later, or with a longer -Timeout."),
                [ErrorKind.Busy] = ("ResourceBusy", Later),
                [ErrorKind.Throttled] = ("QuotaExceeded", "Wait as long as RetryAfter of the exception says, and send it again."),
                [ErrorKind.ServiceError] = ("ResourceUnavailable", "Send it again later; if it fails again, show Diagnostics of the exception to the server's administrator."),
                [ErrorKind.Network] = ("ConnectionError", Reach),
                [ErrorKind.Timeout] = ("OperationTimeout", "Send it again with a longer -Timeout."),
                [ErrorKind.Protocol] = ("ProtocolError", "Check that -Server is the discovery root of a Skype for Business or Lync server."),
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
                DllNotFoundException _ => new Failure(error, "LibraryUnavailable", "NotInstalled", "Install the module again, whole."),
                BadImageFormatException _ => new Failure(error, "LibraryUnavailable", "NotInstalled", "Install the module again, whole."),
                ArgumentException _ => new Failure(error, "InvalidInput", "InvalidArgument", "Change the argument that the message names."),
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
