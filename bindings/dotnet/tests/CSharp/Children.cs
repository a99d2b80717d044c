namespace SendIm.Tests
{
    /// <summary>Programs that tests run in a process of their own.</summary>
    internal static class Children
    {
        internal static int Run(string name, string[] arguments) => 99;
    }
}
