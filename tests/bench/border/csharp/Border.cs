using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using SendIm;

/// <summary>What a call costs from C#: Border REFUSED SENT. Prints one line of JSON, times in milliseconds.</summary>
public static class Border
{
    // The runtime has compiled everything for speed after so many calls.
    private const int Warm = 2000;

    public static void Main(string[] arguments)
    {
        var calls = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        var sends = int.Parse(arguments[1], CultureInfo.InvariantCulture);

        // The first call loads the library. This one ends before any request.
        var began = Stopwatch.GetTimestamp();
        RefusedOnce(() => Im.Send("nobody", "disk full"));
        var loaded = Since(began);

        using var client = Client.SignIn();
        Refused(client, Warm);
        var alone = Summary(Refused(client, calls));
        var together = Summary(Together(client, calls));
        var sent = Summary(Sent(client, sends));
        Console.WriteLine(FormattableString.Invariant(
            $"{{\"load_ms\":{loaded:F3},\"refused_1\":{alone},\"refused_8\":{together},\"sent\":{sent}}}"));
    }

    // Sends that are refused without a request: the recipient is no address.
    private static double[] Refused(Client client, int calls)
    {
        var times = new double[calls];
        for (var call = 0; call < calls; call++)
        {
            var started = Stopwatch.GetTimestamp();
            RefusedOnce(() => client.Send("nobody", "disk full"));
            times[call] = Since(started);
        }

        return times;
    }

    private static void RefusedOnce(Func<Receipt> send)
    {
        try
        {
            send();
        }
        catch (SendImException refused) when (refused.Kind == ErrorKind.InvalidInput)
        {
            return;
        }

        throw new InvalidOperationException("the send to nobody was not refused");
    }

    // The same from eight threads at once.
    private static double[] Together(Client client, int calls)
    {
        var parts = new double[8][];
        var threads = Enumerable.Range(0, 8).Select(n => new Thread(() => parts[n] = Refused(client, calls / 8))).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return parts.SelectMany(part => part).ToArray();
    }

    private static double[] Sent(Client client, int calls)
    {
        var times = new double[calls];
        for (var call = 0; call < calls; call++)
        {
            var started = Stopwatch.GetTimestamp();
            client.Send("kept@contoso.com", "disk full");
            times[call] = Since(started);
        }

        return times;
    }

    private static double Since(long started) => (Stopwatch.GetTimestamp() - started) * 1000.0 / Stopwatch.Frequency;

    private static string Summary(double[] times)
    {
        Array.Sort(times);
        return FormattableString.Invariant(
            $"{{\"p50\":{times[times.Length / 2]:F6},\"p99\":{times[times.Length * 99L / 100]:F6}}}");
    }
}
