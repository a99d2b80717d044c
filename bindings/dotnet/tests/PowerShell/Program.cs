using Harness;

namespace SendIm.Tests
{
    public static class Program
    {
        public static int Main(string[] arguments) => Runner.Run(typeof(Program).Assembly, arguments);
    }
}
