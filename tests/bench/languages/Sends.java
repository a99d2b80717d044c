import im.send.Client;
import im.send.InvalidInputException;
import im.send.Message;
import im.send.SendIm;
import im.send.SendResult;
import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** Sends from Java: Sends SENDS MANY. Prints one line of JSON, times in milliseconds. */
public final class Sends {
    private static double since(long started) {
        return (System.nanoTime() - started) / 1e6;
    }

    /** The first call loads the library. This one ends before any request: the recipient is no address. */
    private static double load() {
        long started = System.nanoTime();
        try {
            SendIm.sendIm("nobody", "disk full");
            throw new IllegalStateException("the send to nobody was not refused");
        } catch (InvalidInputException refused) {
            return since(started);
        }
    }

    private static double send(Client client) {
        long started = System.nanoTime();
        client.send("lenea@contoso.com", "disk full");
        return since(started);
    }

    public static void main(String[] arguments) {
        int sends = Integer.parseInt(arguments[0]);
        int many = Integer.parseInt(arguments[1]);
        double load = load();
        try (var client = Client.signIn()) {
            for (int n = 0; n < sends / 10; n++) send(client);
            double[] times = DoubleStream.generate(() -> send(client)).limit(sends).sorted().toArray();

            var messages = IntStream.range(0, many)
                    .mapToObj(n -> Message.text("user" + n % 100 + "@contoso.com", "disk full"))
                    .toList();
            long started = System.nanoTime();
            var results = client.sendAll(messages);
            double elapsed = since(started);
            results.forEach(SendResult::getOrThrow);

            System.out.printf(
                    Locale.ROOT,
                    "{\"load_ms\":%f,\"send\":{\"p50\":%f,\"p99\":%f},\"send_all_per_second\":%f}%n",
                    load, times[sends / 2], times[sends * 99 / 100], many * 1000 / elapsed);
        }
    }
}
