using System;
using System.Collections.Generic;
using System.Linq;

namespace SendIm.Native
{
    /// <summary>Messages for one call. One that cannot even be handed over has its error, and the others go.</summary>
    internal sealed class Batch : IDisposable
    {
        private readonly List<(ImMessage Message, SendImException? Refused)> entries =
            new List<(ImMessage Message, SendImException? Refused)>();

        internal Batch(IEnumerable<ImMessage> messages)
        {
            _ = messages ?? throw new ArgumentNullException(nameof(messages));
            foreach (var message in messages)
            {
                _ = message ?? throw new ArgumentException("A message is null.", nameof(messages));
                entries.Add((message, Add(message)));
            }
        }

        internal MessagesHandle Handle { get; } = NativeMethods.send_im_messages_new();

        public void Dispose() => Handle.Dispose();

        /// <summary>What became of those that went, and the errors of the others, in the order of the messages.</summary>
        internal IReadOnlyList<SendResult> TakeResults(CallHandle call)
        {
            Reader.Check(NativeMethods.send_im_call_take_results(call, out var results));
            var next = 0;
            return Reader.Once(results, Read, NativeMethods.send_im_results_free);

            SendResult[] Read(IntPtr all) => entries.Select(entry => entry.Refused == null
                ? Result(entry.Message, all, (UIntPtr)next++)
                : new SendResult(entry.Message, entry.Refused)).ToArray();
        }

        private static SendResult Result(ImMessage message, IntPtr results, UIntPtr index)
        {
            var receipt = NativeMethods.send_im_results_receipt(results, index);
            return receipt != IntPtr.Zero
                ? new SendResult(message, Reader.Receipt(receipt))
                : new SendResult(message, Reader.Error(NativeMethods.send_im_results_error(results, index)));
        }

        private SendImException? Add(ImMessage message)
        {
            try
            {
                using (var options = Options.ForMessage(message))
                {
                    Reader.Check(NativeMethods.send_im_messages_add(
                        Handle, options, Utf8.Text(message.To, "to"), Utf8.Text(message.Text, "text")));
                }

                return null;
            }
            catch (SendImException error)
            {
                return error;
            }
        }
    }
}
