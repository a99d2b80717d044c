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

        private static readonly object Lock = new object();
        private static readonly string Platform =
            RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "win"
            : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "osx"
            : "linux";

        private static volatile bool loaded;
        private static bool chosen;

        private static string Folder => Path.GetDirectoryName(typeof(Library).Assembly.Location) ?? string.Empty;

        private static string FileName => Platform switch
        {
            "win" => NativeMethods.Name + ".dll",
            "osx" => $"lib{NativeMethods.Name}.dylib",
            _ => $"lib{NativeMethods.Name}.so",
        };

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
                if (!loaded)
                {
                    Check();
                    AppDomain.CurrentDomain.ProcessExit += (sender, arguments) => CloseIdleSessions();
                    loaded = true;
                }
            }
        }

        /// <summary>The same before a call that waits.</summary>
        /// <exception cref="InvalidOperationException">It would wait for the very thread it is on.</exception>
        internal static void LoadToWait()
        {
            Load();
            if (!NativeMethods.send_im_may_wait())
            {
                throw new InvalidOperationException(
                    "Account.OnStep and Account.Log must not make a call that waits: make it on another thread.");
            }
        }

        /// <summary>
        /// The program's own handlers run before and after this one, and may send: nothing is cancelled or refused.
        /// </summary>
        private static void CloseIdleSessions()
        {
            if (!AppContext.TryGetSwitch("SendIm.NoExitHook", out var off) || !off)
            {
                NativeMethods.send_im_wind_down(timeoutMs: 3000);
            }
        }

        private static void Check()
        {
            if (!chosen && Loader.Chosen is string place)
            {
                Loader.Choose(place);
                chosen = true;
            }

            var found = Version();
            if (found != Interface)
            {
                var why = $"it has interface {found}, this package needs {Interface}";
                throw Unloadable.Error(Places().Where(File.Exists).Take(1).Select(file => (file, why)), null);
            }
        }

        private static uint Version()
        {
            try
            {
                return NativeMethods.send_im_abi_version();
            }
            catch (DllNotFoundException) when (!chosen && Loader.LoadAny(Beside()))
            {
                // What loads an assembly by its file, as PowerShell does, has no list of its package's libraries.
                return NativeMethods.send_im_abi_version();
            }
            catch (Exception error) when (
                error is DllNotFoundException || error is BadImageFormatException || error is EntryPointNotFoundException)
            {
                throw Unloadable.Error(Places().Select(file => (file, Unloadable.Why(file))), error);
            }
        }

        /// <summary>The file that is named, or where the runtime looks, as far as it is known here.</summary>
        private static IEnumerable<string> Places()
        {
            if (Loader.Chosen is string named)
            {
                return new[] { named };
            }

            var folders = new[] { Folder, AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar) };
            return folders.Distinct().SelectMany(
                folder => new[] { Path.Combine(folder, FileName), Path.Combine(folder, Packed(Platform)) });
        }

        /// <summary>The libraries of this package that may be this process's, in runtimes/ next to the assembly.</summary>
        private static IEnumerable<string> Beside() =>
            new[] { Platform, Platform + "-musl" }.Select(system => Path.Combine(Folder, Packed(system))).Where(File.Exists);

        private static string Packed(string system)
        {
            var architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
            return Path.Combine("runtimes", $"{system}-{architecture}", "native", FileName);
        }
    }
}
