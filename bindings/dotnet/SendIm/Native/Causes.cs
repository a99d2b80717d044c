using System;
using System.Collections.Concurrent;
using System.Threading;

namespace SendIm.Native
{
    /// <summary>What token providers threw, by the number under which the native library gives it back in an error.</summary>
    internal static class Causes
    {
        // One exception may be behind several errors, so none is forgotten by being found. These are kept, the newest.
        private const int Kept = 128;

        private static readonly ConcurrentDictionary<long, Exception> Entries = new ConcurrentDictionary<long, Exception>();
        private static long last;

        internal static ulong Put(Exception cause)
        {
            var number = Interlocked.Increment(ref last);
            Entries[number] = cause;
            Entries.TryRemove(number - Kept, out _);
            return (ulong)number;
        }

        internal static Exception? Find(long number) => Entries.TryGetValue(number, out var cause) ? cause : null;
    }
}
