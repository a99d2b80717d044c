package im.send

import java.util.concurrent.CompletionException
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.milliseconds
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertSame
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
        val account = Account(SENDER) {
            delay(10)
            BearerToken(sandbox.issueToken(SENDER), 1.hours)
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
            sandbox.request("POST", "actions/revoke-tokens")
            client.sendBlocking("lenea@contoso.com", "after")
        }
        assertFalse(rejected.first())
        assertTrue(true in rejected)
        assertEquals(listOf("before", "after"), sandbox.messages().map { it.text })
    }

    @Test
    fun `what a source throws is the cause, and its text is in no sentence of ours`() = withSandbox { sandbox ->
        val sources: List<Pair<Throwable, (Throwable) -> Account>> = listOf(
            IllegalStateException("vault is sealed, key s3cret") to { thrown -> Account.withToken(SENDER) { throw thrown } },
            IllegalStateException("vault is sealed, key s3cret") to { thrown -> Account(SENDER) { throw thrown } },
            java.io.IOException("no vault, key s3cret") to { thrown -> Account.withToken(SENDER) { throw thrown } },
            AssertionError("key s3cret") to { thrown -> Account.withToken(SENDER) { throw thrown } },
            InterruptedException("key s3cret") to { thrown -> Account.withToken(SENDER) { throw thrown } },
        )
        for ((thrown, account) in sources) {
            val error = assertThrows(CredentialUnavailableException::class.java) {
                sendImBlocking("lenea@contoso.com", "hi", account(thrown).server(sandbox))
            }
            assertSame(thrown, error.cause)
            assertEquals(
                listOf(ErrorKind.CREDENTIAL_UNAVAILABLE, Sent.NO, 3, StepName.SIGN_IN, null),
                listOf(error.kind, error.sent, error.exitCode, error.step, error.httpStatus),
            )
            assertTrue(error is SignInException)
            assertTrue(thrown.javaClass.simpleName in error.detail, error.detail)
            assertFalse("s3cret" in "$error ${error.detail} ${error.diagnostics} ${error.hops}")
        }
    }

    @Test
    fun `each send of a client has the cause, in every form of the call`() = withSandbox { sandbox ->
        val sealed = java.util.concurrent.atomic.AtomicReference<IllegalStateException>()
        val account = Account.withToken(SENDER) {
            sealed.get()?.let { throw it }
            BearerToken(sandbox.issueToken(SENDER))
        }.server(sandbox)
        Client.signInBlocking(account).use { client ->
            // More failures than are kept: each is still found again.
            for (number in 1..100) {
                sealed.set(IllegalStateException("number $number"))
                sandbox.request("POST", "actions/revoke-tokens")
                val error = assertThrows(CredentialUnavailableException::class.java) { client.sendBlocking("lenea@contoso.com", "hi") }
                assertSame(sealed.get(), error.cause)
            }
            for (result in client.sendAllBlocking(List(20) { Message.text("user$it@contoso.com", "hi") })) {
                assertSame(sealed.get(), result.error?.cause)
            }
            val later = assertThrows(CompletionException::class.java) { client.sendAsync("lenea@contoso.com", "hi").join() }
            assertSame(sealed.get(), later.cause?.cause)
            runBlocking { assertSame(sealed.get(), runCatching { client.send("lenea@contoso.com", "hi") }.exceptionOrNull()?.cause) }
            sealed.set(null)
            assertEquals("lenea@contoso.com", client.sendBlocking("lenea@contoso.com", "hi").acceptedBy)
        }
        sealed.set(IllegalStateException("at sign-in"))
        assertSame(sealed.get(), assertThrows(SignInException::class.java) { Client.signInBlocking(account) }.cause)
    }

    @Test
    fun `a rejected token is a sign-in error`() = withSandbox { sandbox ->
        val account = Account.withToken(SENDER) { BearerToken("not-of-this-server") }.server(sandbox)
        val error = assertThrows(SignInException::class.java) { sendImBlocking("lenea@contoso.com", "hi", account) }
        assertFalse("not-of-this-server" in error.detail)
    }

    @Test
    fun `a source that never answers does not outlive the deadline`() = withSandbox { sandbox ->
        val account = Account(SENDER) { delay(Long.MAX_VALUE); error("unreachable") }.server(sandbox)
        val message = Message("lenea@contoso.com", "hi", timeout = 300.milliseconds)
        assertThrows(DeadlineExceededException::class.java) { sendImBlocking(message, account) }
    }
}
