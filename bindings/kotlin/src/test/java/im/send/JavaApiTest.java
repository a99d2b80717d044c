package im.send;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Executable;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The package as a Java program uses it. That this compiles is half of the test. */
@Tag("java")
class JavaApiTest {
    private Sandbox sandbox;
    private Account account;

    @BeforeEach
    void start() {
        sandbox = Sandbox.start();
        account = Account.of("tosh@contoso.com", "x").server(sandbox.url());
    }

    @AfterEach
    void stop() {
        sandbox.close();
    }

    @Test
    void theOneCall() {
        Receipt receipt = SendIm.sendIm("lenea@contoso.com", "hello world", account);
        assertEquals("lenea@contoso.com", receipt.acceptedBy());
        assertEquals(Evidence.INVITATION_ACCEPTED, receipt.evidence());
        assertEquals("hello world", sandbox.inbox("lenea@contoso.com").get(0).text());
        assertEquals(StepName.DISCOVER, receipt.steps().get(0).step());
        assertEquals(0, SupportKt.getOpenApplications(sandbox));
    }

    @Test
    void theWayToThePoolIsLookedAt() throws Exception {
        Diagnosis diagnosis = account.diagnose();
        assertNull(diagnosis.failure());
        assertEquals(CheckName.NAMES, diagnosis.checks().get(0).name());
        assertEquals(diagnosis.checks().size(), account.diagnoseAsync().get().checks().size());
        assertTrue(sandbox.messages().isEmpty());
    }

    @Test
    void aMessageWithEverything() {
        var message = Message.html("lenea@contoso.com", "<b>disk full</b>")
                .subject("db7")
                .importance(Importance.URGENT)
                .timeout(Duration.ofSeconds(30))
                .wait(Wait.DELIVERED);
        SendIm.sendIm(message, account);
        var delivered = sandbox.messages().get(0);
        assertEquals("db7", delivered.subject());
        assertEquals(Importance.URGENT, delivered.importance());
        assertEquals(Format.HTML, delivered.format());
        assertEquals("db7", message.subject());
        assertEquals(Duration.ofSeconds(30), message.timeout());
    }

    @Test
    void oneCatchForEveryError() {
        SendImException error = assertThrows(SendImException.class, () -> SendIm.sendIm("busy@contoso.com", "hi", account));
        assertInstanceOf(RuntimeException.class, error);
        assertInstanceOf(NotDeliveredException.class, error);
        var advice = switch (error.getKind()) {
            case BUSY, NO_ANSWER -> "later";
            default -> "never";
        };
        assertEquals("later", advice);
        assertEquals(error.getDetail(), error.getMessage());
        assertEquals("busy", error.getKind().toString());
        assertEquals(4, error.getExitCode());
        assertNull(error.getRetryAfter());
        assertTrue(SendImException.class.isSealed());
    }

    @Test
    void aClientInATryBlock() {
        try (var client = Client.signIn(account)) {
            client.send("lenea@contoso.com", "one");
            Function<Message, Receipt> send = client::send;
            send.apply(Message.text("lenea@contoso.com", "two").subject("db7"));
            var results = client.sendAll(List.of(Message.text("ada@contoso.com", "three"), Message.text("declines@contoso.com", "four")));
            assertEquals("ada@contoso.com", results.get(0).receipt().acceptedBy());
            assertEquals(ErrorKind.DECLINED, results.get(1).error().getKind());
            assertTrue(results.get(0).isSuccess());
        }
        assertEquals(3, sandbox.messages().size());
        assertEquals(0, SupportKt.getOpenApplications(sandbox));
    }

