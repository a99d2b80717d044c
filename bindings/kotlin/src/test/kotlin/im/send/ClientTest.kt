package im.send

import java.util.concurrent.CyclicBarrier
import kotlin.concurrent.thread
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
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
    fun `sendAll tells each message's result, and that of none`() = withSandbox { sandbox ->
        Client.signInBlocking(sandbox.account()).use { client ->
            assertEquals(emptyList<SendResult>(), client.sendAllBlocking(emptyList()))
            val (sent, refused) = client.sendAllBlocking(listOf(Message("ada@contoso.com", "hi"), Message("nobody", "hi")))
            assertEquals(listOf(true, false), listOf(sent.isSuccess, refused.isSuccess))
            assertThrows(InvalidInputException::class.java) { refused.getOrThrow() }
        }
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
    fun `each send hears its own steps, in order, on the thread where it waits`() = withSandbox { sandbox ->
        val heard = ThreadLocal.withInitial { mutableListOf<Step>() }
        val begin = CyclicBarrier(8)
        val failures = java.util.concurrent.ConcurrentLinkedQueue<Any>()
        Client.signInBlocking(sandbox.account().onStep { heard.get() += it }).use { client ->
            val threads = List(8) { n ->
                thread {
                    begin.await()
                    repeat(20) { m ->
                        heard.get().clear()
                        val message = Message("user$n@contoso.com", "message $m", "$m")
                        val receipt = if (m % 2 == 0) client.sendBlocking(message) else runBlocking { client.send(message) }
                        if (heard.get() != receipt.steps) failures += "heard ${heard.get()}, the receipt has ${receipt.steps}"
                    }
                }
            }
            threads.forEach(Thread::join)
        }
        assertEquals(null, failures.peek())
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
