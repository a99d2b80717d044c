using System;
using System.Runtime.ExceptionServices;

namespace SendIm
{
    /// <summary>What became of one message of many: a receipt or an error, never both.</summary>
    public sealed class SendResult
    {
        /// <summary>A message that was sent, for the tests of a program.</summary>
        /// <param name="message">The message.</param>
        /// <param name="receipt">Its receipt.</param>
        public SendResult(Message message, Receipt receipt)
        {
            Message = message ?? throw new ArgumentNullException(nameof(message));
            Receipt = receipt ?? throw new ArgumentNullException(nameof(receipt));
        }

        /// <summary>A message that was not sent, for the tests of a program.</summary>
        /// <param name="message">The message.</param>
        /// <param name="error">Its error.</param>
        public SendResult(Message message, SendImException error)
        {
            Message = message ?? throw new ArgumentNullException(nameof(message));
            Error = error ?? throw new ArgumentNullException(nameof(error));
        }

        /// <summary>The message.</summary>
        public Message Message { get; }

        /// <summary>Its receipt; null where it failed.</summary>
        public Receipt? Receipt { get; }

        /// <summary>Its error; null where it was sent.</summary>
        public SendImException? Error { get; }

        /// <summary>True where there is a receipt.</summary>
        public bool IsSent => Receipt != null;

        /// <summary>The receipt, or the error thrown.</summary>
        /// <returns>The receipt.</returns>
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
