using System.Linq;
using Harness;

namespace SendIm.Tests
{
    public static class Program
    {
        public static int Main(string[] arguments) => arguments.FirstOrDefault() == "child"
            ? Children.Run(arguments[1], arguments.Skip(2).ToArray())
            : Runner.Run(typeof(Program).Assembly, Scenarios.All(), arguments);
    }
}
