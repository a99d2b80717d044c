using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Harness;

namespace SendIm.Tests
{
    /// <summary>
    /// A native library that cannot be loaded: the exception says which file, why, and what to do, in the words of all
    /// languages.
    /// </summary>
    public sealed class LibraryTests : Fixture
    {
        private static readonly Dictionary<string, string> Sentences = JsonSerializer.Deserialize<Dictionary<string, string>>(
            File.ReadAllText(Path.Combine(Child.Root, "tests", "scenarios", "unloadable.json")));

        private static string Program => Assembly.GetExecutingAssembly().Location;

        private static string Folder => Path.GetDirectoryName(Program)!;

        private static string Name => RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "libsend_im.dylib" : "libsend_im.so";

        private static string Bundled => Directory.GetFiles(Folder, Name, SearchOption.AllDirectories).First();

        [Test]
        public void A_missing_library()
        {
            using var room = new Room();
            foreach (var file in Directory.GetFiles(Folder).Where(file => Path.GetFileName(file) != Name))
            {
                File.Copy(file, room.Place(Path.GetFileName(file)));
            }

            var told = Told(null, room.Place(Path.GetFileName(Program)));
            Check.Contains(Sentence(room.Place(Name), "missing").Split('\n')[1], told);
            Check.Equal(Sentences["head"], told.Split('\n')[0]);
            Check.Equal(Sentences["tail"], told.Split('\n').Last());
            Check.Equal("loaded", Told(Bundled, room.Place(Path.GetFileName(Program))));
        }

        [Test]
        public void A_library_in_runtimes_beside_the_assembly_that_no_list_names()
        {
            using var room = new Room();
            foreach (var file in Directory.GetFiles(Folder).Where(file => Path.GetFileName(file) != Name))
            {
                File.Copy(file, room.Place(Path.GetFileName(file)));
            }

            var system = RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "osx" : "linux";
            var architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
            string Native(string name)
            {
                var folder = room.Place(Path.Combine("runtimes", $"{name}-{architecture}", "native"));
                return Path.Combine(Directory.CreateDirectory(folder).FullName, Name);
            }

            // What cannot be loaded may be for another C library: the next is tried.
            File.WriteAllText(Native(system), "no library");
            File.Copy(Bundled, Native(system + "-musl"));
            Check.Equal("loaded", Told(null, room.Place(Path.GetFileName(Program))));
        }

        [Test]
        public void The_library_that_the_environment_names_takes_the_place_of_the_packages_own()
        {
            using var room = new Room();
            File.Copy(Bundled, room.Place("other.so"));
            Check.Equal("loaded", Told(room.Place("other.so")));
            Check.Equal("loaded", Told(string.Empty));
            Check.Equal(Sentence(room.Place("nowhere.so"), "missing"), Told(room.Place("nowhere.so")));
            File.WriteAllText(room.Place("app.zip"), "PK");
            var inside = Path.Combine(room.Place("app.zip"), Name);
            Check.Equal(Sentence(inside, "archive", ("archive", room.Place("app.zip"))), Told(inside));
            File.WriteAllText(room.Place("text.so"), "no library");
            Check.Contains($"\n  {room.Place("text.so")}: ", Told(room.Place("text.so")));
        }

        [Test]
        public void A_library_of_another_processor()
        {
            using var room = new Room();
            var library = File.ReadAllBytes(Bundled);
            var names = new Dictionary<byte, string> { [62] = "x86_64", [183] = "aarch64" };
            var own = names[library[18]];
            library[18] = library[18] == 62 ? (byte)183 : (byte)62;
            File.WriteAllBytes(room.Place(Name), library);
            var values = new[] { ("found", names[library[18]]), ("own", own) };
            Check.Equal(Sentence(room.Place(Name), "architecture", values), Told(room.Place(Name)));
        }

        [Test]
        public void A_C_library_that_is_too_old()
        {
            using var room = new Room();
            var latin1 = Encoding.GetEncoding("iso-8859-1");
            var library = latin1.GetString(File.ReadAllBytes(Bundled));
            var versions = Regex.Matches(library, "GLIBC_2\\.\\d\\d\0").Select(match => match.Value);
            var newest = versions.OrderBy(version => version, StringComparer.Ordinal).Last();
            var older = library.Replace(newest, "GLIBC_2.99\0", StringComparison.Ordinal);
            File.WriteAllBytes(room.Place(Name), latin1.GetBytes(older));
            Check.Equal(Sentence(room.Place(Name), "old_c_library", ("version", "GLIBC_2.99")), Told(room.Place(Name)));
        }

        [Test]
        public void A_folder_that_is_mounted_noexec()
        {
            using var room = new Room();
            const string Mount = "mount -t tmpfs -o noexec tmpfs \"$1\" && cp \"$2\" \"$3\" && shift 3 && exec \"$@\"";
            var place = room.Place(Name);
            var before = new[] { "unshare", "--mount", "sh", "-c", Mount, "sh", room.Folder, Bundled, place };
            if (Ended(null, before.Append("true")).Code != 0)
            {
                Console.Out.WriteLine("# nothing can be mounted here (it takes root): noexec is not tried");
                return;
            }

            Check.Equal(Sentence(place, "noexec"), Told(place, Program, before));
        }

        private static string Sentence(string place, string cause, params (string Name, string Value)[] values)
        {
            var why = Sentences[cause];
            foreach (var (name, value) in values)
            {
                why = why.Replace("{" + name + "}", value, StringComparison.Ordinal);
            }

            return $"{Sentences["head"]}\n  {place}: {why}\n{Sentences["tail"]}";
        }

        private static string Told(string? library, string? program = null, params string[] before)
        {
            var command = before.Concat(new[] { Child.Dotnet, program ?? Program, "child", "library" });
            var (code, told, error) = Ended(library, command);
            Check.Equal(0, code, told + error);
            return told.Trim();
        }

        private static (int Code, string Out, string Error) Ended(string? library, IEnumerable<string> command)
        {
            var chosen = new Dictionary<string, string>();
            if (library != null)
            {
                chosen["SEND_IM_LIBRARY"] = library;
            }

            return Child.Run(command.ToArray(), chosen);
        }

        /// <summary>An empty folder, gone with the test.</summary>
        private sealed class Room : IDisposable
        {
            internal Room() => Directory.CreateDirectory(Folder);

            internal string Folder { get; } = Path.Combine(Path.GetTempPath(), "send-im-test-" + Guid.NewGuid().ToString("N"));

            public void Dispose() => Directory.Delete(Folder, true);

            internal string Place(string name) => Path.Combine(Folder, name);
        }
    }
}
