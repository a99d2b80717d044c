package im.send

import java.util.concurrent.CancellationException
import java.util.concurrent.CompletableFuture
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
import kotlinx.coroutines.withTimeoutOrNull
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertInstanceOf
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

    /** What a coroutine that is cancelled once the condition holds has to say. */
    private fun cancelled(condition: () -> Boolean, work: suspend () -> Unit): SendCancellationException = runBlocking {
        val said = AtomicReference<Throwable>()
        val working = launch(Dispatchers.Default) {
            try {
                work()
            } catch (thrown: Throwable) {
                said.set(thrown)
                throw thrown
            }
        }
        assertTrue(eventually(condition))
        working.cancelAndJoin()
        assertTrue(working.isCancelled)
        assertInstanceOf(SendCancellationException::class.java, said.get())
    }

    @Test
    fun `a cancelled coroutine says whether the message can have arrived`() = withSandbox { sandbox ->
        val ringing = cancelled(sandbox::hasInvited) { sendIm("silent@contoso.com", "hi", sandbox.account()) }
        assertEquals(Sent.MAYBE to ErrorKind.CANCELLED, ringing.sent to (ringing.cause as CancelledException).kind)
        assertEquals(listOf(ringing.cause), ringing.results.map { it.error })
        sandbox.addFault(Route.APPLICATIONS, Fault.delay(30.seconds))
        val asked = sandbox.journal().size
        val early = cancelled({ sandbox.journal().drop(asked).any { "applications" in it.path } }) {
            sendIm("lenea@contoso.com", "hi", sandbox.account())
        }
        assertEquals(Sent.NO to Sent.NO, early.sent to (early.cause as CancelledException).sent)
        assertTrue(sandbox.messages().isEmpty())
    }

    @Test
    fun `cancelling many sends keeps the receipts of those that had ended`() = withSandbox { sandbox ->
        val messages = listOf("a@contoso.com", "silent@contoso.com", "nobody").map { Message(it, "hi") }
        Client.signInBlocking(sandbox.account()).use { client ->
            val arrived = {
                sandbox.messages().size == 1 && sandbox.invitations() == 2 &&
                    // The acceptance has come back once a later message is through.
                    client.sendBlocking("b@contoso.com", "hi").evidence == Evidence.INVITATION_ACCEPTED
            }
            val cancelled = cancelled(arrived) { client.sendAll(messages) }
            assertEquals(Sent.MAYBE, cancelled.sent)
            val (sent, silent, refused) = cancelled.results
            assertEquals("a@contoso.com", sent.getOrThrow().acceptedBy)
            assertEquals(ErrorKind.CANCELLED to Sent.MAYBE, silent.error?.let { it.kind to it.sent })
            assertEquals(ErrorKind.INVALID_INPUT, refused.error?.kind)
            val future = client.sendAllAsync(messages.drop(1))
            assertTrue(eventually { sandbox.invitations() == 4 })
            assertTrue(future.cancel(true))
            assertEquals(listOf(ErrorKind.CANCELLED, ErrorKind.INVALID_INPUT), outcome(future).results.map { it.error?.kind })
        }
    }

    @Test
    fun `a block that withTimeout ends says whether the message can have arrived`() = withSandbox { sandbox ->
        val said = AtomicReference<SendCancellationException>()
        val nothing = runBlocking {
            withTimeoutOrNull(500) {
                try {
                    sendIm("silent@contoso.com", "hi", sandbox.account())
                } catch (cancelled: SendCancellationException) {
                    said.set(cancelled)
                    throw cancelled
                }
            }
        }
        assertEquals(null, nothing)
        assertEquals(said.get().cause, said.get().results.single().error)
        assertTrue(said.get().suppressed.single() is TimeoutCancellationException)
    }

    /** What a future that was cancelled ended with. */
    private fun outcome(future: CompletableFuture<*>): SendCancellationException {
        val said = future.handle { _, error -> error }.get(HANG.toSeconds(), TimeUnit.SECONDS)
        return assertInstanceOf(SendCancellationException::class.java, said)
    }

    @Test
    fun `a cancelled future says whether the message can have arrived`() = withSandbox { sandbox ->
        val ringing = sendImAsync("silent@contoso.com", "hi", sandbox.account())
        assertTrue(eventually(sandbox::hasInvited))
        assertTrue(ringing.cancel(true) && ringing.isDone && ringing.isCancelled && ringing.cancel(true))
        assertEquals(Sent.MAYBE to ErrorKind.CANCELLED, outcome(ringing).let { it.sent to (it.cause as SendImException).kind })
        sandbox.addFault(Route.APPLICATIONS, Fault.delay(30.seconds))
        val early = sendImAsync("lenea@contoso.com", "hi", sandbox.account())
        assertTrue(early.cancel(true))
        assertEquals(Sent.NO, outcome(early).sent)
        assertTrue(sandbox.messages().isEmpty())
        val done = sendImAsync("lenea@contoso.com", "hi", sandbox.account())
        done.join()
        assertFalse(done.cancel(true))
    }

    @Test
    fun `a step listener may cancel its own send`() = withSandbox { sandbox ->
        val sending = AtomicReference<CompletableFuture<Receipt>>()
        val account = sandbox.account().onStep { if (it.step == StepName.INVITE) sending.get().cancel(true) }
        Client.signInBlocking(account).use { client ->
            sending.set(client.sendAsync("silent@contoso.com", "hi"))
            assertThrows(CancellationException::class.java) { sending.get().get(HANG.toSeconds(), TimeUnit.SECONDS) }
        }
        assertTrue(sandbox.messages().isEmpty())
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
            var said: Throwable? = null
            val send = launch(start = CoroutineStart.ATOMIC) {
                said = runCatching { sendIm("lenea@contoso.com", "hi", sandbox.account()) }.exceptionOrNull()
            }
            send.cancelAndJoin()
            assertEquals(Sent.NO, (said as SendCancellationException).sent)
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
