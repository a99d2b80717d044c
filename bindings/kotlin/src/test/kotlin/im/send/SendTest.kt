package im.send

import im.send.internal.NativeLibrary
import java.nio.file.Files
import java.nio.file.Path
import java.time.Instant
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The one call. */
class SendTest {
    @Test
    fun `a short text is delivered and the receipt tells by whom`() = withSandbox { sandbox ->
        val receipt = runBlocking { sendIm("lenea@contoso.com", "hello world", sandbox.account()) }
        assertEquals(with(receipt) { Receipt("lenea@contoso.com", threadId = threadId, steps = steps) }, receipt)
        assertEquals(listOf("hello world"), sandbox.inbox("sip:Lenea@contoso.com").map { it.text })
        assertEquals(0, sandbox.openApplications)
    }

    @Test
    fun `the steps of the receipt tell the way of the message`() = withSandbox { sandbox ->
        val receipt = sendImBlocking("lenea@contoso.com", "hi", sandbox.account())
        val steps = receipt.steps.map { it.step }
        assertEquals(StepName.DISCOVER, steps.first())
        assertTrue(steps.containsAll(listOf(StepName.SIGN_IN, StepName.OPEN_SESSION, StepName.INVITE, StepName.CONFIRM)))
        val host = sandbox.url.split("/")[2]
        assertTrue(receipt.steps.all { it.host == host && it.elapsed >= Duration.ZERO && it.status in 200..499 })
    }

    @Test
    fun `named arguments reach the recipient, from the one call and from a client`() = withSandbox { sandbox ->
        val seen = mutableListOf<StepName>()
        val account = Account(SENDER, PASSWORD, server = sandbox.url, timeout = 30.seconds, onStep = { seen += it.step })
        val (to, text) = "lenea@contoso.com" to "<b>full</b>"
        runBlocking {
            sendIm(to, text, account, subject = "db7", importance = Importance.EMERGENCY, html = true, timeout = 30.seconds)
            Client.signIn(account).use { it.send(to, text, subject = "db7", importance = Importance.EMERGENCY, html = true) }
        }
        val kept = sandbox.messages().map { listOf(it.subject, it.importance, it.format) }
        assertEquals(List(2) { listOf("db7", Importance.EMERGENCY, Format.HTML) }, kept)
        assertEquals(2, seen.count { it == StepName.SIGN_OUT })
        assertEquals(5.seconds, Message(to, text, timeout = 5.seconds).timeout)
        val impatient = Account(SENDER, PASSWORD, server = sandbox.url, timeout = Duration.ZERO)
        assertThrows(InvalidInputException::class.java) { Client.signInBlocking(impatient) }
    }

    @Test
    fun `older cipher suites can be allowed`() = withSandbox { sandbox ->
        val account = sandbox.account().tls(Tls.COMPATIBLE)
        assertEquals(listOf("compatible", null), listOf(account.options.tls, sandbox.account().options.tls))
        sendImBlocking("lenea@contoso.com", "hi", account)
    }

    @Test
    fun `steps are told where the call waits, all before it returns`() = withSandbox { sandbox ->
        val seen = mutableListOf<Pair<Step, Thread>>()
        val account = sandbox.account().onStep { seen += it to Thread.currentThread() }
        val receipt = sendImBlocking("a@contoso.com", "hi", account)
        assertEquals(setOf(Thread.currentThread()), seen.map { it.second }.toSet())
        assertEquals(receipt.steps, seen.map { it.first }.take(receipt.steps.size))
        assertEquals(StepName.SIGN_OUT, seen.last().first.step)
        seen.clear()
        runBlocking { sendIm("a@contoso.com", "hi", account) }
        assertEquals(setOf(Thread.currentThread()), seen.map { it.second }.toSet())
        assertEquals(StepName.SIGN_OUT, seen.last().first.step)
    }

    @Test
    fun `a step listener may send by itself`() = withSandbox { sandbox ->
        var inner: Receipt? = null
        val account = sandbox.account().onStep {
            if (inner == null) inner = sendImBlocking("b@contoso.com", "inner", sandbox.account())
        }
        sendImBlocking("a@contoso.com", "outer", account)
        assertEquals("b@contoso.com", inner!!.acceptedBy)
        assertEquals(setOf("inner", "outer"), sandbox.messages().map { it.text }.toSet())
    }

