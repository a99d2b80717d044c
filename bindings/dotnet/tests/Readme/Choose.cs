using System;
using System.Threading.Tasks;

/// <summary>Runs the program of README.md whose number is the argument.</summary>
internal static class Choose
{
    private static Task Main(string[] arguments) =>
        (Task)Type.GetType($"Snippet{arguments[0]}.Program", true).GetMethod("Main").Invoke(null, null);
}
