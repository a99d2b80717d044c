package im.send

import java.nio.file.Files
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.async
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.CsvSource

/** The sandbox as users of it see it. */
class SandboxTest {
    @Test
    fun `it keeps what was delivered`() = withSandbox { sandbox ->
        val message = Message.text("lenea@contoso.com", "message one").subject("db7").importance(Importance.URGENT)
        sendImBlocking(message, sandbox.account())
        sendImBlocking("ada@contoso.com", "two", sandbox.account())
        val (one, two) = sandbox.messages()
        assertEquals(listOf(1L, SENDER, "lenea@contoso.com", "message one"), listOf(one.number, one.sender, one.to, one.text))
        assertEquals(listOf("db7", Importance.URGENT, Format.PLAIN, "invitation"), listOf(one.subject, one.importance, one.format, one.via))
        assertFalse(two.receivedAt.isBefore(one.receivedAt))
        assertEquals(listOf(two), sandbox.inbox("ADA@contoso.com"))
    }

    @Test
    fun `waitFor waits, and gives up`() = withSandbox { sandbox ->
        runBlocking {
            val send = async { sendIm("lenea@contoso.com", "hi", sandbox.account()) }
            assertEquals("hi", sandbox.waitFor(1).single().text)
            send.await()
        }
        val error = assertThrows(DeadlineExceededException::class.java) { sandbox.waitForBlocking(2, 50.milliseconds) }
        assertTrue("1 of 2" in error.detail, error.detail)
        assertThrows(IllegalArgumentException::class.java) { sandbox.waitForBlocking(-1) }
    }

    @ParameterizedTest
    @CsvSource("ONE_POOL,false", "ONE_POOL,true", "TWO_POOLS,false", "TWO_POOLS,true", "REDIRECT,false", "REDIRECT,true")
    fun `every layout`(layout: Layout, https: Boolean) = runBlocking {
        Sandbox.builder().layout(layout).https(https).start().use { sandbox ->
            assertTrue(sandbox.url.startsWith(if (https) "https://" else "http://"))
            sendIm("lenea@contoso.com", "hi", sandbox.account())
            assertEquals(if (layout == Layout.ONE_POOL) setOf(0) else setOf(0, 1), sandbox.journal().map { it.pool }.toSet())
        }
    }

    @Test
    fun `the authority is a file that goes with the sandbox`() {
        val sandbox = Sandbox.builder().https().startBlocking()
        val file = sandbox.caFile!!
        assertTrue("BEGIN CERTIFICATE" in Files.readString(file))
        sandbox.close()
        assertFalse(Files.exists(file))
        withSandbox { assertNull(it.caFile) }
    }

    @Test
    fun `only declared users sign in`() {
        Sandbox.builder().user(SENDER, PASSWORD).startBlocking().use { sandbox ->
            sendImBlocking("lenea@contoso.com", "hi", sandbox.account())
            assertThrows(SignInException::class.java) { sendImBlocking("lenea@contoso.com", "hi", sandbox.account("other")) }
        }
    }

    @Test
    fun `ringing and slow recipients take the time they are given`() {
        val (ring, slow) = 2.seconds to 20.milliseconds
        val builder = Sandbox.builder().ring(ring).slow(slow)
        builder.tokenLifetime(1.hours).pollTimeout(5.seconds).startBlocking().use { sandbox ->
            val error = assertThrows(NotDeliveredException::class.java) { sendImBlocking("silent@contoso.com", "hi", sandbox.account()) }
            assertEquals(ErrorKind.NO_ANSWER, error.kind)
            assertEquals("slow@contoso.com", sendImBlocking("slow@contoso.com", "hi", sandbox.account()).acceptedBy)
        }
    }

    @Test
    fun `every fault is one that the sandbox knows`() = withSandbox { sandbox ->
        val faults = listOf(
            Fault.status(503).code("ServiceFailure").subcode("x").retryAfter(1.seconds),
            Fault.delay(1.milliseconds), Fault.dropBefore(), Fault.dropAfter(), Fault.cutBody(), Fault.htmlInstead(),
            Fault.wrongContentType(), Fault.oversized(10_000), Fault.duplicateEvents(), Fault.delayEvents(1.milliseconds),
            Fault.bareEvents(), Fault.earlyEvents(), Fault.skipStates(),
        )
        for (fault in faults) sandbox.addFault(Route.ANY, fault.skip(1).times(2))
        for (route in Route.entries) sandbox.addFault(route, Fault.dropBefore().skip(1000))
        sandbox.clearFaults()
        assertEquals("a@contoso.com", sendImBlocking("a@contoso.com", "hi", sandbox.account()).acceptedBy)
    }

    @Test
    fun `faults come and go`() = withSandbox { sandbox ->
        sandbox.addFault(Route.APPLICATIONS, Fault.status(500).times(0))
        val message = Message("lenea@contoso.com", "hi", timeout = 5.seconds)
        assertEquals(ErrorKind.SERVICE_ERROR, assertThrows(ServiceException::class.java) { sendImBlocking(message, sandbox.account()) }.kind)
        sandbox.clearFaults()
        sendImBlocking(message, sandbox.account())
        sandbox.addFault("""{"route": "start_messaging", "action": "drop_after"}""")
        sendImBlocking(message, sandbox.account())
        assertEquals(2, sandbox.messages().size)
        assertThrows(InvalidInputException::class.java) { sandbox.addFault("""{"route": "start_messaging", "action": "explode"}""") }
    }

    @Test
    fun `a stopped sandbox says so`() {
        val sandbox = Sandbox.startBlocking()
        sandbox.close()
        sandbox.close()
        assertThrows(ClosedException::class.java) { sandbox.messages() }
        assertEquals("Sandbox(${sandbox.url})", sandbox.toString())
    }

    @Test
    fun `a port that is taken, an address that is none`() = withSandbox { sandbox ->
        val taken = Sandbox.builder().listen(sandbox.url.split("/")[2])
        assertTrue("listen" in assertThrows(ConnectionFailedException::class.java) { taken.startBlocking() }.detail)
        assertThrows(InvalidInputException::class.java) { Sandbox.builder().listen("here").startBlocking() }
    }

    @Test
    fun `its own interface can be asked`() = withSandbox { sandbox ->
        assertEquals("", sandbox.request("PUT", "recipients/lenea@contoso.com", """{"forward_to": "ada@contoso.com"}"""))
        assertEquals("ada@contoso.com", sendImBlocking("lenea@contoso.com", "hi", sandbox.account()).acceptedBy)
        assertTrue(""""text":"hi"""" in sandbox.request("GET", "messages?to=ada@contoso.com"))
        sandbox.request("DELETE", "messages")
        assertEquals(emptyList<Delivered>(), sandbox.messages())
        val refused = assertThrows(InvalidInputException::class.java) { sandbox.request("GET", "secrets") }
        assertEquals("The sandbox refuses this request: there is no such resource or method.", refused.detail)
    }
}
