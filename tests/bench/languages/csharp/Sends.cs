using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text.Json;
using SendIm;

/// <summary>Sends from C#: Sends SENDS MANY. Prints one line of JSON, times in milliseconds.</summary>
public static class Sends
{
    public static void Main(string[] arguments)
    {
        int sends = int.Parse(arguments[0]), many = int.Parse(arguments[1]);
        var load = Milliseconds(Load);
        using var client = ImClient.SignIn();
        double Send() => Milliseconds(() => client.Send("lenea@contoso.com", "disk full"));

        for (var n = 0; n < sends / 10; n++)
        {
            Send();
        }

        var times = Enumerable.Range(0, sends).Select(_ => Send()).OrderBy(time => time).ToList();

        var messages = Enumerable.Range(0, many).Select(n => new ImMessage($"user{n % 100}@contoso.com", "disk full")).ToList();
        IReadOnlyList<SendResult> results = Array.Empty<SendResult>();
        var elapsed = Milliseconds(() => results = client.SendAll(messages));
        if (results.FirstOrDefault(result => !result.IsSent)?.Error is { } error)
        {
            throw error;
        }

        Console.WriteLine(JsonSerializer.Serialize(new
        {
            load_ms = load,
            send = new { p50 = times[sends / 2], p99 = times[sends * 99 / 100] },
            send_all_per_second = many * 1000 / elapsed,
        }));
    }

    // The first call loads the library. This one ends before any request: the recipient is no address.
    private static void Load()
    {
        try
        {
            Im.Send("nobody", "disk full");
        }
        catch (SendImException refused) when (refused.Kind == ErrorKind.InvalidInput)
        {
        }
    }

    private static double Milliseconds(Action work)
    {
        var watch = Stopwatch.StartNew();
        work();
        return watch.Elapsed.TotalMilliseconds;
    }
}
