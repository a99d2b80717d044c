using System;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime.InteropServices;

namespace SendIm.Native
{
    /// <summary>
    /// Loads a library by its file. .NET Core 3.0 and later can; the .NET Standard of this package does not know of it.
    /// </summary>
    internal static class Loader
    {
        private const string Assembly = ", System.Runtime.InteropServices";

        private static readonly Type? Native = Type.GetType("System.Runtime.InteropServices.NativeLibrary" + Assembly);
        private static readonly Type? Resolver = Type.GetType("System.Runtime.InteropServices.DllImportResolver" + Assembly);

        private static string? chosen;

        /// <summary>The file that SEND_IM_LIBRARY names, where the runtime can be told to load it.</summary>
        internal static string? Chosen
        {
            get
            {
                var named = Environment.GetEnvironmentVariable("SEND_IM_LIBRARY");
                return Native == null || Resolver == null || string.IsNullOrEmpty(named) ? null : named;
            }
        }

        /// <summary>From here on the functions are those of this file.</summary>
        internal static void Choose(string place)
        {
            chosen = place;
            var resolve = typeof(Loader).GetMethod(nameof(Resolve), BindingFlags.NonPublic | BindingFlags.Static)!;
            var arguments = new object[] { typeof(Loader).Assembly, Delegate.CreateDelegate(Resolver!, resolve) };
            Native!.GetMethod("SetDllImportResolver")!.Invoke(null, arguments);
        }

        /// <summary>Makes the functions those of the first of these files that can be loaded.</summary>
        /// <returns>False where there is none.</returns>
        internal static bool LoadAny(IEnumerable<string> places)
        {
            foreach (var place in places)
            {
                try
                {
                    if (Load(place) != IntPtr.Zero)
                    {
                        Choose(place);
                        return true;
                    }

                    // .NET Framework: what is loaded already is found by its name alone.
                    var isFramework = Native == null && RuntimeInformation.IsOSPlatform(OSPlatform.Windows);
                    if (isFramework && LoadLibraryW(place) != IntPtr.Zero)
                    {
                        return true;
                    }
                }
                catch (Exception error) when (error is DllNotFoundException || error is BadImageFormatException)
                {
                    // The next one may be for this C library.
                }
            }

            return false;
        }

        /// <exception cref="DllNotFoundException">It cannot be loaded.</exception>
        /// <exception cref="BadImageFormatException">It is for another processor, on Windows.</exception>
        internal static IntPtr Load(string place)
        {
            try
            {
                var load = Native?.GetMethod("Load", new[] { typeof(string) });
                return load == null ? IntPtr.Zero : (IntPtr)load.Invoke(null, new object[] { place })!;
            }
            catch (TargetInvocationException error) when (error.InnerException != null)
            {
                throw error.InnerException;
            }
        }

        [DllImport("kernel32", CharSet = CharSet.Unicode, ExactSpelling = true)]
        private static extern IntPtr LoadLibraryW(string file);

        private static IntPtr Resolve(string name, System.Reflection.Assembly assembly, DllImportSearchPath? search) =>
            name == NativeMethods.Name && chosen != null ? Load(chosen) : IntPtr.Zero;
    }
}
