using System.Linq;
using System.Threading.Tasks;
using Harness;

namespace SendIm.Tests
{
    public static class Program
    {
        public static async Task<int> Main(string[] arguments) => arguments.FirstOrDefault() switch
        {
            "child" => Children.Run(arguments[1], arguments.Skip(2).ToArray()),
            "driver" => await Driver.Serve(ScenarioDriver.Run),
            _ => Runner.Run(typeof(Program).Assembly, arguments),
        };
    }
}
