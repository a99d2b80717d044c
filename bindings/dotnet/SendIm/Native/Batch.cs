using System;
using System.Collections.Generic;

namespace SendIm.Native
{
    /// <summary>Messages for one call. One that cannot even be handed over has its error, and the others go.</summary>
    internal sealed class Batch : IDisposable
    {
        private readonly List<Message> messages = new List<Message>();
        private readonly Dictionary<int, SendImException> refused = new Dictionary<int, SendImException>();

        internal Batch(IEnumerable<Message> source)
        {
            _ = source ?? throw new ArgumentNullException(nameof(source));
            Handle = NativeMethods.send_im_messages_new();
            try
            {
                foreach (var message in source)
                {
                    messages.Add(message ?? throw new ArgumentException("A message is null.", nameof(source)));
                    Add(message);
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

        /// <summary>The results of those that went, and the errors of the others, in the order of the messages.</summary>
        internal IReadOnlyList<SendResult> Merge(Reader.Outcome[] outcomes)
        {
            var results = new List<SendResult>(messages.Count);
            var next = 0;
            for (var index = 0; index < messages.Count; index++)
            {
                var outcome = refused.TryGetValue(index, out var error) ? new Reader.Outcome(null, error) : outcomes[next++];
                results.Add(outcome.Receipt != null
                    ? new SendResult(messages[index], outcome.Receipt)
                    : new SendResult(messages[index], outcome.Error!));
            }

            return results;
        }

        private void Add(Message message)
        {
            try
            {
                var content = Content.Of(message);
                using (var options = Options.ForMessage(message))
                {
                    Failure.Check(NativeMethods.send_im_messages_add(Handle, options.Handle, content.To, content.Text));
                }
            }
            catch (SendImException error)
            {
                refused.Add(messages.Count - 1, error);
            }
        }
    }
}
