using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Tasks;

namespace Harness
{
    /// <summary>A program in a process of its own.</summary>
    public sealed class Child : IDisposable
    {
        private readonly Process process;
        private readonly Task<string> error;

        private Child(Process process)
        {
            this.process = process;
            error = process.StandardError.ReadToEndAsync();
        }

        /// <summary>The clone this test is in: the folder above this one that holds the workspace.</summary>
        public static string Root { get; } = FindRoot();

        /// <summary>What runs this program, and others by their dll.</summary>
        public static string Dotnet => Process.GetCurrentProcess().MainModule!.FileName!;

        public StreamReader Output => process.StandardOutput;

        private static string FindRoot()
        {
            var folder = new DirectoryInfo(Directory.GetCurrentDirectory());
            while (!File.Exists(Path.Combine(folder.FullName, "Cargo.lock")))
            {
                folder = folder.Parent ?? throw new InvalidOperationException("The tests run inside the clone.");
            }

            return folder.FullName;
        }

        public static Child Start(string[] command, IDictionary<string, string>? environment = null)
        {
            var start = new ProcessStartInfo(command[0])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardOutputEncoding = Encoding.UTF8,
                StandardErrorEncoding = Encoding.UTF8,
            };
            foreach (var argument in command[1..])
            {
                start.ArgumentList.Add(argument);
            }

            foreach (var name in new[] { "ADDRESS", "USERNAME", "PASSWORD", "SERVER", "CA_FILE", "TLS", "LIBRARY" })
            {
                start.Environment.Remove("SEND_IM_" + name);
            }

            foreach (var variable in environment ?? new Dictionary<string, string>())
            {
                start.Environment[variable.Key] = variable.Value;
            }

            return new Child(Process.Start(start)!);
        }

        /// <summary>Runs a program to its end.</summary>
        /// <returns>Its exit code, what it wrote, and what it wrote as errors.</returns>
        public static (int Code, string Out, string Error) Run(
            string[] command, IDictionary<string, string>? environment = null, int patience = Check.Patience)
        {
            using var child = Start(command, environment);
            child.process.StandardInput.Close();
            return child.End(patience);
        }

        /// <summary>Asks it to end, as a service manager does.</summary>
        public void Terminate() => Check.Equal(0, Kill(process.Id, 15));

        /// <summary>Waits for the end; a process that does not end is one that hangs.</summary>
        public (int Code, string Out, string Error) End(int patience = Check.Patience)
        {
            var output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(patience * 1000))
            {
                throw new CheckException("the process hangs: " + Threads());
            }

            return (process.ExitCode, output.Result, error.Result);
        }

        /// <summary>What each of its threads waits in, where the system tells.</summary>
        private string Threads()
        {
            var tasks = $"/proc/{process.Id}/task";
            string Of(string task, string file) => File.ReadAllText(Path.Combine(task, file)).Trim();
            return Directory.Exists(tasks)
                ? string.Join(", ", Directory.GetDirectories(tasks).Select(task => $"{Of(task, "comm")} in {Of(task, "wchan")}"))
                : "its threads are not known";
        }

        [DllImport("libc", EntryPoint = "kill")]
        private static extern int Kill(int process, int signal);

        public void Dispose()
        {
            if (!process.HasExited)
            {
                process.Kill();
            }

            process.Dispose();
        }
    }
}