    @Test
    void futures() {
        try (var client = Client.signInAsync(account).join()) {
            var sends = IntStream.range(0, 20)
                    .mapToObj(n -> client.sendAsync("user" + n + "@contoso.com", "message " + n))
                    .toList();
            CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
            assertEquals("user7@contoso.com", sends.get(7).join().acceptedBy());
            assertTrue(client.sendAllAsync(List.of(Message.text("ada@contoso.com", "hi"))).join().get(0).isSuccess());
            client.signOutAsync().join();
        }
        assertEquals("lenea@contoso.com", SendIm.sendImAsync("lenea@contoso.com", "hi", account).thenApply(Receipt::acceptedBy).join());
        assertEquals(22, sandbox.messages().size());
    }

    @Test
    void aFutureFailsWithTheSameError() {
        var send = SendIm.sendImAsync("declines@contoso.com", "hi", account);
        var error = assertThrows(CompletionException.class, send::join);
        assertInstanceOf(NotDeliveredException.class, error.getCause());
        var refused = SendIm.sendImAsync("nobody", "hi", account).exceptionally(cause -> null);
        assertNull(refused.join());
    }

    @Test
    void aFutureFailsAndNothingIsThrownAtOnce() {
        var half = "half \ud83d";
        try (var client = Client.signIn(account)) {
            for (var send : List.of(SendIm.sendImAsync("lenea@contoso.com", half, account), client.sendAsync(half, "hi"))) {
                assertInstanceOf(InvalidInputException.class, assertThrows(CompletionException.class, send::join).getCause());
            }
        }
    }

    @Test
    void aStageMayBlock() {
        var inner = SendIm.sendImAsync("a@contoso.com", "outer", account)
                .thenApply(receipt -> SendIm.sendIm("b@contoso.com", "inner", account));
        assertEquals("b@contoso.com", inner.join().acceptedBy());
    }

    @Test
    void closingWithABound() {
        try (var client = Client.signIn(account)) {
            var ringing = client.sendAsync(Message.text("silent@contoso.com", "hi").timeout(Duration.ofHours(1)));
            assertTrue(SupportKt.eventually(() -> SupportKt.hasInvited(sandbox)));
            client.close(Duration.ofMillis(100));
            var error = assertInstanceOf(CancelledException.class, assertThrows(CompletionException.class, ringing::join).getCause());
            assertEquals(Sent.MAYBE, error.getSent());
            client.signOut(Duration.ofSeconds(1));
            client.signOutAsync(Duration.ofSeconds(1)).join();
            client.cancelAll();
            assertThrows(ClosedException.class, () -> client.send("lenea@contoso.com", "late"));
        }
        assertEquals(0, SupportKt.getOpenApplications(sandbox));
    }

    @Test
    void whatATokenSourceThrowsIsTheCause() {
        var sealed = new IOException("the vault is sealed");
        var tokens = Account.withToken("tosh@contoso.com", request -> {
            throw sealed;
        });
        SignInException error = assertThrows(SignInException.class, () -> SendIm.sendIm("lenea@contoso.com", "hi", tokens.server(sandbox)));
        assertSame(sealed, assertInstanceOf(CredentialUnavailableException.class, error).getCause());
    }

    @Test
    void aProgramsOwnTestsMakeErrorsAndReceipts() {
        SendImException busy = SendImException.of(ErrorKind.BUSY, "Lenea is busy.");
        assertInstanceOf(NotDeliveredException.class, busy);
        assertEquals("Lenea is busy.", busy.getMessage());
        assertEquals(Sent.NO, busy.getSent());
        assertEquals(4, busy.getExitCode());
        assertEquals(Duration.ofSeconds(5), SendImException.of(ErrorKind.THROTTLED, "Wait.", Sent.NO, Duration.ofSeconds(5)).getRetryAfter());
        assertEquals("lenea@contoso.com", new Receipt("lenea@contoso.com").acceptedBy());
        assertEquals(Evidence.SUBMITTED, new Receipt("lenea@contoso.com", null, Evidence.SUBMITTED).evidence());
    }

