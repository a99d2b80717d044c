package im.send.internal

import im.send.ErrorKind
import im.send.SendImException
import im.send.Sent
import im.send.internal.uniffi.Cancellation
import im.send.internal.uniffi.InternalException
import im.send.internal.uniffi.SendException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.Executor
import java.util.concurrent.LinkedBlockingQueue
import kotlin.coroutines.ContinuationInterceptor
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.DelicateCoroutinesApi
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.GlobalScope
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.future.future
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext

/**
 * Runs a suspending call of the native library and translates its errors.
 *
 * The library resumes a coroutine on a thread of its own. Without a dispatcher the caller's code would go on there and
 * could keep the library from working, so such a caller goes on with [Dispatchers.Default].
 */
internal suspend fun <T> suspending(steps: StepRelay? = null, tokens: TokenRelay? = null, work: suspend () -> T): T {
    NativeLibrary.require()
    val context = currentCoroutineContext()
    context.ensureActive()
    val dispatcher = context[ContinuationInterceptor]
    if (dispatcher == null || dispatcher === Dispatchers.Unconfined) {
        return withContext(Dispatchers.Default) { relayed(steps, tokens, work) }
    }
    return relayed(steps, tokens, work)
}

private suspend fun <T> relayed(steps: StepRelay?, tokens: TokenRelay?, work: suspend () -> T): T {
    try {
        return if (steps == null) work() else steps.whileIn(work)
    } catch (error: SendException.Failed) {
        throw error.failure.toException(tokens)
    } catch (_: InternalException) {
        // What it says comes from a panic, and nobody has looked at what it may hold.
        val detail = "send-im failed inside; this is a bug of send-im, please report it."
        throw Failed(ErrorKind.OUTCOME_UNKNOWN, detail, sent = Sent.MAYBE).toException()
    }
}

/** The same call as a future. Cancelling the future cancels the call. */
@OptIn(DelicateCoroutinesApi::class)
internal fun <T> asFuture(work: suspend () -> T): CompletableFuture<T> =
    // It begins on the caller's thread, so calls begin in the order they are made.
    GlobalScope.future(Dispatchers.IO, CoroutineStart.UNDISPATCHED) { work() }

/**
 * The same call on this thread, which waits. An interrupt ends the call through the [Cancellation] that `work` gets,
 * and the call then tells how far the message had come. The thread stays interrupted.
 */
internal fun <T> blocking(work: suspend (Cancellation) -> T): T {
    NativeLibrary.require()
    return Cancellation().use { cancellation -> blocking(cancellation::cancel) { work(cancellation) } }
}

/** The same for a call that takes no [Cancellation]: an interrupt drops it. */
internal fun <T> blockingPlainly(work: suspend () -> T): T = try {
    runBlocking { work() }
} catch (_: InterruptedException) {
    Thread.currentThread().interrupt()
    throw Failed(ErrorKind.CANCELLED, "The thread was interrupted while it waited.").toException()
}

/**
 * The same for a call that always comes to its end, of which an interrupt makes less. `runBlocking` would drop the call when
 * the thread is interrupted, and with it what became of the message.
 */
@OptIn(ExperimentalCoroutinesApi::class)
internal fun <T> blocking(onInterrupt: () -> Unit, work: suspend () -> T): T {
    val tasks = LinkedBlockingQueue<Runnable>()
    // A thread that is interrupted already is as one that is interrupted now.
    var interrupted = Thread.interrupted()
    if (interrupted) onInterrupt()
    val call = CoroutineScope(Executor { tasks.add(it) }.asCoroutineDispatcher()).async { work() }
    call.invokeOnCompletion { tasks.add(Runnable {}) }
    while (!call.isCompleted) {
        try {
            tasks.take().run()
        } catch (_: InterruptedException) {
            interrupted = true
            onInterrupt()
        }
    }
    if (interrupted) Thread.currentThread().interrupt()
    return call.getCompleted()
}
