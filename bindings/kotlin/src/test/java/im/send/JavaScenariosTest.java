package im.send;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The scenarios through the blocking methods, as Java sees them. */
@Tag("java")
class JavaScenariosTest {
    @Test
    void thereAreCases() {
        assertTrue(Scenarios.load().size() > 60);
    }

    @TestFactory
    Stream<DynamicTest> scenario() {
        return Scenarios.load().stream().map(each -> dynamicTest(each.get("name").getAsString(), () -> Scenarios.run(each, this::act)));
    }

    private List<JsonObject> act(JsonObject scenario, Sandbox sandbox) {
        var account = account(scenario, sandbox);
        var spec = scenario.get("message");
        var messages = IntStream.rangeClosed(1, scenario.get("count").getAsInt())
                .mapToObj(n -> message(Scenarios.numbered(spec, n).getAsJsonObject()))
                .toList();
        if (scenario.get("action").getAsString().equals("send")) {
            return messages.stream().map(each -> shown(() -> SendIm.sendIm(each, account))).toList();
        }
        try (var client = Client.signIn(account)) {
            if (scenario.get("action").getAsString().equals("send_all")) {
                return client.sendAll(messages).stream().map(each -> shown(each::getOrThrow)).toList();
            }
            return inThreads(client, messages);
        }
    }

    private List<JsonObject> inThreads(Client client, List<Message> messages) {
        var begin = new CyclicBarrier(messages.size());
        var threads = Executors.newFixedThreadPool(messages.size());
        try {
            var sends = new ArrayList<Future<JsonObject>>();
            for (var message : messages) {
                sends.add(threads.submit(() -> {
                    begin.await();
                    return shown(() -> client.send(message));
                }));
            }
            var results = new ArrayList<JsonObject>();
            for (var send : sends) {
                results.add(send.get());
            }
            return results;
        } catch (Exception error) {
            throw new AssertionError(error);
        } finally {
            threads.shutdown();
        }
    }

    private Account account(JsonObject scenario, Sandbox sandbox) {
        var spec = scenario.getAsJsonObject("account");
        var account = Account.of(spec.get("address").getAsString(), spec.get("password").getAsString())
                .server(Scenarios.server(spec, sandbox))
                .timeout(Duration.ofMillis(scenario.getAsJsonObject("message").get("timeout_ms").getAsLong()));
        if (!spec.get("username").isJsonNull()) {
            account = account.username(spec.get("username").getAsString());
        }
        if (spec.get("ca").getAsString().equals("right") && sandbox.caFile() != null) {
            account = account.caFile(sandbox.caFile());
        }
        return account;
    }

    private Message message(JsonObject spec) {
        var to = spec.get("to").getAsString();
        var text = spec.get("text").getAsString();
        return (spec.get("html").getAsBoolean() ? Message.html(to, text) : Message.text(to, text))
                .subject(string(spec.get("subject")))
                .importance(named(Importance.values(), spec.get("importance")))
                .timeout(Duration.ofMillis(spec.get("timeout_ms").getAsLong()))
                .wait(named(Wait.values(), spec.get("wait")));
    }

    private static <E extends Enum<E>> E named(E[] values, JsonElement name) {
        return Arrays.stream(values).filter(each -> each.toString().equals(name.getAsString())).findFirst().orElseThrow();
    }

    private static String string(JsonElement value) {
        return value.isJsonNull() ? null : value.getAsString();
    }

    /** A receipt or an error with the names that every language uses. */
    private static JsonObject shown(Supplier<Receipt> call) {
        var members = new JsonObject();
        try {
            var receipt = call.get();
            members.addProperty("to", receipt.to());
            members.addProperty("accepted_by", receipt.acceptedBy());
            members.addProperty("evidence", receipt.evidence().toString());
            members.addProperty("format", receipt.format().toString());
            members.addProperty("thread_id", receipt.threadId());
            members.addProperty("steps", receipt.steps().toString());
        } catch (SendImException error) {
            members.addProperty("kind", error.getKind().toString());
            members.addProperty("step", error.getStep() == null ? null : error.getStep().toString());
            members.addProperty("detail", error.getMessage());
            members.addProperty("sent", error.getSent().toString());
            members.addProperty("http_status", error.getHttpStatus());
            members.addProperty("code", error.getCode());
            members.addProperty("subcode", error.getSubcode());
            members.addProperty("diagnostics", error.getDiagnostics());
            var wait = error.getRetryAfter();
            members.addProperty("retry_after", wait == null ? null : wait.toMillis() / 1000.0);
            members.addProperty("hops", error.getHops().toString());
            members.addProperty("exit_code", error.getExitCode());
        }
        return members;
    }
}
