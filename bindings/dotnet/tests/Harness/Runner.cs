using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;

namespace Harness
{
    /// <summary>A public method of a public class that is a test. It returns nothing or a Task.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class TestAttribute : Attribute
    {
    }

    /// <summary>Runs tests and writes TAP.</summary>
    public static class Runner
    {
        // A test that takes longer than this hangs.
        private static readonly TimeSpan Hang = TimeSpan.FromMinutes(30);

        /// <summary>Runs the tests of an assembly; with arguments, those whose name has one in it.</summary>
        /// <returns>The exit code.</returns>
        public static int Run(Assembly assembly, string[] arguments)
        {
            var cases = Found(assembly).ToList();
            if (arguments.Length > 0)
            {
                cases = cases.Where(one => arguments.Any(part => one.Name.Contains(part))).ToList();
            }

            Console.WriteLine($"1..{cases.Count}");
            var failed = 0;
            for (var number = 1; number <= cases.Count; number++)
            {
                var one = cases[number - 1];
                var trouble = Trouble(one.Run);
                failed += trouble == null ? 0 : 1;
                Console.WriteLine($"{(trouble == null ? "ok" : "not ok")} {number} - {one.Name}");
                if (trouble != null)
                {
                    Console.WriteLine("# " + trouble.ToString().Replace("\n", "\n# "));
                }
            }

            // A thread of a test that hangs would keep the process.
            Environment.Exit(failed == 0 && cases.Count > 0 ? 0 : 1);
            return 1;
        }

        private static Exception? Trouble(Func<Task> run)
        {
            try
            {
                // On another thread, so that one that hangs is noticed too.
                var running = Task.Run(run);
                return running.Wait(Hang) ? null : new TimeoutException("The test hangs.");
            }
            catch (AggregateException error)
            {
                return error.InnerException;
            }
        }

        private static IEnumerable<(string Name, Func<Task> Run)> Found(Assembly assembly) =>
            from type in assembly.GetExportedTypes()
            orderby type.Name
            from method in type.GetMethods()
            where method.GetCustomAttribute<TestAttribute>() != null
            select ($"{type.Name}: {method.Name.Replace('_', ' ').TrimEnd()}", new Func<Task>(() => Invoke(type, method)));

        private static async Task Invoke(Type type, MethodInfo method)
        {
            var instance = method.IsStatic ? null : Activator.CreateInstance(type);
            try
            {
                try
                {
                    await (method.Invoke(instance, null) as Task ?? Task.CompletedTask);
                }
                catch (TargetInvocationException error) when (error.InnerException != null)
                {
                    System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(error.InnerException).Throw();
                }
            }
            finally
            {
                (instance as IDisposable)?.Dispose();
            }
        }
    }
}
