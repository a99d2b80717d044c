package im.send

import im.send.internal.toException
import im.send.internal.uniffi.Failure
import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.ObjectInputStream
import java.io.ObjectOutputStream
import java.nio.file.Files
import kotlin.reflect.KClass
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

private const val TEXT = "the text of the message, which is secret"

/** What a failed call says. */
class ErrorsTest {
    private fun failing(account: Account, to: String = "lenea@contoso.com", timeout: Duration = 60.seconds): SendImException =
        assertThrows(SendImException::class.java) { sendImBlocking(Message(to, TEXT, timeout = timeout), account) }

    @Test
    fun `a declined message`() = withSandbox { sandbox ->
        val error = failing(sandbox.account(), "declines@contoso.com")
        assertEquals(NotDeliveredException::class, error::class)
        assertEquals(listOf(ErrorKind.DECLINED, StepName.CONFIRM, Sent.NO, 4), listOf(error.kind, error.step, error.sent, error.exitCode))
        assertEquals("RemoteFailure" to "Declined", error.code to error.subcode)
        assertEquals(error.detail, error.message)
        assertTrue("declines@contoso.com" in error.detail)
        assertEquals("im.send.NotDeliveredException: ${error.detail}", error.toString())
        assertNull(error.cause)
        assertTrue(error.stackTrace.any { it.className.startsWith(ErrorsTest::class.java.name) }, "the caller's line is missing")
    }

    @Test
    fun `a busy server`() = withSandbox { sandbox ->
        val fault = Fault.status(429).code("TooManyRequests").subcode("a \"quoted\" one").retryAfter(10.minutes).times(0)
        sandbox.addFault(Route.APPLICATIONS, fault)
        val error = failing(sandbox.account())
        assertEquals(ServiceException::class, error::class)
        assertEquals(listOf(ErrorKind.THROTTLED, 10.minutes, 429), listOf(error.kind, error.retryAfter, error.httpStatus))
        assertEquals("a \"quoted\" one", error.subcode)
    }

    @Test
    fun `an error survives the way to another process`() = withSandbox { sandbox ->
        val nowhere = Account.of(SENDER, PASSWORD).server("http://127.0.0.1:1/")
        for (error in listOf(failing(sandbox.account(), "declines@contoso.com"), failing(nowhere, timeout = 5.seconds))) {
            val bytes = ByteArrayOutputStream().also { ObjectOutputStream(it).writeObject(error) }.toByteArray()
            val twin = ObjectInputStream(ByteArrayInputStream(bytes)).readObject() as SendImException
            assertEquals(error::class, twin::class)
            assertEquals(fields(error), fields(twin))
        }
    }

    @Test
    fun `a program's own tests make errors`() {
        val error = SendImException.of(ErrorKind.THROTTLED, "Slow down.", retryAfter = 5.seconds, httpStatus = 429)
        assertEquals(ServiceException::class, error::class)
        assertEquals(
            listOf(ErrorKind.THROTTLED, "Slow down.", "Slow down.", Sent.NO, 5.seconds, 429, 5, null, null),
            with(error) { listOf(kind, detail, message, sent, retryAfter, httpStatus, exitCode, step, cause) },
        )
        val cause = IllegalStateException("why")
        val caused = SendImException.of(ErrorKind.CREDENTIAL_UNAVAILABLE, cause = cause)
        assertEquals(CredentialUnavailableException::class to cause, caused::class to caused.cause)
        assertEquals(Sent.MAYBE, SendImException.of(ErrorKind.OUTCOME_UNKNOWN).sent)
        assertEquals(Sent.MAYBE, SendImException.of(ErrorKind.OUTCOME_UNKNOWN, retryAfter = 5.seconds).sent)
        assertEquals(Sent.MAYBE, SendImException.of(ErrorKind.CANCELLED, sent = Sent.MAYBE).sent)
    }

    @Test
    fun `a program's own tests make receipts as a send gives them`() = withSandbox { sandbox ->
        val real = sendImBlocking("lenea@contoso.com", "hi", sandbox.account())
        assertEquals(with(real) { Receipt("lenea@contoso.com", threadId = threadId, steps = steps) }, real)
        val submitted = Receipt("lenea@contoso.com", acceptedBy = null, evidence = Evidence.SUBMITTED)
        assertEquals(listOf(null, Evidence.SUBMITTED), listOf(submitted.acceptedBy, submitted.evidence))
    }

    private fun fields(error: SendImException) = with(error) {
        listOf(kind, step, detail, message, sent, httpStatus, code, subcode, diagnostics, retryAfter, hops, exitCode)
    }

    @Test
    fun `every kind of the core is known and in its family`() {
        val source = Files.readString(ROOT.resolve("core/client/src/error/kind.rs"))
        val kinds = Regex("""= "([a-z_]+)", exit (\d+);""").findAll(source).associate { it.groupValues[1] to it.groupValues[2] }
        assertEquals(ErrorKind.entries.map { it.toString() }.toSet(), kinds.keys)
        val families: Map<String, KClass<out SendImException>> = mapOf(
            "2" to InvalidInputException::class,
            "3" to SignInException::class,
            "4" to NotDeliveredException::class,
            "5" to ServiceException::class,
            "6" to OutcomeUnknownException::class,
            "130" to CancelledException::class,
        )
        for (kind in ErrorKind.entries) {
            val error = SendImException.of(kind)
            assertTrue(families.getValue(kinds.getValue(kind.toString())).isInstance(error), kind.toString())
            assertEquals(kinds.getValue(kind.toString()), error.exitCode.toString())
        }
    }

    @Test
    fun `every step of the core is known`() {
        val source = Files.readString(ROOT.resolve("core/client/src/steps.rs")) + Files.readString(ROOT.resolve("core/client/src/error/kind.rs"))
        for (step in StepName.entries) assertTrue("\"$step\"" in source, step.toString())
    }

    @Test
    fun `every word of a diagnosis is known`() {
        val source = Files.readString(ROOT.resolve("core/client/src/diagnosis/check.rs"))
        val words = Regex("""^ {4}[A-Z]\w+ = "([a-z_]+)";$""", RegexOption.MULTILINE).findAll(source).map { it.groupValues[1] }.toList()
        assertEquals((CheckName.entries + CheckOutcome.entries + AdviceOwner.entries).map { it.toString() }, words)
    }

    @Test
    fun `a kind from the future is still an error`() {
        val failure = Failure("brand_new", null, "Something new.", "maybe", null, null, null, null, null, emptyList(), 5, null)
        val error = failure.toException()
        assertEquals(ServiceException::class, error::class)
        assertEquals("Something new." to Sent.MAYBE, error.message to error.sent)
    }
}
