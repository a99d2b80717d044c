using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;

namespace SendIm.Native
{
    /// <summary>The native library: whether it is there and fits, and its end.</summary>
    internal static class Library
    {
        private const uint Interface = 1;

        // Switches off what is done at the end of the program.
        private const string NoExitHook = "SendIm.NoExitHook";

        // Milliseconds that closing idle sessions may take at the end of the program.
        private const ulong ExitTimeout = 3000;

        private static readonly object Lock = new object();
        private static volatile bool loaded;

        /// <summary>Loads the library, where nobody has yet. Everything that calls it goes through here first.</summary>
        /// <exception cref="DllNotFoundException">It is not there, or is one of another interface.</exception>
        internal static void Load()
        {
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
                AppDomain.CurrentDomain.ProcessExit += (sender, arguments) => CloseIdleSessions();
                loaded = true;
            }
        }

        /// <summary>
        /// The program's own handlers run before and after this one, and may send: nothing is cancelled or refused.
        /// </summary>
        private static void CloseIdleSessions()
        {
            if (!AppContext.TryGetSwitch(NoExitHook, out var off) || !off)
            {
                NativeMethods.send_im_wind_down(ExitTimeout);
            }
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
