using System;
using System.Collections.Generic;
using System.Text;

namespace SendIm
{
    /// <summary>The names of the native library, which are those of every language, and the enumerations of this one.</summary>
    internal static class Names
    {
        private static readonly Dictionary<string, ErrorKind> Kinds = Table<ErrorKind>();
        private static readonly Dictionary<string, SendStep> Steps = Table<SendStep>();
        private static readonly Dictionary<string, Evidence> EvidenceNames = Table<Evidence>();

        internal static ErrorKind Kind(string name) => Kinds.TryGetValue(name, out var kind) ? kind : ErrorKind.Other;

        internal static SendStep Step(string name) => Steps.TryGetValue(name, out var step) ? step : SendStep.Other;

        internal static Evidence Evidence(string name) =>
            EvidenceNames.TryGetValue(name, out var evidence) ? evidence : SendIm.Evidence.Other;

        internal static TextFormat Format(string name) =>
            name.EndsWith("html", StringComparison.Ordinal) ? TextFormat.Html : TextFormat.Plain;

        /// <summary><c>RecipientNotFound</c> is <c>recipient_not_found</c>.</summary>
        internal static string Of(Enum value)
        {
            var name = new StringBuilder();
            foreach (var letter in value.ToString())
            {
                if (char.IsUpper(letter) && name.Length > 0)
                {
                    name.Append('_');
                }

                name.Append(char.ToLowerInvariant(letter));
            }

            return name.ToString();
        }

        /// <summary>The same for a value that a caller gave, which may be none of the enumeration.</summary>
        internal static string Given<T>(T value, string parameter)
            where T : struct, Enum
        {
            if (!Enum.IsDefined(typeof(T), value))
            {
                throw new ArgumentOutOfRangeException(parameter, $"There is no {typeof(T).Name} {value}.");
            }

            return Of(value);
        }

        internal static int ExitCode(ErrorKind kind)
        {
            switch (kind)
            {
                case ErrorKind.InvalidInput:
                    return 2;
                case ErrorKind.SignInRefused:
                case ErrorKind.SignInUnsupported:
                case ErrorKind.CredentialUnavailable:
                case ErrorKind.Forbidden:
                    return 3;
                case ErrorKind.RecipientNotFound:
                case ErrorKind.RecipientUnavailable:
                case ErrorKind.Declined:
                case ErrorKind.NoAnswer:
                case ErrorKind.Busy:
                    return 4;
                case ErrorKind.OutcomeUnknown:
                    return 6;
                case ErrorKind.Cancelled:
                    return 130;
                default:
                    return 5;
            }
        }

        private static Dictionary<string, T> Table<T>()
            where T : struct, Enum
        {
            var table = new Dictionary<string, T>();
            foreach (T value in Enum.GetValues(typeof(T)))
            {
                table.Add(Of(value), value);
            }

            return table;
        }
    }
}
