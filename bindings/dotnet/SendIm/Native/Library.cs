using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
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
        private static bool chosen;

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
            if (!chosen && Loader.Chosen is string place)
            {
                Loader.Choose(place);
                chosen = true;
            }

            uint found;
            try
            {
                found = NativeMethods.send_im_abi_version();
            }
            catch (Exception error) when (
                error is DllNotFoundException || error is BadImageFormatException || error is EntryPointNotFoundException)
            {
                var tried = Places().Select(file => new KeyValuePair<string, string>(file, Unloadable.Why(file)));
                throw Unloadable.Error(tried, error);
            }

            if (found != Interface)
            {
                var why = $"it has interface {found}, this package needs {Interface}";
                var files = Places().Where(File.Exists).Take(1);
                throw Unloadable.Error(files.Select(file => new KeyValuePair<string, string>(file, why)), null);
            }
        }

        private static string FileName =>
            RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? NativeMethods.Name + ".dll"
            : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "lib" + NativeMethods.Name + ".dylib"
            : "lib" + NativeMethods.Name + ".so";

        /// <summary>The file that is named, or where the runtime looks, as far as it is known here.</summary>
        private static IEnumerable<string> Places()
        {
            if (Loader.Chosen is string named)
            {
                return new[] { named };
            }

            var system = RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "win"
                : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "osx" : "linux";
            var architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
            var native = Path.Combine("runtimes", $"{system}-{architecture}", "native");
            var folders = new HashSet<string>
            {
                Path.GetDirectoryName(typeof(Library).Assembly.Location) ?? string.Empty,
                AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar),
            };
            return folders.SelectMany(
                folder => new[] { Path.Combine(folder, FileName), Path.Combine(folder, native, FileName) });
        }
    }
}
