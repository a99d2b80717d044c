using System;
using System.Collections.Generic;
using System.Linq;

namespace SendIm.Native
{
    /// <summary>Messages for one call. One that cannot even be handed over has its error, and the others go.</summary>
    internal sealed class Batch : IDisposable
    {
        private readonly List<(Message Message, SendImException? Refused)> entries =
            new List<(Message Message, SendImException? Refused)>();

        internal Batch(IEnumerable<Message> source)
        {
            _ = source ?? throw new ArgumentNullException(nameof(source));
            Handle = NativeMethods.send_im_messages_new();
            try
            {
                foreach (var message in source)
                {
                    _ = message ?? throw new ArgumentException("A message is null.", nameof(source));
                    entries.Add((message, Add(message)));
                }
            }
            catch
            {
                Handle.Dispose();
                throw;
            }
        }

        internal MessagesHandle Handle { get; }

        public void Dispose() => Handle.Dispose();

        /// <summary>What became of those that went, and the errors of the others, in the order of the messages.</summary>
        internal IReadOnlyList<SendResult> TakeResults(CallHandle call)
        {
            Failure.Check(NativeMethods.send_im_call_take_results(call, out var results));
            try
            {
                var next = 0;
                return entries.Select(entry => entry.Refused == null
                    ? Result(entry.Message, results, (UIntPtr)next++)
                    : new SendResult(entry.Message, entry.Refused)).ToArray();
            }
            finally
            {
                NativeMethods.send_im_results_free(results);
            }
        }

        private static SendResult Result(Message message, IntPtr results, UIntPtr index)
        {
            var receipt = NativeMethods.send_im_results_receipt(results, index);
            return receipt != IntPtr.Zero
                ? new SendResult(message, Reader.Receipt(receipt))
                : new SendResult(message, Failure.Read(NativeMethods.send_im_results_error(results, index)));
        }

        private SendImException? Add(Message message)
        {
            try
            {
                var content = Content.Of(message);
                using (var options = Options.ForMessage(message))
                {
                    Failure.Check(NativeMethods.send_im_messages_add(Handle, options.Handle, content.To, content.Text));
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
