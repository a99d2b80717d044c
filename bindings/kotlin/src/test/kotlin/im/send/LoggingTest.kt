package im.send

import im.send.internal.StepRelay
import im.send.internal.asFuture
import im.send.internal.calling
import im.send.internal.uniffi.StepRecord
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import java.util.function.Consumer
import java.util.logging.Handler
import java.util.logging.Level
import java.util.logging.LogRecord
import java.util.logging.Logger
import java.util.logging.SimpleFormatter
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotSame
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

private const val TEXT = "the text of the message, which is secret"

/** The logger `im.send`, which here ends in `java.util.logging`. */
class LoggingTest {
    private val records = java.util.Collections.synchronizedList(mutableListOf<LogRecord>())
    private val root = Logger.getLogger("")
    private val ours = Logger.getLogger("im.send")
    private val handler = object : Handler() {
        override fun publish(record: LogRecord) {
            records += record
        }
        override fun flush() = Unit
        override fun close() = Unit
    }.apply { level = Level.ALL }

    @BeforeEach
    fun listen() {
        root.addHandler(handler)
        ours.useParentHandlers = true
    }

    @AfterEach
    fun stop() {
        root.removeHandler(handler)
        root.level = Level.INFO
        ours.level = null
    }

    private fun said() = records.filter { it.loggerName == "im.send" }.map { SimpleFormatter().formatMessage(it) }

    @Test
    fun `a step that comes at once is not told on the thread that begins a future`() {
        val told = CompletableFuture<Thread>()
        val relay = StepRelay.wanted(Consumer { told.complete(Thread.currentThread()) })!!
        relay.onStep(StepRecord("discover", "contoso.com", 200u, 1.0))
        asFuture { calling(relay) { awaitCancellation() } }
        assertNotSame(Thread.currentThread(), told.get(HANG.toSeconds(), TimeUnit.SECONDS))
    }

    @Test
    fun `each step is a debug record`() = withSandbox { sandbox ->
        ours.level = Level.FINE
        val receipt = sendImBlocking("lenea@contoso.com", "hi", sandbox.account())
        assertEquals(receipt.steps.map { it.step.toString() }, said().map { it.substringBefore(":") }.take(receipt.steps.size))
        assertTrue(records.filter { it.loggerName == "im.send" }.all { it.level == Level.FINE })
        val line = Regex("""discover: 127\.0\.0\.1:\d+ answered 200 after \d+\.\d ms""")
        assertTrue(line.matches(said().first()), said().first())
    }

    @Test
    fun `a client logs too`() = withSandbox { sandbox ->
        ours.level = Level.FINE
        runBlocking {
            Client.signIn(sandbox.account()).use { client ->
                records.clear()
                client.send("lenea@contoso.com", "hi")
                assertTrue(said().any { it.startsWith("invite: ") })
            }
        }
    }

    @Test
    fun `nothing is said above debug`() = withSandbox { sandbox ->
        ours.level = Level.INFO
        sendImBlocking("lenea@contoso.com", "hi", sandbox.account())
        assertTrue(said().isEmpty())
    }

    @Test
    fun `a failing listener is one warning with its trace`() = withSandbox { sandbox ->
        Client.signInBlocking(sandbox.account().onStep { error("broken listener") }).use { client ->
            repeat(2) { client.sendBlocking("lenea@contoso.com", "hi") }
        }
        val warning = records.single { it.loggerName == "im.send" }
        assertTrue(warning.level == Level.WARNING && warning.thrown is IllegalStateException)
    }

    @ParameterizedTest
    @ValueSource(strings = ["ALL", "FINEST", "FINER", "FINE", "CONFIG", "INFO", "WARNING", "SEVERE"])
    fun `no secret at any level`(level: String) = withSandbox { sandbox ->
        root.level = Level.parse(level)
        ours.level = Level.parse(level)
        val message = Message.text("lenea@contoso.com", TEXT).subject("a secret subject")
        sendImBlocking(message, sandbox.account())
        val tokens = Account.withToken(SENDER) { BearerToken(sandbox.issueToken(SENDER)) }.server(sandbox)
        sendImBlocking(message, tokens)
        for ((to, account) in listOf(
            "declines@contoso.com" to sandbox.account(),
            "lenea@contoso.com" to sandbox.account("wrong"),
            "lenea" to sandbox.account(),
            "lenea@contoso.com" to Account.withToken(SENDER) { BearerToken("cwt=not-of-this-server") }.server(sandbox),
            "lenea@contoso.com" to Account.withToken(SENDER) { error("vault is sealed, cwt=1") }.server(sandbox),
        )) {
            runCatching { sendImBlocking(Message.text(to, TEXT).subject("a secret subject"), account) }
        }
        val shown = records.joinToString("\n") { SimpleFormatter().format(it) + it.parameters?.toList() }
        for (secret in listOf(PASSWORD, TEXT, "a secret subject", "cwt=")) assertFalse(secret in shown, shown)
        if (level == "FINE") assertTrue("open_session" in shown)
    }

    @Test
    fun `the library is silent by itself`() = withSandbox { sandbox ->
        val done = program("im.send.Quiet", sandbox.url)
        assertEquals(Ended(0, "", ""), done)
    }
}
