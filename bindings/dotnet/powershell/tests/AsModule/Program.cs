using System;
using System.IO;
using System.Reflection;

/// <summary>Loads the module's assemblies by their files, as Import-Module does, and does what Send-Im does.</summary>
internal static class Program
{
    private static void Main(string[] arguments)
    {
        AppDomain.CurrentDomain.AssemblyResolve += (sender, asked) =>
            Assembly.LoadFrom(Path.Combine(arguments[0], new AssemblyName(asked.Name!).Name + ".dll"));
        Send();
    }

    private static void Send()
    {
        using var sandbox = SendIm.Sandbox.Start();
        using var sender = new SendIm.PowerShell.Sender(null, "tosh@contoso.com", "x", sandbox.Url, "", null);
        foreach (var to in new[] { "lenea@contoso.com", "busy@contoso.com" })
        {
            var message = SendIm.PowerShell.Message.Of(to, "hello world\r\n", "", SendIm.Importance.Normal, false, null);
            var pending = sender.Send(message);
            while (!pending.Wait(100)) { }
            var receipt = (SendIm.Receipt?)pending.Result;
            Console.Write(receipt == null
                ? $"{pending.Failure!.ErrorId} {pending.Failure.Category}\n"
                : $"{receipt.AcceptedBy} {receipt.Evidence}\n");
        }

        Console.Write(sandbox.Messages()[0].Text + "\n");
    }
}
