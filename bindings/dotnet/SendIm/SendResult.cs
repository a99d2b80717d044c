using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace SendIm
{
    /// <summary>What became of one message of many: a receipt or an error, never both.</summary>
    public sealed class SendResult
    {
        /// <summary>A message that was sent, for the tests of a program.</summary>
        public SendResult(ImMessage message, Receipt receipt)
        {
            Message = message ?? throw new ArgumentNullException(nameof(message));
            Receipt = receipt ?? throw new ArgumentNullException(nameof(receipt));
        }

        /// <summary>A message that was not sent, for the tests of a program.</summary>
        public SendResult(ImMessage message, SendImException error)
        {
            Message = message ?? throw new ArgumentNullException(nameof(message));
            Error = error ?? throw new ArgumentNullException(nameof(error));
        }

        /// <summary>The message.</summary>
        public ImMessage Message { get; }

        /// <summary>Its receipt; null where it failed.</summary>
        public Receipt? Receipt { get; }

        /// <summary>Its error; null where it was sent.</summary>
        public SendImException? Error { get; }

        /// <summary>True where there is a receipt.</summary>
        [MemberNotNullWhen(true, nameof(Receipt))]
        [MemberNotNullWhen(false, nameof(Error))]
        public bool IsSent => Receipt != null;

        /// <summary>The receipt, or the error thrown.</summary>
        /// <exception cref="SendImException">The message was not sent.</exception>
        public Receipt GetReceipt()
        {
            if (Error != null)
            {
                ExceptionDispatchInfo.Capture(Error).Throw();
            }

            return Receipt!;
        }

        /// <summary>What became of it.</summary>
        public override string ToString() => Error?.Message ?? Receipt!.ToString();
    }
}

namespace System.Diagnostics.CodeAnalysis
{
    /// <summary>What compilers of C# 9 and later know by its name; .NET Standard has not got it.</summary>
    [AttributeUsage(AttributeTargets.Property, AllowMultiple = true)]
    internal sealed class MemberNotNullWhenAttribute : Attribute
    {
        public MemberNotNullWhenAttribute(bool returnValue, string member) => (ReturnValue, Member) = (returnValue, member);

        public bool ReturnValue { get; }

        public string Member { get; }
    }
}