    @Test
    void tokensAndSteps() {
        var steps = new CopyOnWriteArrayList<Step>();
        var tokens = Account.withToken("tosh@contoso.com", request -> {
            assertTrue(request.origin().startsWith("http://127.0.0.1:"));
            return new BearerToken(SupportKt.issueToken(sandbox, "tosh@contoso.com"));
        });
        SendIm.sendIm("lenea@contoso.com", "hi", tokens.server(sandbox).onStep(steps::add));
        assertEquals(StepName.SIGN_OUT, steps.get(steps.size() - 1).step());
        assertTrue(steps.get(0).elapsed().compareTo(Duration.ZERO) > 0);
        assertEquals(new Step(StepName.SEND, "ucwa", 200, Duration.ofMillis(7)), new Step(StepName.SEND, "ucwa", 200, Duration.ofMillis(7)));
    }

    @Test
    void aSandboxMadeToMeasure() {
        var builder = Sandbox.builder().layout(Layout.TWO_POOLS).https().user("tosh@contoso.com", "y");
        try (var secure = builder.start()) {
            secure.addFault(Route.START_MESSAGING, Fault.dropAfter());
            SendIm.sendIm("lenea@contoso.com", "exactly once", Account.of("tosh@contoso.com", "y").server(secure));
            assertEquals("exactly once", secure.waitFor(1).get(0).text());
            assertTrue(Files.exists(secure.caFile()));
            var again = assertThrows(DeadlineExceededException.class, () -> secure.waitFor(2, Duration.ofMillis(20)));
            assertEquals(ErrorKind.TIMEOUT, again.getKind());
        }
    }

    /** What a program can name. A new entry is a promise; this list is where it is made. */
    @Test
    void thePublicClasses() throws Exception {
        assertEquals(new TreeSet<>(Set.of(
                "Account", "Advice", "AdviceOwner", "BearerToken", "CancelledException", "Check", "CheckName", "CheckOutcome", "Client",
                "ClosedException", "ConnectionFailedException",
                "CredentialUnavailableException",
                "DeadlineExceededException", "Delivered", "Diagnosis", "ErrorKind", "Evidence", "Fault", "Format", "Hop", "Importance",
                "InvalidInputException", "Layout", "Message", "NotDeliveredException", "OutcomeUnknownException", "Receipt",
                "Route", "Sandbox", "SandboxBuilder", "SendCancellationException", "SendIm", "SendImException", "SendResult", "Sent", "ServiceException",
                "SignInException", "Step", "StepName", "Tls", "TokenRequest", "TokenSource", "Wait")), publicClasses());
    }

    @Test
    void whatIsMadeForKotlinIsNotSeen() throws Exception {
        var forKotlin = Pattern.compile("-|DefaultConstructorMarker|kotlin\\.time|kotlin\\.Unit|Continuation");
        for (var name : publicClasses()) {
            var type = Class.forName("im.send." + name);
            var seen = Stream.<Executable>concat(Stream.of(type.getDeclaredMethods()), Stream.of(type.getDeclaredConstructors()))
                    .filter(each -> !each.isSynthetic() && Modifier.isPublic(each.getModifiers()))
                    .map(Executable::toGenericString)
                    .filter(forKotlin.asPredicate())
                    .toList();
            assertEquals(List.of(), seen, name);
        }
    }

    private static Set<String> publicClasses() throws Exception {
        var classes = Path.of(SendIm.class.getProtectionDomain().getCodeSource().getLocation().toURI()).resolve("im/send");
        try (var files = Files.list(classes)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".class") && !name.contains("$"))
                    .map(name -> name.substring(0, name.length() - ".class".length()))
                    .filter(JavaApiTest::isSeen)
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static boolean isSeen(String name) {
        try {
            var type = Class.forName("im.send." + name);
            return Modifier.isPublic(type.getModifiers()) && !type.isSynthetic();
        } catch (ClassNotFoundException error) {
            throw new AssertionError(error);
        }
    }
}
