using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace SendIm.Native
{
    /// <summary>
    /// Why the native library cannot be loaded. The loader itself often says something else: for a library of another
    /// processor glibc says that there is no such file.
    /// </summary>
    internal static class Unloadable
    {
        // The processors of ELF files, by e_machine.
        private static readonly Dictionary<int, string> Machines = new Dictionary<int, string>
        {
            { 3, "x86" }, { 21, "ppc64" }, { 22, "s390x" }, { 40, "arm" }, { 62, "x86_64" }, { 183, "aarch64" },
            { 243, "riscv64" },
        };

        /// <summary>The exception to throw.</summary>
        /// <param name="tried">Each file and why it could not be loaded.</param>
        /// <param name="inner">What the runtime has thrown, if it has.</param>
        internal static DllNotFoundException Error(IEnumerable<(string File, string Why)> tried, Exception? inner) =>
            new DllNotFoundException(
                "send-im cannot load its native library. It tried:"
                    + string.Concat(tried.Select(one => $"\n  {one.File}: {one.Why}"))
                    + "\nSEND_IM_LIBRARY can name the file to load.",
                inner);

        /// <summary>The cause, and what to do.</summary>
        internal static string Why(string place)
        {
            var folder = Path.GetDirectoryName(Path.GetFullPath(place));
            while (folder != null && !File.Exists(folder))
            {
                folder = Path.GetDirectoryName(folder);
            }

            if (folder != null)
            {
                return $"it lies in the archive {folder}, from which no library can be loaded; unpack that";
            }

            if (!File.Exists(place))
            {
                return "there is no such file; install the package for this platform again";
            }

            var found = Machine(place);
            var own = Machine("/proc/self/exe");
            if (found != null && own != null && found != own)
            {
                return $"it is built for {found} and this program for {own}; install the package for {own}";
            }

            var words = Words(place);
            var version = Regex.Match(words, "version [`']?(GLIBC_[0-9.]+)' not found");
            return version.Success
                ? $"it needs {version.Groups[1].Value}, and the C library of this system is older; take a newer system, or "
                    + "build the package on this one"
                : words.Contains("failed to map segment")
                ? "its file system is mounted noexec; put the package, or a copy of the library, on another"
                : words;
        }

        /// <summary>What the loader says of this very file; the runtime tells of the last place it has tried.</summary>
        private static string Words(string place)
        {
            try
            {
                return Loader.Load(place) == IntPtr.Zero ? "it cannot be loaded" : "it is no library of this version of send-im";
            }
            catch (Exception error) when (error is DllNotFoundException || error is BadImageFormatException)
            {
                return error.Message;
            }
        }

        /// <summary>The processor an ELF file is for.</summary>
        private static string? Machine(string file)
        {
            var head = new byte[20];
            try
            {
                using var opened = File.OpenRead(file);
                if (opened.Read(head, 0, head.Length) < head.Length)
                {
                    return null;
                }
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
            {
                return null;
            }

            var isElf = head[0] == 0x7f && head[1] == 'E' && head[2] == 'L' && head[3] == 'F';
            var number = head[5] == 2 ? (head[18] << 8) | head[19] : (head[19] << 8) | head[18];
            return !isElf ? null : Machines.TryGetValue(number, out var name) ? name : $"processor {number}";
        }
    }
}
