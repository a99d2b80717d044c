using System;
using System.Threading.Tasks;
using SendIm;

/// <summary>Sends one message: Send lenea@contoso.com "disk full on db7".</summary>
/// <remarks>
/// Who sends comes from SEND_IM_ADDRESS and SEND_IM_PASSWORD, or from ~/.config/send-im/config.toml
/// (on Windows %APPDATA%\send-im\config.toml).
/// </remarks>
public static class Send
{
    public static async Task<int> Main(string[] arguments)
    {
        if (arguments.Length != 2)
        {
            Console.Error.WriteLine("usage: Send RECIPIENT TEXT");
            return 2;
        }

        try
        {
            var receipt = await Im.SendAsync(arguments[0], arguments[1]);
            Console.WriteLine($"{receipt.AcceptedBy ?? receipt.To} accepted the message ({receipt.Evidence}).");
            return 0;
        }
        catch (SendImException error)
        {
            Console.Error.WriteLine(error.Message);
            return error.ExitCode;
        }
    }
}
