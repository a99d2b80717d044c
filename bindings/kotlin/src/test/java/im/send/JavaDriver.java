package im.send;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.stream.StreamSupport;

/** Sends what the judge of tests/scenarios asks for, through the blocking methods; the README there says how. */
class JavaDriver {
    public static void main(String[] arguments) throws Exception {
        var gson = new GsonBuilder().serializeNulls().create();
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (var line = input.readLine(); line != null; line = input.readLine()) {
            System.out.println(gson.toJson(run(JsonParser.parseString(line).getAsJsonObject())));
        }
    }

    private static List<Map<String, Object>> run(JsonObject task) throws Exception {
        var account = account(task.getAsJsonObject("account"));
        var messages = StreamSupport.stream(task.getAsJsonArray("messages").spliterator(), false)
                .map(each -> message(each.getAsJsonObject()))
                .toList();
        var calls = new ArrayList<Callable<Map<String, Object>>>();
        if (task.get("action").getAsString().equals("send")) {
            for (var message : messages) {
                calls.add(() -> shown(() -> SendIm.sendIm(message, account)));
            }
            return called(calls);
        }
        try (var client = Client.signIn(account)) {
            if (task.get("action").getAsString().equals("send_all")) {
                for (var result : client.sendAll(messages)) {
                    calls.add(() -> shown(result::getOrThrow));
                }
                return called(calls);
            }
            var begin = new CyclicBarrier(messages.size());
            for (var message : messages) {
                calls.add(() -> {
                    begin.await();
                    return shown(() -> client.send(message));
                });
            }
            return called(calls);
        }
    }

    /** What the calls give, each made in a thread of its own. */
    private static List<Map<String, Object>> called(List<Callable<Map<String, Object>>> calls) throws Exception {
        var threads = Executors.newFixedThreadPool(calls.size());
        try {
            var results = new ArrayList<Map<String, Object>>();
            for (var call : threads.invokeAll(calls)) {
                results.add(call.get());
            }
            return results;
        } finally {
            threads.shutdown();
        }
    }

    private static Account account(JsonObject given) {
        var account = Account.of(given.get("address").getAsString(), given.get("password").getAsString())
                .server(given.get("server").getAsString())
                .timeout(Duration.ofMillis(given.get("timeout_ms").getAsLong()));
        if (!given.get("username").isJsonNull()) {
            account = account.username(given.get("username").getAsString());
        }
        if (!given.get("ca_file").isJsonNull()) {
            account = account.caFile(Path.of(given.get("ca_file").getAsString()));
        }
        return account;
    }

    private static Message message(JsonObject given) {
        var to = given.get("to").getAsString();
        var text = given.get("text").getAsString();
        var subject = given.get("subject");
        return (given.get("html").getAsBoolean() ? Message.html(to, text) : Message.text(to, text))
                .subject(subject.isJsonNull() ? null : subject.getAsString())
                .importance(named(Importance.values(), given.get("importance")))
                .timeout(Duration.ofMillis(given.get("timeout_ms").getAsLong()))
                .wait(named(Wait.values(), given.get("wait")));
    }

    private static <E extends Enum<E>> E named(E[] values, JsonElement name) {
        return Arrays.stream(values).filter(each -> each.toString().equals(name.getAsString())).findFirst().orElseThrow();
    }

    private static Map<String, Object> shown(Callable<Receipt> call) throws Exception {
        var members = new LinkedHashMap<String, Object>();
        try {
            var receipt = call.call();
            members.put("to", receipt.to());
            members.put("accepted_by", receipt.acceptedBy());
            members.put("evidence", receipt.evidence().toString());
            members.put("format", receipt.format().toString());
            members.put("thread_id", receipt.threadId());
            members.put("printed", receipt.toString());
            return Map.of("receipt", members);
        } catch (SendImException error) {
            members.put("kind", error.getKind().toString());
            members.put("step", error.getStep() == null ? null : error.getStep().toString());
            members.put("detail", error.getMessage());
            members.put("sent", error.getSent().toString());
            members.put("http_status", error.getHttpStatus());
            members.put("code", error.getCode());
            members.put("subcode", error.getSubcode());
            members.put("diagnostics", error.getDiagnostics());
            var wait = error.getRetryAfter();
            members.put("retry_after", wait == null ? null : wait.toMillis() / 1000.0);
            members.put("hops", error.getHops().toString());
            members.put("exit_code", error.getExitCode());
            members.put("printed", error.toString());
            return Map.of("error", members);
        }
    }
}
