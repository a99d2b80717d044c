import im.send.Client;
import im.send.InvalidInputException;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/** What a call costs on the JVM: Border REFUSED SENT. Prints one line of JSON, times in milliseconds. */
public final class Border {
    /** The compiler of the JVM has done its work after so many calls. */
    private static final int WARM = 20_000;

    /** Sends that are refused without a request: the recipient is no address. */
    private static long[] refused(Client client, int calls) {
        var times = new long[calls];
        for (int call = 0; call < calls; call++) {
            long started = System.nanoTime();
            try {
                client.send("nobody", "disk full");
                throw new IllegalStateException("the send to nobody was not refused");
            } catch (InvalidInputException refused) {
                times[call] = System.nanoTime() - started;
            }
        }
        return times;
    }

    /** The same from eight threads at once. */
    private static long[] together(Client client, int calls) throws Exception {
        var threads = Executors.newFixedThreadPool(8);
        try {
            var parts = IntStream.range(0, 8).mapToObj(n -> threads.submit(() -> refused(client, calls / 8))).toList();
            var times = new long[0];
            for (Future<long[]> part : parts) {
                int before = times.length;
                times = Arrays.copyOf(times, before + part.get().length);
                System.arraycopy(part.get(), 0, times, before, part.get().length);
            }
            return times;
        } finally {
            threads.shutdown();
        }
    }

    private static long[] sent(Client client, int calls) {
        var times = new long[calls];
        for (int call = 0; call < calls; call++) {
            long started = System.nanoTime();
            client.send("kept@contoso.com", "disk full");
            times[call] = System.nanoTime() - started;
        }
        return times;
    }

    private static String summary(long[] times) {
        Arrays.sort(times);
        return String.format(
                Locale.ROOT,
                "{\"p50\":%.6f,\"p99\":%.6f}",
                times[times.length / 2] / 1e6,
                times[(int) (times.length * 99L / 100)] / 1e6);
    }

    public static void main(String[] arguments) throws Exception {
        int calls = Integer.parseInt(arguments[0]);
        int sends = Integer.parseInt(arguments[1]);
        // The first call loads the library. This one ends before any request.
        long began = System.nanoTime();
        try {
            im.send.SendIm.sendIm("nobody", "disk full");
        } catch (InvalidInputException refused) {
            // As it should.
        }
        double loaded = (System.nanoTime() - began) / 1e6;
        try (var client = Client.signIn()) {
            refused(client, WARM);
            String alone = summary(refused(client, calls));
            String together = summary(together(client, calls));
            String sent = summary(sent(client, sends));
            System.out.printf(
                    Locale.ROOT,
                    "{\"load_ms\":%.3f,\"refused_1\":%s,\"refused_8\":%s,\"sent\":%s}%n",
                    loaded,
                    alone,
                    together,
                    sent);
        }
    }
}
