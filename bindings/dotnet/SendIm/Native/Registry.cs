using System;
using System.Collections.Concurrent;
using System.Threading;

namespace SendIm.Native
{
    /// <summary>
    /// Objects of ours that the native library calls back, by number: it holds no pointer to anything the collector moves.
    /// </summary>
    internal static class Registry
    {
        private static readonly ConcurrentDictionary<IntPtr, object> Entries = new ConcurrentDictionary<IntPtr, object>();
        private static int last;

        /// <summary>A number for an object, which lives until it is taken.</summary>
        internal static IntPtr Put(object entry)
        {
            while (true)
            {
                // After four thousand million calls a number may still be in use.
                var id = new IntPtr(Interlocked.Increment(ref last));
                if (Entries.TryAdd(id, entry))
                {
                    return id;
                }
            }
        }

        internal static T? Find<T>(IntPtr id)
            where T : class => Entries.TryGetValue(id, out var entry) ? entry as T : null;

        internal static T? Take<T>(IntPtr id)
            where T : class => Entries.TryRemove(id, out var entry) ? entry as T : null;
    }
}
