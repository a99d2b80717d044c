package im.send

import im.send.internal.*
import im.send.internal.uniffi.SendException
import im.send.internal.uniffi.SignedInClient
import java.lang.System.Logger.Level
import java.util.concurrent.CompletableFuture
import java.util.function.Consumer
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlin.time.toJavaDuration
import kotlin.time.toKotlinDuration
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import java.time.Duration as JavaDuration

/**
 * One session: signed in once, for any number of messages from any thread or coroutine, until it is closed.
 *
 * Kotlin:
 * ```kotlin
 * withClient { client -> client.send("lenea@contoso.com", "disk full", subject = "db7") }
 * ```
 * Java:
 * ```java
 * try (var client = Client.signIn()) {
 *     client.send(Message.text("lenea@contoso.com", "disk full").subject("db7"));
 * }
 * ```
 *
 * What suspends in Kotlin has a twin that waits and one that gives a future: [send], [sendBlocking], [sendAsync]. Java
 * sees the twin that waits under the short name. A session that the server dropped is opened again by the next send. A
 * client that nobody closes is closed in the background once nobody refers to it, and at the end of the program.
 */
public class Client private constructor(
    private val native: SignedInClient,
    /** Of signing in and out; each send has its own. */
    private val steps: StepRelay?,
    private val tokens: TokenRelay?,
    private val onStep: Consumer<Step>?,
    private val address: String?,
) : AutoCloseable {
    /**
     * Sends one message; see [sendIm] for what the arguments mean.
     *
     * @throws SendImException one of its subclasses; [ClosedException] after [signOut].
     */
    @JvmSynthetic
    public suspend fun send(
        to: String,
        text: String,
        subject: String? = null,
        importance: Importance = Importance.NORMAL,
        html: Boolean = false,
        timeout: Duration = 60.seconds,
        wait: Wait = Wait.DELIVERED,
    ): Receipt = send(Message(to, text, subject, importance, html, timeout, wait))

    /** Sends one [Message]. */
    @JvmSynthetic
    public suspend fun send(message: Message): Receipt {
        val own = StepRelay.wanted(onStep, steps)
        return sending(own, tokens) { native.send(message.toNative(), it, own) }.toPublic()
    }

    /**
     * Sends one message; this thread waits. From Java it is `client.send(to, text)`.
     *
     * An interrupt ends the wait with a [CancelledException] that says whether the message can have arrived.
     *
     * @throws SendImException one of its subclasses; [ClosedException] after a sign-out.
     */
    @JvmName("send")
    @Throws(SendImException::class)
    public fun sendBlocking(to: String, text: String): Receipt = sendBlocking(Message.text(to, text))

    /** Sends a [Message], which may have a subject and more; this thread waits. */
    @JvmName("send")
    @Throws(SendImException::class)
    public fun sendBlocking(message: Message): Receipt = blocking { send(message) }

    /** Sends one message without waiting. Cancelling the future cancels this send and no other, as with [sendImAsync]. */
    public fun sendAsync(to: String, text: String): CompletableFuture<Receipt> = asFuture { send(Message.text(to, text)) }

    /** Sends a [Message] without waiting. Cancelling the future cancels this send and no other. */
    public fun sendAsync(message: Message): CompletableFuture<Receipt> = asFuture { send(message) }

    /**
     * Sends many messages, several at a time.
     *
     * @return For each message, in the same order, its receipt or the error that kept it back. Such errors are not
     *   thrown: one bad address does not hide what became of the rest.
     * @throws SendCancellationException the coroutine was cancelled; it has the results of all messages.
     */
    @JvmSynthetic
    public suspend fun sendAll(messages: Collection<Message>): List<SendResult> {
        val own = StepRelay.wanted(onStep, steps)
        val results = sending(own, tokens, messages.size) { native.sendAll(messages.map { it.toNative() }, it, own) }
            .map { it.toPublic(tokens) }
        val cancelled = runCatching { currentCoroutineContext().ensureActive() }.exceptionOrNull()
        if (cancelled == null || results.none { it.error is CancelledException }) return results
        throw SendCancellationException(results).apply { addSuppressed(cancelled) }
    }

    /**
     * Sends many messages, several at a time; this thread waits. From Java it is `client.sendAll(messages)`.
     *
     * After an interrupt the messages that had ended keep their results, and the others have a [CancelledException].
     *
     * @return For each message, in the same order, its receipt or the error that kept it back, which is not thrown.
     */
    @JvmName("sendAll")
    @Throws(SendImException::class)
    public fun sendAllBlocking(messages: Collection<Message>): List<SendResult> = blocking {
        try {
            sendAll(messages)
        } catch (cancelled: SendCancellationException) {
            cancelled.results
        }
    }

    /**
     * Sends many messages without waiting. Cancelling the future cancels the sends that have not ended, as with
     * [sendImAsync]; the [SendCancellationException] has the results of all messages.
     */
    public fun sendAllAsync(messages: Collection<Message>): CompletableFuture<List<SendResult>> = asFuture { sendAll(messages) }

    /**
     * Waits for the sends under way, then closes the session on the server, in at most 3 s. Each send ends with its own
     * timeout at the latest. Sends that begin later fail with a [ClosedException]. A second call does nothing.
     *
     * A server that is gone is not waited for: when nobody answers there, this returns within seconds.
     *
     * Cancelling the coroutine ends the wait alone; a coroutine that is cancelled already needs
     * `withContext(NonCancellable)`, or [close].
     *
     * @param timeout What has not ended by then is cancelled as [cancelAll] does; null: no bound.
     * @throws SendImException the server could not be told. It ends the session by itself after a while.
     */
    @JvmSynthetic
    public suspend fun signOut(timeout: Duration? = null) {
        calling(steps) { native.signOut(timeout?.toJavaDuration()?.toNative()) }
    }

    /**
     * Waits for the sends under way, then closes the session on the server, in at most 3 s. This thread waits; from Java it
     * is `client.signOut()`. An interrupt cancels the sends under way.
     *
     * @param timeout What has not ended by then is cancelled as [cancelAll] does; null: no bound.
     * @throws SendImException the server could not be told. It ends the session by itself after a while.
     */
    @JvmName("signOut")
    @JvmOverloads
    @Throws(SendImException::class)
    public fun signOutBlocking(timeout: JavaDuration? = null): Unit =
        blocking({ cancelAll() }) { signOut(timeout?.toKotlinDuration()) }

    /** Signs out without waiting; with a timeout, what has not ended by then is cancelled. */
    @JvmOverloads
    public fun signOutAsync(timeout: JavaDuration? = null): CompletableFuture<Void?> =
        asFuture { signOut(timeout?.toKotlinDuration()) }.thenApply { null }

    /**
     * Waits for the sends under way, then closes the session on the server, in at most 3 s; see [signOut]. This thread
     * waits. An interrupt cancels the sends under way; the thread stays interrupted.
     *
     * Where the server could not be told, that is logged and not thrown: it must not hide what the block did or threw.
     */
    override fun close(): Unit = close(null)

    /**
     * Closes the session; sends that have not ended after this time are cancelled as [cancelAll] does. A caller whose sends
     * all wait for long, or one that stops in a hurry, gives one.
     */
    public fun close(timeout: JavaDuration?): Unit = blocking({ cancelAll() }) { end(timeout?.toKotlinDuration()) }

    @JvmSynthetic
    internal suspend fun end(timeout: Duration?) {
        try {
            signOut(timeout)
        } catch (error: SendImException) {
            logger.log(Level.WARNING, "signing out failed: ${error.detail}")
        }
    }

    /**
     * Ends every send under way at once: each fails with a [CancelledException] whose [SendImException.sent] says whether
     * the message can have arrived. Sends that begin later fail with a [ClosedException]. The client is still to be closed.
     */
    public fun cancelAll() {
        try {
            native.cancelAll()
        } catch (_: SendException.Failed) {
            // There is no session any more, and so nothing to cancel.
        }
    }

    override fun toString(): String = "Client(${address ?: "stored"})"

    public companion object {
        /**
         * Signs in.
         *
         * @param account Who sends. By default the account of the environment or of the profile file.
         * @throws SendImException one of its subclasses.
         */
        @JvmSynthetic
        public suspend fun signIn(account: Account = Account.stored()): Client {
            val (steps, tokens) = StepRelay.wanted(account.onStep) to TokenRelay.wanted(account)
            val native = calling(steps, tokens) { SignedInClient.signIn(account.options, tokens, steps) }
            return Client(native, steps, tokens, account.onStep, account.options.address)
        }

        /** Signs in; this thread waits. From Java it is `Client.signIn(account)`. */
        @JvmStatic
        @JvmName("signIn")
        @JvmOverloads
        @Throws(SendImException::class)
        public fun signInBlocking(account: Account = Account.stored()): Client = blocking { signIn(account) }

        /** Signs in without waiting. Cancelling the future leaves no session behind. */
        @JvmStatic
        @JvmOverloads
        public fun signInAsync(account: Account = Account.stored()): CompletableFuture<Client> =
            asFuture { signIn(account) }
    }
}
