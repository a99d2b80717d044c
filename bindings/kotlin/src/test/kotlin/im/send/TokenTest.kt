package im.send

import java.time.Duration
import java.util.concurrent.CopyOnWriteArrayList
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Bearer tokens from a callback. */
class TokenTest {
    @Test
    fun `a token in place of a password`() = withSandbox { sandbox ->
        val asked = CopyOnWriteArrayList<Pair<TokenRequest, String>>()
        val account = Account.withToken(SENDER) { request ->
            asked += request to Thread.currentThread().name
            BearerToken(sandbox.issueToken(SENDER))
        }.server(sandbox)
        assertEquals("lenea@contoso.com", sendImBlocking("lenea@contoso.com", "hi", account).acceptedBy)
        val (request, thread) = asked.first()
        assertEquals(sandbox.url.trimEnd('/'), request.origin)
        assertFalse(request.rejected)
        assertFalse(thread == "send-im", "the source must not run on a thread of the library")
    }

    @Test
    fun `a suspending source with a lifetime`() = withSandbox { sandbox ->
        val account = Account.withSuspendingToken(SENDER) {
            delay(10)
            BearerToken(sandbox.issueToken(SENDER), Duration.ofHours(1))
        }.server(sandbox)
        runBlocking { Client.signIn(account).use { assertEquals("a@contoso.com", it.send("a@contoso.com", "hi").acceptedBy) } }
    }

    @Test
    fun `a revoked token is asked for again`() = withSandbox { sandbox ->
        val rejected = CopyOnWriteArrayList<Boolean>()
        val account = Account.withToken(SENDER) { request ->
            rejected += request.rejected
            BearerToken(sandbox.issueToken(SENDER))
        }.server(sandbox)
        Client.signInBlocking(account).use { client ->
            client.sendBlocking("lenea@contoso.com", "before")
            sandbox.revokeTokens()
            client.sendBlocking("lenea@contoso.com", "after")
        }
        assertFalse(rejected.first())
        assertTrue(true in rejected)
        assertEquals(listOf("before", "after"), sandbox.messages().map { it.text })
    }

    @Test
    fun `a source that throws is a sign-in error without its text`() = withSandbox { sandbox ->
        val sources = listOf(
            Account.withToken(SENDER) { error("vault is sealed, key s3cret") },
            Account.withSuspendingToken(SENDER) { error("vault is sealed, key s3cret") },
        )
        for (account in sources) {
            val error = assertThrows(SignInException::class.java) {
                sendImBlocking("lenea@contoso.com", "hi", account.server(sandbox))
            }
            assertTrue("IllegalStateException" in error.detail, error.detail)
            assertFalse("s3cret" in error.stackTraceToString())
        }
    }

    @Test
    fun `a rejected token is a sign-in error`() = withSandbox { sandbox ->
        val account = Account.withToken(SENDER) { BearerToken("not-of-this-server") }.server(sandbox)
        val error = assertThrows(SignInException::class.java) { sendImBlocking("lenea@contoso.com", "hi", account) }
        assertFalse("not-of-this-server" in error.detail)
    }

    @Test
    fun `a source that never answers does not outlive the deadline`() = withSandbox { sandbox ->
        val account = Account.withSuspendingToken(SENDER) { delay(Long.MAX_VALUE); error("unreachable") }.server(sandbox)
        val message = Message.text("lenea@contoso.com", "hi").timeout(Duration.ofMillis(300))
        assertThrows(DeadlineExceededException::class.java) { sendImBlocking(message, account) }
    }
}
