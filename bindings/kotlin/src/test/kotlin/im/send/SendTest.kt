package im.send

import im.send.internal.NativeLibrary
import im.send.internal.toNative
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
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The one call. */
class SendTest {
    @Test
    fun `a short text is delivered and the receipt tells by whom`() = withSandbox { sandbox ->
        val receipt = runBlocking { sendIm("lenea@contoso.com", "hello world", sandbox.account()) }
        assertEquals("lenea@contoso.com", receipt.to)
        assertEquals("lenea@contoso.com", receipt.acceptedBy)
        assertEquals(Evidence.INVITATION_ACCEPTED, receipt.evidence)
        assertEquals(Format.PLAIN, receipt.format)
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
    fun `every option reaches the recipient`() = withSandbox { sandbox ->
        runBlocking {
            sendIm("lenea@contoso.com", "<b>full</b>", sandbox.account(), "db7", Importance.EMERGENCY, html = true)
        }
        val message = sandbox.messages().single()
        assertEquals(listOf("db7", Importance.EMERGENCY, Format.HTML), listOf(message.subject, message.importance, message.format))
    }

    @Test
    fun `submitted does not wait for the recipient`() = withSandbox { sandbox ->
        val receipt = runBlocking { sendIm("slow@contoso.com", "hi", sandbox.account(), wait = Wait.SUBMITTED) }
        assertEquals(Evidence.SUBMITTED, receipt.evidence)
        assertNull(receipt.acceptedBy)
        assertTrue(sandbox.messages().isEmpty())
        assertEquals("hi", sandbox.waitForBlocking(1).single().text)
    }

    @Test
    fun `https with the authority of the sandbox in a file`() {
        Sandbox.builder().https().startBlocking().use { sandbox ->
            val account = Account.of(SENDER, PASSWORD).server(sandbox.url).caFile(sandbox.caFile!!)
            sendImBlocking("lenea@contoso.com", "hi", account)
            sendImBlocking("lenea@contoso.com", "hi", sandbox.account())
            assertEquals(2, sandbox.messages().size)
        }
    }

    @Test
    fun `older cipher suites can be allowed`() = withSandbox { sandbox ->
        val account = sandbox.account().tls(Tls.COMPATIBLE)
        assertEquals("compatible", account.toNative().tls)
        assertNull(sandbox.account().toNative().tls)
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
    fun `a step listener that throws does not fail the send`() = withSandbox { sandbox ->
        val account = sandbox.account().onStep { error("broken listener") }
        assertEquals("a@contoso.com", sendImBlocking("a@contoso.com", "hi", account).acceptedBy)
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
    fun `the stored account is used where none is given`() = withSandbox { sandbox ->
        val environment = mapOf("SEND_IM_ADDRESS" to SENDER, "SEND_IM_PASSWORD" to PASSWORD, "SEND_IM_SERVER" to sandbox.url)
        val done = program("SendKt", "lenea@contoso.com", "hi", environment = environment)
        assertEquals(Ended(0, "lenea@contoso.com accepted the message (invitation_accepted).\n", ""), done)
        assertEquals(SENDER, sandbox.messages().single().sender)
    }

    @Test
    fun `a profile file is used where the environment is silent`() = withSandbox { sandbox ->
        val home = Files.createTempDirectory("configuration")
        val profile = Files.createDirectory(home.resolve("send-im")).resolve("config.toml")
        Files.writeString(profile, "address = \"$SENDER\"\npassword = \"$PASSWORD\"\nserver = \"${sandbox.url}\"\n")
        profile.toFile().setReadable(false, false)
        profile.toFile().setReadable(true, true)
        val done = program("SendKt", "lenea@contoso.com", "hi", environment = mapOf("XDG_CONFIG_HOME" to home.toString()))
        assertEquals(0, done.code, done.err)
        assertEquals(SENDER, sandbox.messages().single().sender)
    }

    @Test
    fun `without any account the error says what to set`() {
        val error = assertThrows(InvalidInputException::class.java) { sendImBlocking("lenea@contoso.com", "hi") }
        assertTrue("SEND_IM_ADDRESS" in error.detail, error.detail)
    }

    @Test
    fun `an address without a password needs the environment's`() {
        val error = assertThrows(InvalidInputException::class.java) {
            sendImBlocking("lenea@contoso.com", "hi", Account.of(SENDER))
        }
        assertTrue("SEND_IM_PASSWORD" in error.detail, error.detail)
    }

    @Test
    fun `bad options are refused before any request`() = withSandbox { sandbox ->
        val text = Message.text("lenea@contoso.com", "hi")
        val half = "half \uD83D"
        for ((message, complaint) in listOf(
            text.timeout(Duration.ZERO) to "timeout",
            text.timeout((-1).seconds) to "timeout",
            text.subject("a\nb") to "subject",
            text.subject(half) to "subject",
            Message.text("lenea@contoso.com", half) to "text",
            Message.text("\uDE00lenea@contoso.com", "hi") to "recipient",
        )) {
            val error = assertThrows(InvalidInputException::class.java) { sendImBlocking(message, sandbox.account()) }
            assertTrue(complaint in error.detail.lowercase(), error.detail)
        }
        assertTrue(sandbox.journal().isEmpty())
    }

    @Test
    fun `an account and a message are made with named arguments`() = withSandbox { sandbox ->
        val seen = java.util.Collections.synchronizedList(mutableListOf<Step>())
        val account = Account(SENDER, PASSWORD, server = sandbox.url, timeout = 5.seconds, onStep = { seen += it })
        val message = Message("lenea@contoso.com", "<b>hi</b>", subject = "db7", html = true, timeout = 5.seconds)
        assertEquals(5.seconds, message.timeout)
        sendImBlocking(message, account)
        assertEquals(listOf("db7", Format.HTML), with(sandbox.messages().single()) { listOf(subject, format) })
        assertEquals(StepName.SIGN_OUT, seen.last().step)
        val impatient = Account(SENDER, PASSWORD, server = sandbox.url, timeout = Duration.ZERO)
        assertThrows(InvalidInputException::class.java) { Client.signInBlocking(impatient) }
    }

    @Test
    fun `an endless timeout is taken`() = withSandbox { sandbox ->
        val message = Message.text("lenea@contoso.com", "hi").timeout(Duration.INFINITE)
        assertEquals("lenea@contoso.com", sendImBlocking(message, sandbox.account()).acceptedBy)
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
