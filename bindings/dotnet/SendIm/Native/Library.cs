using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;

namespace SendIm.Native
{
    /// <summary>The native library: whether it is there and fits, and its end.</summary>
    internal static class Library
    {
        private const uint Interface = 1;

        // What is open when the program ends is signed out in this time at most, in milliseconds.
        private const ulong Farewell = 3000;

        // Longer than that: who waits for a call at the end of the program is not told before the program has ended.
        private static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

        private static readonly object Lock = new object();
        private static volatile bool loaded;
        private static volatile bool leaving;
        private static volatile Thread? last;

        /// <summary>Loads the library, where nobody has yet. Everything that calls it goes through here first.</summary>
        /// <exception cref="DllNotFoundException">It is not there, or is one of another interface.</exception>
        /// <exception cref="SendImException">The program is ending.</exception>
        internal static void Load()
        {
            if (leaving)
            {
                var error = new SendImException(ErrorKind.Cancelled, "The program is ending, and nothing is sent any more.");

                // The thread that ends the program runs handlers of others, which must not hold it up.
                Thread.Sleep(Thread.CurrentThread == last ? TimeSpan.Zero : HeldBack(error));
                throw error;
            }

            if (loaded)
            {
                return;
            }

            lock (Lock)
            {
                if (loaded)
                {
                    return;
                }

                Check();
                AppDomain.CurrentDomain.ProcessExit += (sender, arguments) => Leave();
                loaded = true;
            }
        }

        /// <summary>
        /// How long to hold back an error. The end of the program cancels the calls under way. Where nobody catches that, it
        /// would be an unhandled exception in the middle of the end, and change the exit code.
        /// </summary>
        internal static TimeSpan HeldBack(SendImException error) =>
            leaving && error.Kind == ErrorKind.Cancelled ? Silence : TimeSpan.Zero;

        private static void Leave()
        {
            last = Thread.CurrentThread;
            leaving = true;
            NativeMethods.send_im_shutdown(Farewell);
        }

        private static void Check()
        {
            uint found;
            try
            {
                found = NativeMethods.send_im_abi_version();
            }
            catch (DllNotFoundException error)
            {
                throw new DllNotFoundException(
                    $"The native library of SendIm could not be loaded. Looked for {string.Join(", ", Places())}, and where "
                    + $"the system looks for libraries. {error.Message}",
                    error);
            }
            catch (EntryPointNotFoundException error)
            {
                throw new DllNotFoundException($"The library {FileName} is not the one of SendIm.", error);
            }
            catch (BadImageFormatException error)
            {
                throw new DllNotFoundException(
                    $"The library {FileName} is for another processor than this {RuntimeInformation.ProcessArchitecture} "
                    + "process.",
                    error);
            }

            if (found != Interface)
            {
                throw new DllNotFoundException(
                    $"The native library has interface {found}, and this package of SendIm needs {Interface}: they are of "
                    + "different versions.");
            }
        }

        private static string FileName =>
            RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? NativeMethods.Name + ".dll"
            : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "lib" + NativeMethods.Name + ".dylib"
            : "lib" + NativeMethods.Name + ".so";

        /// <summary>Where the runtime looks, as far as it is known here, and whether there is a file.</summary>
        private static IEnumerable<string> Places()
        {
            var system = RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "win"
                : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "osx" : "linux";
            var architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
            var native = Path.Combine("runtimes", $"{system}-{architecture}", "native");
            var folders = new HashSet<string>
            {
                Path.GetDirectoryName(typeof(Library).Assembly.Location) ?? string.Empty,
                AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar),
            };
            foreach (var folder in folders)
            {
                foreach (var place in new[] { Path.Combine(folder, FileName), Path.Combine(folder, native, FileName) })
                {
                    yield return File.Exists(place) ? place + " (there, but not usable)" : place + " (not there)";
                }
            }
        }
    }
}
