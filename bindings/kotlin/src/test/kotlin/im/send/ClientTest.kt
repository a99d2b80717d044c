package im.send

import java.util.concurrent.CyclicBarrier
import kotlin.concurrent.thread
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The signed-in client. */
class ClientTest {
    private fun Sandbox.signIns() = journal().count { "oauthtoken" in it.path.lowercase() }

    @Test
    fun `it signs in once for many messages`() = withSandbox { sandbox ->
        runBlocking {
            Client.signIn(sandbox.account()).use { client ->
                repeat(5) { client.send("lenea@contoso.com", "message $it") }
            }
        }
        assertEquals(List(5) { "message $it" }, sandbox.messages().map { it.text })
        assertEquals(1, sandbox.signIns())
        assertEquals(0, sandbox.openApplications)
    }

    @Test
    fun `every option of a send reaches the recipient`() = withSandbox { sandbox ->
        runBlocking {
            Client.signIn(sandbox.account()).use { it.send("a@contoso.com", "<i>x</i>", "db7", Importance.URGENT, html = true) }
        }
        val message = sandbox.messages().single()
        assertEquals(listOf("db7", Importance.URGENT, Format.HTML), listOf(message.subject, message.importance, message.format))
    }

    @Test
    fun `an invitation rings until the timeout`() = Sandbox.builder().slow(9.seconds).startBlocking().use { sandbox ->
        Client.signInBlocking(sandbox.account()).use { client ->
            // Whoever takes most of the time is still heard.
            val slow = client.sendAsync(Message.text("slow@contoso.com", "hi").timeout(11.seconds))
            val silent = Message.text("silent@contoso.com", "hi").timeout(1.seconds)
            val error = assertThrows(DeadlineExceededException::class.java) { client.sendBlocking(silent) }
            assertEquals(ErrorKind.TIMEOUT to Sent.NO, error.kind to error.sent)
            assertTrue("had not answered at the timeout" in error.detail, error.detail)
            assertEquals("slow@contoso.com", slow.join().acceptedBy)
        }
    }

    @Test
    fun `a closed client says so`() = withSandbox { sandbox ->
        val client = Client.signInBlocking(sandbox.account())
        assertEquals(1, sandbox.openApplications)
        client.close()
        client.close()
        client.signOutBlocking()
        assertEquals(0, sandbox.openApplications)
        val error = assertThrows(ClosedException::class.java) { client.sendBlocking("lenea@contoso.com", "hi") }
        assertEquals(ErrorKind.CLOSED to Sent.NO, error.kind to error.sent)
    }

    @Test
    fun `a refused sign-in leaves nothing open`() = withSandbox { sandbox ->
        assertThrows(SignInException::class.java) { Client.signInBlocking(sandbox.account("wrong")) }
        assertEquals(0, sandbox.openApplications)
    }

    @Test
    fun `a failing sign-out does not undo the block`() = withSandbox { sandbox ->
        Client.signInBlocking(sandbox.account()).use { client ->
            client.sendBlocking("lenea@contoso.com", "hi")
            sandbox.addFault(Route.DELETE_APPLICATION, Fault.status(400).times(0))
        }
        assertEquals(1, sandbox.messages().size)
    }

    @Test
    fun `sendAll answers in order`() = withSandbox { sandbox ->
        val messages = List(20) { Message.text("user$it@contoso.com", "message $it") }.toMutableList()
        messages[7] = Message.text("declines@contoso.com", "no")
        messages[9] = Message.text("nobody", "no address")
        val results = runBlocking { Client.signIn(sandbox.account()).use { it.sendAll(messages) } }
        val expected: MutableList<Any?> = MutableList(20) { "user$it@contoso.com" }
        expected[7] = ErrorKind.DECLINED
        expected[9] = ErrorKind.INVALID_INPUT
        assertEquals(expected, results.map { it.receipt?.acceptedBy ?: it.error?.kind })
        assertThrows(NotDeliveredException::class.java) { results[7].getOrThrow() }
        assertEquals("user0@contoso.com", results[0].getOrThrow().acceptedBy)
        assertFalse(results[9].isSuccess)
        assertEquals(18, sandbox.messages().size)
    }

    @Test
    fun `sendAll of nothing`() = withSandbox { sandbox ->
        Client.signInBlocking(sandbox.account()).use { assertEquals(emptyList<SendResult>(), it.sendAllBlocking(emptyList())) }
    }

