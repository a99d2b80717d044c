package im.send

import java.util.concurrent.CompletableFuture
import java.util.concurrent.CompletionException
import java.util.concurrent.ExecutionException
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.concurrent.thread
import kotlin.time.Duration
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.milliseconds
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

private val LONG = 1.hours
private val SHORT = 100.milliseconds

/** What closing does with the sends under way. `silent@` rings for an hour, and so long its sends may take. */
@Timeout(120)
class ClosingTest {
    /** Every way to close a client, with or without a bound. */
    enum class Way(val close: Client.(Duration?) -> Unit) {
        CLOSE({ if (it == null) close() else close(it) }),
        SIGN_OUT({ runBlocking { signOut(it) } }),
        BLOCKING({ signOutBlocking(it) }),
        ASYNC({ signOutAsync(it).join() }),
    }

    private fun withClient(block: (Sandbox, Client) -> Unit) =
        Sandbox.builder().ring(LONG).startBlocking().use { block(it, Client.signInBlocking(it.account())) }

    private fun Client.ring(text: String = "hi") = sendAsync(Message("silent@contoso.com", text, timeout = LONG))

    private fun failure(send: CompletableFuture<Receipt>) =
        assertThrows(ExecutionException::class.java) { send.get(HANG.toSeconds(), TimeUnit.SECONDS) }.cause as SendImException

    @ParameterizedTest
    @EnumSource
    fun `closing waits for the sends under way`(way: Way) = withClient { sandbox, client ->
        val slow = client.sendAsync("slow@contoso.com", "hi")
        assertTrue(eventually(sandbox::hasInvited))
        way.close(client, null)
        assertEquals(1, sandbox.messages().size)
        assertEquals("slow@contoso.com", slow.join().acceptedBy)
        assertEquals(0, sandbox.openApplications)
    }

    @ParameterizedTest
    @EnumSource
    fun `what has not ended within the bound is cancelled`(way: Way) = withClient { sandbox, client ->
        val silent = client.ring()
        assertTrue(eventually(sandbox::hasInvited))
        way.close(client, SHORT)
        assertEquals(ErrorKind.CANCELLED to Sent.MAYBE, failure(silent).let { it.kind to it.sent })
        assertEquals(0, sandbox.openApplications)
        assertTrue(sandbox.messages().isEmpty())
    }

    @ParameterizedTest
    @EnumSource
    fun `sends that begin after it fail, and a second close does nothing`(way: Way) = withClient { sandbox, client ->
        way.close(client, null)
        val asked = sandbox.journal().size
        val error = assertThrows(ClosedException::class.java) { client.sendBlocking("lenea@contoso.com", "hi") }
        assertEquals(ErrorKind.CLOSED to Sent.NO, error.kind to error.sent)
        way.close(client, null)
        way.close(client, SHORT)
        client.cancelAll()
        assertEquals(asked, sandbox.journal().size)
    }

    @Test
    fun `cancelling everything ends each send at once and says whether it can have arrived`() = withClient { sandbox, client ->
        // A short text rides in the invitation; a long one follows when that is accepted.
        val long = client.ring("x".repeat(900))
        assertTrue(eventually { sandbox.invitations() == 1 })
        val all = client.sendAllAsync(List(20) { Message("silent@contoso.com", "hi", "$it", timeout = LONG) })
        assertTrue(eventually { sandbox.invitations() == 21 })
        client.cancelAll()
        assertEquals(ErrorKind.CANCELLED to Sent.NO, failure(long).let { it.kind to it.sent })
        assertEquals(setOf(ErrorKind.CANCELLED to Sent.MAYBE), all.join().map { it.error?.kind to it.error?.sent }.toSet())
        assertThrows(ClosedException::class.java) { client.sendBlocking("lenea@contoso.com", "hi") }
        client.close()
        assertEquals(0, sandbox.openApplications)
        assertTrue(sandbox.messages().isEmpty())
    }

