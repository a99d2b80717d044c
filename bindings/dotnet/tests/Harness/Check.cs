using System;
using System.Collections;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Harness
{
    /// <summary>A test has found something else than it looked for.</summary>
    public sealed class CheckException : Exception
    {
        public CheckException(string message)
            : base(message)
        {
        }
    }

    /// <summary>What tests look for.</summary>
    public static class Check
    {
        /// <summary>Seconds after which something that must happen has not happened. Nothing is said of a shorter time.</summary>
        public const int Patience = 120;

        public static void Equal<T>(T wanted, T got, string? about = null)
        {
            if (!Alike(wanted, got))
            {
                throw new CheckException($"wanted {Shown(wanted)}, got {Shown(got)}{(about == null ? null : " in " + about)}");
            }
        }

        public static void Same(object? wanted, object? got) =>
            True(ReferenceEquals(wanted, got), $"wanted the very {Shown(wanted)}, got {Shown(got)}");

        public static void True(bool condition, string about)
        {
            if (!condition)
            {
                throw new CheckException(about);
            }
        }

        public static void Contains(string part, string? whole) =>
            True(whole != null && whole.Contains(part), $"there is no {Shown(part)} in {Shown(whole)}");

        public static void ContainsNot(string part, string? whole) =>
            True(whole == null || !whole.Contains(part), $"there is {Shown(part)} in {Shown(whole)}");

        public static T Throws<T>(Action action)
            where T : Exception => ThrowsAsync<T>(() =>
            {
                action();
                return Task.CompletedTask;
            }).GetAwaiter().GetResult();

        public static async Task<T> ThrowsAsync<T>(Func<Task> action)
            where T : Exception
        {
            try
            {
                await action();
            }
            catch (T error)
            {
                return error;
            }

            throw new CheckException($"there was no {typeof(T).Name}");
        }

        /// <summary>Waits until it is so; fails if it does not become so for very long.</summary>
        public static void Eventually(Func<bool> condition, string about)
        {
            var clock = Stopwatch.StartNew();
            while (!condition())
            {
                True(clock.Elapsed.TotalSeconds < Patience, "it never came about: " + about);
                Thread.Sleep(5);
            }
        }

        private static bool Alike(object? wanted, object? got)
        {
            if (wanted is string || !(wanted is IEnumerable some) || !(got is IEnumerable others))
            {
                return Equals(wanted, got);
            }

            return some.Cast<object?>().SequenceEqual(others.Cast<object?>());
        }

        private static string Shown(object? value) => value switch
        {
            null => "null",
            string text => $"\"{text}\"",
            IEnumerable many => $"[{string.Join(", ", many.Cast<object?>().Select(Shown))}]",
            _ => value.ToString()!,
        };
    }
}
