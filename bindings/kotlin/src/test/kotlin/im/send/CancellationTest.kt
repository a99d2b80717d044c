package im.send

import java.util.concurrent.CancellationException
import java.util.concurrent.ExecutionException
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicReference
import kotlin.concurrent.thread
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Calls that are cut off: coroutines, futures, interrupted threads. */
class CancellationTest {
    @Test
    fun `cancelling a coroutine withdraws the invitation and signs out`() = withSandbox { sandbox ->
        runBlocking {
            val send = launch(Dispatchers.Default) { sendIm("silent@contoso.com", "hi", sandbox.account()) }
            assertTrue(eventually(sandbox::hasInvited))
            send.cancelAndJoin()
        }
        assertTrue(eventually { sandbox.openApplications == 0 })
        assertTrue(sandbox.messages().isEmpty())
    }

    @Test
    fun `withTimeout cancels too`() = withSandbox { sandbox ->
        assertThrows(TimeoutCancellationException::class.java) {
            runBlocking { withTimeout(500) { sendIm("silent@contoso.com", "hi", sandbox.account()) } }
        }
        assertTrue(eventually { sandbox.openApplications == 0 })
    }

    @Test
    fun `cancelling one send of a client leaves the others`() = withSandbox { sandbox ->
        runBlocking {
            Client.signIn(sandbox.account()).use { client ->
                val send = launch(Dispatchers.Default) { client.send("silent@contoso.com", "never") }
                assertTrue(eventually(sandbox::hasInvited))
                send.cancelAndJoin()
                assertEquals("lenea@contoso.com", client.send("lenea@contoso.com", "hi").acceptedBy)
            }
        }
        assertEquals(listOf("hi"), sandbox.messages().map { it.text })
    }

    @Test
    fun `cancelling a sign-in leaves no session`() = withSandbox { sandbox ->
        sandbox.addFault(Route.APPLICATIONS, Fault.delay(3.seconds).times(0))
        runBlocking {
            val signIn = async(Dispatchers.Default) { Client.signIn(sandbox.account()) }
            assertTrue(eventually { sandbox.journal().any { "applications" in it.path } })
            signIn.cancelAndJoin()
        }
        assertTrue(eventually { sandbox.openApplications == 0 && sandbox.journal().any { it.method == "DELETE" } })
    }

    @OptIn(kotlinx.coroutines.DelicateCoroutinesApi::class)
    @Test
    fun `a coroutine that is cancelled already begins nothing`() = withSandbox { sandbox ->
        runBlocking {
            val send = launch(start = CoroutineStart.ATOMIC) { sendIm("lenea@contoso.com", "hi", sandbox.account()) }
            send.cancelAndJoin()
        }
        assertTrue(sandbox.journal().isEmpty())
    }

    @Test
    fun `cancelling a future cancels the send`() = withSandbox { sandbox ->
        val send = sendImAsync("silent@contoso.com", "hi", sandbox.account())
        assertTrue(eventually(sandbox::hasInvited))
        assertTrue(send.cancel(true))
        assertThrows(CancellationException::class.java) { send.join() }
        assertTrue(eventually { sandbox.openApplications == 0 })
        assertTrue(sandbox.messages().isEmpty())
    }

    @Test
    fun `a future that runs out of time cancels the send`() = withSandbox { sandbox ->
        val send = sendImAsync("silent@contoso.com", "hi", sandbox.account()).orTimeout(500, TimeUnit.MILLISECONDS)
        val error = assertThrows(ExecutionException::class.java) { send.get() }
        assertTrue(error.cause is java.util.concurrent.TimeoutException)
        assertTrue(eventually { sandbox.openApplications == 0 })
    }

    @Test
    fun `an interrupt ends a send that waits and says that it may have arrived`() = withSandbox { sandbox ->
        val (error, stillInterrupted) = interrupted(sandbox::hasInvited) {
            sendImBlocking("silent@contoso.com", "hi", sandbox.account())
        }
        assertEquals(Triple(ErrorKind.CANCELLED, Sent.MAYBE, 130), Triple(error.kind, error.sent, error.exitCode))
        assertTrue(stillInterrupted)
        assertTrue(eventually { sandbox.openApplications == 0 })
        assertTrue(sandbox.messages().isEmpty())
    }

    @Test
    fun `an interrupt before the text has left says that nothing was sent`() = withSandbox { sandbox ->
        sandbox.addFault(Route.APPLICATIONS, Fault.delay(30.seconds))
        val (error, _) = interrupted({ sandbox.journal().any { "applications" in it.path } }) {
            sendImBlocking("lenea@contoso.com", "hi", sandbox.account())
        }
        assertEquals(ErrorKind.CANCELLED to Sent.NO, error.kind to error.sent)
        assertTrue(sandbox.messages().isEmpty())
    }

    @Test
    fun `a thread that is interrupted already sends nothing`() = withSandbox { sandbox ->
        Thread.currentThread().interrupt()
        val error = assertThrows(CancelledException::class.java) {
            sendImBlocking("lenea@contoso.com", "hi", sandbox.account())
        }
        assertTrue(Thread.interrupted())
        assertEquals(Sent.NO, error.sent)
        assertTrue(sandbox.messages().isEmpty())
        assertTrue(eventually { sandbox.openApplications == 0 })
    }

    @Test
    fun `an interrupt of many sends keeps the results of those that had ended`() = withSandbox { sandbox ->
        val results = AtomicReference<List<SendResult>>()
        Client.signInBlocking(sandbox.account()).use { client ->
            val messages = listOf("a@contoso.com", "silent@contoso.com").map { Message.text(it, "hi") }
            val waiting = thread { results.set(client.sendAllBlocking(messages)) }
            val invitations = { sandbox.journal().count { it.path.endsWith("/messagingInvitations") } }
            assertTrue(eventually { sandbox.messages().size == 1 && invitations() == 2 })
            // The acceptance must have come back before the interrupt.
            assertTrue(eventually { sandbox.journal().count { "events" in it.path && it.status == 200 } > 0 })
            client.sendBlocking("b@contoso.com", "later than the acceptance")
            waiting.interrupt()
            waiting.join()
        }
        val (first, second) = results.get()
        assertEquals("a@contoso.com", first.getOrThrow().acceptedBy)
        assertEquals(ErrorKind.CANCELLED, second.error?.kind)
    }

    @Test
    fun `an interrupt ends the wait for a sandbox`() = withSandbox { sandbox ->
        val (error, stillInterrupted) = interrupted({ true }) { sandbox.waitForBlocking(1, HANG) }
        assertEquals(ErrorKind.CANCELLED to Sent.NO, error.kind to error.sent)
        assertTrue(stillInterrupted)
    }

    /** Interrupts a thread that runs `work` once the condition holds. */
    private fun interrupted(condition: () -> Boolean, work: () -> Unit): Pair<SendImException, Boolean> {
        val error = AtomicReference<SendImException>()
        var stillInterrupted = false
        val waiting = thread {
            try {
                work()
            } catch (caught: SendImException) {
                error.set(caught)
                stillInterrupted = Thread.currentThread().isInterrupted
            }
        }
        assertTrue(eventually(condition))
        waiting.interrupt()
        waiting.join(HANG.toMillis())
        return error.get() to stillInterrupted
    }
}