    @Test
    fun `fifty threads share one client and each of 1000 messages arrives once`() = withSandbox { sandbox ->
        val begin = CyclicBarrier(50)
        val failures = java.util.concurrent.ConcurrentLinkedQueue<Throwable>()
        Client.signInBlocking(sandbox.account()).use { client ->
            val threads = List(50) { n ->
                thread {
                    begin.await()
                    for (m in 0 until 20) {
                        runCatching { client.sendBlocking("user$n@contoso.com", "message $n.$m") }
                            .onSuccess { if (it.acceptedBy != "user$n@contoso.com") failures += AssertionError(it.toString()) }
                            .onFailure { failures += it }
                    }
                }
            }
            threads.forEach(Thread::join)
        }
        assertEquals(emptyList<Throwable>(), failures.toList())
        val expected = List(50) { n -> List(20) { m -> "message $n.$m" } }.flatten()
        assertEquals(expected.sorted(), sandbox.messages().map { it.text }.sorted())
        for (n in 0 until 50) {
            assertEquals(List(20) { "message $n.$it" }, sandbox.inbox("user$n@contoso.com").map { it.text }, "in order")
        }
        assertEquals(1, sandbox.signIns())
    }

    @Test
    fun `a thousand coroutines share one client and each message arrives once`() = withSandbox { sandbox ->
        runBlocking {
            Client.signIn(sandbox.account()).use { client ->
                val sends = List(1000) { n ->
                    async(Dispatchers.Default) { client.send("user${n % 50}@contoso.com", "message $n").acceptedBy }
                }
                assertEquals(List(1000) { "user${it % 50}@contoso.com" }, sends.awaitAll())
            }
        }
        assertEquals(List(1000) { "message $it" }.sorted(), sandbox.messages().map { it.text }.sorted())
    }

    @Test
    fun `a send that waits holds no thread`() = withSandbox { sandbox ->
        runBlocking {
            Client.signIn(sandbox.account()).use { client ->
                val slow = async(start = CoroutineStart.UNDISPATCHED) { client.send("slow@contoso.com", "hi") }
                var others = 0
                while (!slow.isCompleted) {
                    client.send("lenea@contoso.com", "hi")
                    others++
                }
                assertTrue(others > 1)
                slow.await()
            }
        }
    }

    @Test
    fun `the step listener of a client hears every send`() = withSandbox { sandbox ->
        val seen = java.util.Collections.synchronizedList(mutableListOf<StepName>())
        val client = Client.signInBlocking(sandbox.account().onStep { seen += it.step })
        assertEquals(StepName.DISCOVER, seen.first())
        seen.clear()
        client.sendBlocking("lenea@contoso.com", "hi")
        assertTrue(StepName.INVITE in seen)
        client.close()
        assertEquals(StepName.SIGN_OUT, seen.last())
    }

    @Test
    fun `a client nobody refers to signs out`() = withSandbox { sandbox ->
        forget(sandbox)
        assertTrue(eventually { System.gc(); sandbox.openApplications == 0 })
    }

    private fun forget(sandbox: Sandbox) {
        Client.signInBlocking(sandbox.account().onStep { }).sendBlocking("lenea@contoso.com", "hi")
        assertEquals(1, sandbox.openApplications)
    }

    @Test
    fun `a session the server dropped is opened again`() = withSandbox { sandbox ->
        Client.signInBlocking(sandbox.account()).use { client ->
            client.sendBlocking("lenea@contoso.com", "before")
            sandbox.request("POST", "actions/drop-applications")
            client.sendBlocking("lenea@contoso.com", "after")
        }
        assertEquals(listOf("before", "after"), sandbox.messages().map { it.text })
    }

    @Test
    fun `sends from any dispatcher`() = withSandbox { sandbox ->
        runBlocking {
            Client.signIn(sandbox.account()).use { client ->
                for (dispatcher in listOf(Dispatchers.IO, Dispatchers.Default, Dispatchers.Unconfined)) {
                    withContext(dispatcher) { client.send("lenea@contoso.com", "hi") }
                }
            }
        }
        assertEquals(3, sandbox.messages().size)
    }

    @Test
    fun `it shows who and no secret`() = withSandbox { sandbox ->
        Client.signInBlocking(sandbox.account()).use { assertEquals("Client($SENDER)", it.toString()) }
    }
}
