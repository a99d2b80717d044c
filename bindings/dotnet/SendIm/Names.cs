using System;
using System.Linq;

namespace SendIm
{
    /// <summary>The names of the native library, which are those of every language, and the enumerations of this one.</summary>
    internal static class Names
    {
        /// <summary><c>recipient_not_found</c> is <c>RecipientNotFound</c>; what is not known is the first of its kind.</summary>
        internal static T Read<T>(string name)
            where T : struct, Enum => Enum.TryParse<T>(name.Replace("_", string.Empty), true, out var value) ? value : default;

        internal static TextFormat Format(string name) => Read<TextFormat>(name.Replace("text/", string.Empty));

        /// <summary><c>RecipientNotFound</c> is <c>recipient_not_found</c>.</summary>
        internal static string Of(string name) => string.Concat(name.Select(
            (letter, at) => (at > 0 && char.IsUpper(letter) ? "_" : string.Empty) + char.ToLowerInvariant(letter)));

        /// <summary>The same for a value that a caller gave, which may be none of the enumeration.</summary>
        internal static string Given<T>(T value, string parameter)
            where T : struct, Enum => Enum.IsDefined(typeof(T), value)
                ? Of(value.ToString())
                : throw new ArgumentOutOfRangeException(parameter, $"There is no {typeof(T).Name} {value}.");

        internal static int ExitCode(ErrorKind kind) => kind switch
        {
            ErrorKind.InvalidInput => 2,
            ErrorKind.SignInRefused => 3,
            ErrorKind.SignInUnsupported => 3,
            ErrorKind.CredentialUnavailable => 3,
            ErrorKind.Forbidden => 3,
            ErrorKind.RecipientNotFound => 4,
            ErrorKind.RecipientUnavailable => 4,
            ErrorKind.Declined => 4,
            ErrorKind.NoAnswer => 4,
            ErrorKind.Busy => 4,
            ErrorKind.OutcomeUnknown => 6,
            ErrorKind.Cancelled => 130,
            _ => 5,
        };
    }
}