    @ParameterizedTest
    @EnumSource
    fun `a server that is gone is not waited for`(way: Way) = withClient { sandbox, client ->
        val silent = client.ring()
        assertTrue(eventually(sandbox::hasInvited))
        sandbox.close()
        runCatching { way.close(client, null) }.onFailure { assertTrue(it is SendImException || it is CompletionException, "$it") }
        val error = failure(silent)
        assertTrue(error.kind in setOf(ErrorKind.OUTCOME_UNKNOWN, ErrorKind.CANCELLED), "$error")
        assertEquals(Sent.MAYBE, error.sent)
    }

    @Test
    fun `closing hides neither what the block gave nor what it threw`() = withClient { sandbox, client ->
        sandbox.addFault(Route.DELETE_APPLICATION, Fault.status(403).times(0))
        val thrown = IllegalStateException("what the block threw")
        val caught = assertThrows(IllegalStateException::class.java) { client.use { throw thrown } }
        assertTrue(caught === thrown)
        assertEquals(0, caught.suppressed.size)
        assertEquals(7, client.use { 7 })
        assertThrows(SignInException::class.java) { client.signOutBlocking() }
    }

    @Test
    fun `withClient signs out however its block ends, and hides nothing`() = withSandbox { sandbox ->
        runBlocking {
            assertEquals(7, withClient(sandbox.account()) { 7 })
            val working = launch(Dispatchers.Default) {
                withClient(sandbox.account()) { it.send("silent@contoso.com", "hi", timeout = LONG) }
            }
            assertTrue(eventually(sandbox::hasInvited))
            working.cancelAndJoin()
            assertEquals(0, sandbox.openApplications)
            sandbox.addFault(Route.DELETE_APPLICATION, Fault.status(403).times(0))
            val thrown = runCatching { withClient(sandbox.account()) { error("what the block threw") } }.exceptionOrNull()
            assertEquals("what the block threw", thrown?.message)
            assertEquals(7, withClient(sandbox.account()) { 7 })
        }
    }

    @Test
    fun `a block that ends by an exception waits for sends under way too`() = withClient { sandbox, client ->
        val slow = client.sendAsync("slow@contoso.com", "hi")
        assertTrue(eventually(sandbox::hasInvited))
        assertThrows(IllegalStateException::class.java) { client.use { error("on purpose") } }
        assertEquals("slow@contoso.com", slow.join().acceptedBy)
        assertEquals(0, sandbox.openApplications)
    }

    @Test
    fun `a cancelled coroutine closes its client`() = withClient { sandbox, client ->
        runBlocking {
            val working = launch(Dispatchers.Default) { client.use { it.send("silent@contoso.com", "hi", timeout = LONG) } }
            assertTrue(eventually(sandbox::hasInvited))
            working.cancelAndJoin()
        }
        assertEquals(0, sandbox.openApplications)
    }

    @Test
    fun `a thread that was interrupted closes its client and stays interrupted`() = withClient { sandbox, client ->
        val stays = AtomicBoolean()
        val working = thread {
            runCatching { client.use { it.sendBlocking(Message("silent@contoso.com", "hi", timeout = LONG)) } }
            stays.set(Thread.currentThread().isInterrupted)
        }
        assertTrue(eventually(sandbox::hasInvited))
        working.interrupt()
        working.join()
        assertTrue(stays.get())
        assertEquals(0, sandbox.openApplications)
    }

    @Test
    fun `an interrupt while it waits cancels the sends under way`() = withClient { sandbox, client ->
        val silent = client.ring()
        assertTrue(eventually(sandbox::hasInvited))
        val stays = AtomicBoolean()
        val closing = thread {
            client.close()
            stays.set(Thread.currentThread().isInterrupted)
        }
        assertTrue(eventually { closing.state == Thread.State.WAITING })
        closing.interrupt()
        closing.join()
        assertTrue(stays.get())
        assertEquals(ErrorKind.CANCELLED to Sent.MAYBE, failure(silent).let { it.kind to it.sent })
        assertEquals(0, sandbox.openApplications)
    }
}
