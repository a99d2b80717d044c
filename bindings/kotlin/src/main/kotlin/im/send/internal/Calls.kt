package im.send.internal

import im.send.ErrorKind
import im.send.SendCancellationException
import im.send.SendResult
import im.send.Sent
import im.send.internal.uniffi.Cancellation
import im.send.internal.uniffi.InternalException
import im.send.internal.uniffi.SendException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.Executor
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.coroutines.ContinuationInterceptor
import kotlinx.coroutines.*

/** How long a cancelled caller waits for the library to say what became of the message, in milliseconds. No server is asked. */
private const val PATIENCE_MS = 1000L

/**
 * Runs a suspending call of the native library, tells its steps and translates its errors.
 *
 * The library resumes a coroutine on a thread of its own. Without a dispatcher the caller's code would go on there and
 * could keep the library from working, so such a caller goes on with [Dispatchers.Default].
 *
 * @param switch Ends the call when the caller is cancelled; the call then says what became of its messages. Without it the
 *   call is dropped.
 * @param messages How many messages the call has.
 */
@OptIn(ExperimentalCoroutinesApi::class)
internal suspend fun <T> calling(
    steps: StepRelay? = null, tokens: TokenRelay? = null, switch: Cancellation? = null, messages: Int = 1, work: suspend () -> T,
): T {
    NativeLibrary.require()
    val context = currentCoroutineContext()
    if (switch == null) context.ensureActive() else if (!context.isActive) switch.cancel()
    val dispatcher = context[ContinuationInterceptor].takeUnless { it === Dispatchers.Unconfined } ?: Dispatchers.Default
    // It has no parent that could cancel it: what it comes to would be lost.
    val call = CoroutineScope(context.minusKey(Job) + dispatcher).async(start = CoroutineStart.UNDISPATCHED) { work() }
    var cancelled: CancellationException? = null
    try {
        withContext(dispatcher) { steps?.tellUntil(call) ?: call.join() }
    } catch (thrown: Throwable) {
        switch?.cancel() ?: call.cancel()
        withContext(NonCancellable + dispatcher) {
            withTimeoutOrNull(PATIENCE_MS) { call.join() } ?: call.cancel()
            steps?.tell()
        }
        cancelled = thrown.takeIf { switch != null } as? CancellationException ?: throw thrown
    }
    val failure = if (call.isCompleted) call.getCompletionExceptionOrNull() else cancelled
    val error = when (failure) {
        null -> return call.getCompleted()
        is SendException.Failed -> failure.failure.toException(tokens)
        // What it says comes from a panic, and nobody has looked at what it may hold.
        is InternalException -> Failed(
            ErrorKind.OUTCOME_UNKNOWN, "send-im failed inside; this is a bug of send-im, please report it.",
        ).toException()
        is CancellationException ->
            Failed(ErrorKind.CANCELLED, "The call was cut off; the message may have arrived before.", sent = Sent.MAYBE).toException()
        else -> throw failure
    }
    throw cancelled?.let { SendCancellationException(List(messages) { SendResult(null, error) }).apply { addSuppressed(it) } } ?: error
}

/** The same for a call that sends, and takes the switch. */
internal suspend fun <T> sending(steps: StepRelay?, tokens: TokenRelay?, messages: Int = 1, work: suspend (Cancellation) -> T): T {
    NativeLibrary.require()
    return Cancellation().use { switch -> calling(steps, tokens, switch, messages) { work(switch) } }
}

/** The same call as a future. */
internal fun <T> asFuture(work: suspend () -> T): CompletableFuture<T> = Called<T>().apply { begin(work) }

private class Called<T> : CompletableFuture<T>() {
    private lateinit var call: Job

    @OptIn(DelicateCoroutinesApi::class)
    fun begin(work: suspend () -> T) {
        // It begins on the caller's thread, so calls begin in the order they are made.
        call = GlobalScope.launch(Dispatchers.IO, CoroutineStart.UNDISPATCHED) {
            try {
                complete(work())
            } catch (error: Throwable) {
                completeExceptionally(error)
            }
        }
        // Whoever else completes it no longer wants the call.
        whenComplete { _, _ -> call.cancel() }
    }

    /** Cancels the call, which then completes the future by itself, with what became of its messages. */
    override fun cancel(mayInterruptIfRunning: Boolean): Boolean {
        call.cancel()
        try {
            get(2 * PATIENCE_MS, TimeUnit.MILLISECONDS)
        } catch (_: InterruptedException) {
            Thread.currentThread().interrupt()
        } catch (_: Exception) {
            // It is told to whoever asks the future.
        }
        super.cancel(mayInterruptIfRunning)
        return isCancelled
    }
}

/**
 * The same call on this thread, which waits. `runBlocking` would drop the call when the thread is interrupted, and with it
 * what became of the message. The thread stays interrupted.
 */
@OptIn(DelicateCoroutinesApi::class)
internal fun <T> blocking(onInterrupt: (Job) -> Unit = Job::cancel, work: suspend () -> T): T {
    val tasks = LinkedBlockingQueue<Runnable>()
    var result: Result<T>? = null
    val scope = CoroutineScope(Executor { tasks.add(it) }.asCoroutineDispatcher())
    val call = scope.launch(start = CoroutineStart.ATOMIC) { result = runCatching { work() } }
    call.invokeOnCompletion { tasks.add(Runnable {}) }
    // A thread that is interrupted already is as one that is interrupted now.
    var interrupted = Thread.interrupted()
    if (interrupted) onInterrupt(call)
    while (!call.isCompleted) {
        try {
            tasks.take().run()
        } catch (_: InterruptedException) {
            interrupted = true
            onInterrupt(call)
        }
    }
    if (interrupted) Thread.currentThread().interrupt()
    return result!!.getOrElse { error ->
        throw when (error) {
            is SendCancellationException -> error.cause ?: error
            is CancellationException -> Failed(ErrorKind.CANCELLED, "The thread was interrupted while it waited.").toException()
            else -> error
        }
    }
}
