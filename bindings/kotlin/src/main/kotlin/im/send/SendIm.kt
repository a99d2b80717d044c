@file:JvmName("SendIm")

package im.send

import im.send.internal.*
import im.send.internal.uniffi.send
import java.util.concurrent.CompletableFuture
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext

/**
 * Signs in, sends one message, waits for its delivery and signs out.
 *
 * For more than one message, a [Client] signs in once. Cancelling the coroutine cancels the send: an invitation that
 * still rings is withdrawn and the session is signed out in the background. The [SendCancellationException] that ends the
 * call, at once and after a second at most, says whether the message can have arrived.
 *
 * ```kotlin
 * val receipt = sendIm("lenea@contoso.com", "disk full", subject = "db7", importance = Importance.URGENT)
 * println("${receipt.acceptedBy} ${receipt.evidence}")
 * ```
 *
 * @param to The recipient's address, `user@domain`; `sip:` is optional.
 * @param text The text, or html with [html].
 * @param account Who sends. By default the account of the environment or of the profile file.
 * @param subject The subject, at most 250 UTF-16 units on one line.
 * @param importance How urgent it is shown.
 * @param html True if [text] is html. A recipient whose side takes none gets its plain-text rendering.
 * @param timeout How long the message has to be delivered, sign-in included. An invitation rings until then. After it the
 *   call takes at most 2 s more to withdraw the invitation and learn what came of it, and at most another 3 s to close its
 *   session.
 * @param wait When the send is done.
 * @return The receipt, which says who accepted and what proves it.
 * @throws SendImException one of its subclasses; its [SendImException.sent] says whether the message can have arrived.
 */
@JvmSynthetic
public suspend fun sendIm(
    to: String,
    text: String,
    account: Account = Account.stored(),
    subject: String? = null,
    importance: Importance = Importance.NORMAL,
    html: Boolean = false,
    timeout: Duration = 60.seconds,
    wait: Wait = Wait.DELIVERED,
): Receipt = sendIm(Message(to, text, subject, importance, html, timeout, wait), account)

/** Signs in, sends one [Message], waits for its delivery and signs out. */
@JvmSynthetic
public suspend fun sendIm(message: Message, account: Account = Account.stored()): Receipt {
    val (steps, tokens) = StepRelay.wanted(account.onStep) to TokenRelay.wanted(account)
    return sending(steps, tokens) { send(account.options, message.toNative(), tokens, steps, it) }.toPublic()
}

/**
 * Signs in, runs the block with the client and signs out, however the block ends; see [Client.signOut]. No thread waits. Where
 * the server could not be told of the end, that is logged and not thrown.
 *
 * ```kotlin
 * withClient { client -> client.send("lenea@contoso.com", "disk full", subject = "db7") }
 * ```
 */
@JvmSynthetic
public suspend fun <T> withClient(account: Account = Account.stored(), block: suspend (Client) -> T): T {
    val client = Client.signIn(account)
    try {
        return block(client)
    } finally {
        withContext(NonCancellable) { client.end(null) }
    }
}

/**
 * Signs in, sends one message, waits for its delivery and signs out. This thread waits.
 *
 * For more than one message, a [Client] signs in once. An interrupt ends the wait with a [CancelledException] that
 * says whether the message can have arrived; the thread stays interrupted.
 *
 * From Java it is `SendIm.sendIm(to, text)`.
 *
 * @param to The recipient's address, `user@domain`; `sip:` is optional.
 * @param text The text.
 * @param account Who sends. By default the account of the environment or of the profile file.
 * @return The receipt, which says who accepted and what proves it.
 * @throws SendImException one of its subclasses; its `getSent()` says whether the message can have arrived.
 */
@JvmName("sendIm")
@JvmOverloads
@Throws(SendImException::class)
public fun sendImBlocking(to: String, text: String, account: Account = Account.stored()): Receipt =
    sendImBlocking(Message.text(to, text), account)

/** Sends a [Message], which may have a subject and more, in a session of its own. This thread waits. */
@JvmName("sendIm")
@JvmOverloads
@Throws(SendImException::class)
public fun sendImBlocking(message: Message, account: Account = Account.stored()): Receipt =
    blocking { sendIm(message, account) }

/**
 * Sends one message in a session of its own without waiting. The future fails with a [SendImException]; nothing is thrown
 * here. Stages that depend on it run on a thread that may block.
 *
 * Cancelling it cancels the send, and waits for what became of the message: milliseconds as a rule, 2 s at most. The future
 * then ends with a [SendCancellationException], which `handle` and `whenComplete` are given; where the message had arrived
 * before, it has its receipt, and `cancel` is false. What else completes it, such as `orTimeout`, cancels the send too, and
 * nobody learns what became of it: give the message a timeout instead.
 */
@JvmOverloads
public fun sendImAsync(to: String, text: String, account: Account = Account.stored()): CompletableFuture<Receipt> =
    asFuture { sendIm(Message.text(to, text), account) }

/** Sends a [Message] in a session of its own without waiting. */
@JvmOverloads
public fun sendImAsync(message: Message, account: Account = Account.stored()): CompletableFuture<Receipt> =
    asFuture { sendIm(message, account) }