    @Test
    fun `a caller without a dispatcher never goes on with a thread of the library`() = withSandbox { sandbox ->
        val threads = mutableSetOf<String>()
        val account = sandbox.account().onStep { threads += Thread.currentThread().name }
        runBlocking {
            withContext(Dispatchers.Unconfined) {
                sendIm("a@contoso.com", "hi", account)
                threads += Thread.currentThread().name
            }
        }
        assertTrue(threads.none { it == "send-im" }, threads.toString())
        val done = program("im.send.WithoutDispatcher", sandbox.url)
        assertEquals(0, done.code, done.err)
        assertFalse("send-im" in done.out.lines(), done.out)
        assertEquals(2, sandbox.messages().size)
    }

    @Test
    fun `without any account the error says what to set`() {
        for ((account, missing) in listOf(Account.stored() to "SEND_IM_ADDRESS", Account(SENDER) to "SEND_IM_PASSWORD")) {
            val error = assertThrows(InvalidInputException::class.java) { sendImBlocking("lenea@contoso.com", "hi", account) }
            assertTrue(missing in error.detail, error.detail)
        }
    }

    @Test
    fun `bad options are refused before any request`() = withSandbox { sandbox ->
        val half = "half \uD83D"
        fun send(to: String = "lenea@contoso.com", text: String = "hi", subject: String? = null, timeout: Duration = 5.seconds) =
            sendImBlocking(Message(to, text, subject, timeout = timeout), sandbox.account())
        for ((complaint, call) in listOf<Pair<String, () -> Unit>>(
            "timeout" to { send(timeout = (-1).seconds) },
            "subject" to { send(subject = half) },
            "text" to { send(text = half) },
            "recipient" to { send(to = "\uDE00lenea@contoso.com") },
            "password" to { Account.of(SENDER, half) },
            "trusted domain" to { sandbox.account().trust(half) },
            "control character" to { send(text = "disk\u0000full") },
        )) {
            val error = assertThrows(InvalidInputException::class.java, call)
            assertTrue(complaint.lowercase() in error.detail.lowercase(), error.detail)
        }
        assertTrue(sandbox.journal().isEmpty())
    }

    @Test
    fun `an endless timeout is taken`() = withSandbox { sandbox ->
        sendImBlocking(Message("lenea@contoso.com", "hi", timeout = Duration.INFINITE), sandbox.account())
    }

    @Test
    fun `nothing that prints shows a secret`() {
        val shown = listOf(
            Message.text("lenea@contoso.com", "s3cret").subject("s3cret"),
            Account.of(SENDER, "s3cret").username("s3cret"),
            BearerToken("s3cret"),
            Delivered(
                1, SENDER, SENDER, SENDER, "s3cret", Importance.NORMAL, Format.PLAIN, "s3cret", "message", "c", "t",
                Instant.EPOCH,
            ),
        ).joinToString()
        assertFalse("s3cret" in shown, shown)
        assertTrue(SENDER in shown)
    }

    @Test
    fun `values are equal where what they hold is`() {
        fun values(text: String, number: Int): List<Any> {
            val (step, error) = Step(StepName.SEND, text, number, 5.seconds) to SendImException.of(ErrorKind.BUSY)
            val receipt = Receipt(SENDER, threadId = text, steps = listOf(step))
            return listOf(
                step, receipt, SendResult(receipt, null), Hop(text, "401"), TokenRequest(text, null, null, null, number == 1),
                BearerToken(text, number.seconds), Message(SENDER, text).subject("$number"),
                Delivered(
                    number.toLong(), SENDER, SENDER, SENDER, text, Importance.NORMAL, Format.PLAIN, text, "message", "c", "t",
                    Instant.EPOCH,
                ),
            ).also { assertEquals(SendResult(null, error), SendResult(null, error)) }
        }
        assertEquals(values("a", 1), values("a", 1))
        assertEquals(values("a", 1).hashCode(), values("a", 1).hashCode())
        values("a", 1).zip(values("b", 2)).forEach { (one, other) -> assertFalse(one == other, "$one") }
        assertEquals("Hop(url=a, outcome=401)", values("a", 1)[3].toString())
        for (frozen in values("a", 1).flatMap { it.javaClass.methods.toList() }) {
            assertFalse(Regex("copy.*|component\\d+").matches(frozen.name), "$frozen")
        }
    }

    @Test
    fun `the version is that of the workspace`() {
        val manifest = Files.readString(ROOT.resolve("Cargo.toml"))
        assertEquals(Regex("""(?m)^version = "([^"]+)"""").find(manifest)!!.groupValues[1], NativeLibrary.version)
    }

    @Test
    fun `the configuration of whoever runs the tests is out of the way`() {
        assertTrue(System.getenv("SEND_IM_ADDRESS").isNullOrEmpty())
        assertFalse(Files.exists(Path.of(System.getenv("XDG_CONFIG_HOME"))))
    }
}
