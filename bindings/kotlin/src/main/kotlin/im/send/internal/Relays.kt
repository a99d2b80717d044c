package im.send.internal

import im.send.*
import im.send.internal.uniffi.StepListener
import im.send.internal.uniffi.TokenProvider
import im.send.internal.uniffi.TokenReply
import im.send.internal.uniffi.TokenRequestRecord
import java.lang.System.Logger.Level
import java.util.Locale
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicBoolean
import java.util.function.Consumer
import kotlinx.coroutines.*
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.selects.select
import im.send.internal.uniffi.StepRecord as NativeStep

/** The logger of this package. It hears each step at DEBUG. */
internal val logger: System.Logger = System.getLogger("im.send")

/**
 * Carries the steps of one call from the native library's threads to the coroutine or thread that waits for it. User code
 * never runs on a native thread: it could keep every other call from going on.
 */
internal class StepRelay private constructor(private val listener: Consumer<Step>?) : StepListener {
    private val steps = ConcurrentLinkedQueue<NativeStep>()
    private val news = Channel<Unit>(Channel.CONFLATED)

    /** Called on a native thread. */
    override fun onStep(record: NativeStep) {
        steps += record
        news.trySend(Unit)
    }

    /** Tells each step as it comes, and the last of them when the call has ended. */
    suspend fun tellUntil(call: Job) {
        // A future's call begins on the thread that asked for it, which is not to wait for the listener.
        yield()
        while (select { call.onJoin { false }; news.onReceive { true } }) tell()
        tell()
    }

    /** Tells what has come. */
    fun tell(): Unit = generateSequence(steps::poll).forEach(::deliver)

    private fun deliver(record: NativeStep) {
        val step = record.toPublic()
        logger.log(Level.DEBUG) {
            val time = "%.1f ms".format(Locale.ROOT, record.elapsedMs)
            "${step.step}: ${step.host} answered ${step.status ?: "nothing"} after $time"
        }
        listener?.accept(step)
    }

    companion object {
        /** A relay, if anybody listens: steps cost nothing otherwise. Without one, steps go to that of the `session`. */
        fun wanted(listener: Consumer<Step>?, session: StepRelay? = null): StepRelay? =
            if (listener != null || session != null || logger.isLoggable(Level.DEBUG)) StepRelay(listener) else null
    }
}

/** A listener whose exceptions change nothing. One that fails fails at each step; the first time says it all. */
internal class Harmless(private val listener: Consumer<Step>) : Consumer<Step> {
    private val told = AtomicBoolean()

    override fun accept(step: Step) {
        try {
            listener.accept(step)
        } catch (error: Exception) {
            if (!told.getAndSet(true)) logger.log(Level.WARNING, "the step listener failed; the calls go on", error)
        }
    }
}

/** Of how many exceptions of a token source the latest are kept. Sends that fail by one look it up soon after. */
private const val MOST_THROWN = 64

/** Asks the program for a token, away from the native library's threads. */
internal class TokenRelay(private val source: suspend (TokenRequest) -> BearerToken) : TokenProvider {
    private val thrown = LinkedHashMap<ULong, Throwable>()
    private var last = 0uL

    /** What the source threw, by the number that the failure carries. Several sends may fail by the same. */
    fun thrown(number: ULong): Throwable? = synchronized(thrown) { thrown[number] }

    private fun keep(error: Throwable): ULong = synchronized(thrown) {
        last++
        thrown[last] = error
        thrown.remove(last - MOST_THROWN.toULong())
        last
    }

    /** Called on a native thread. */
    @OptIn(DelicateCoroutinesApi::class)
    override fun requestToken(request: TokenRequestRecord, reply: TokenReply) {
        GlobalScope.launch(Dispatchers.Default) { answer(request.toPublic(), reply) }
    }

    private suspend fun answer(request: TokenRequest, reply: TokenReply) = reply.use {
        try {
            val token = source(request)
            it.resolve(token.value, token.expiresIn?.seconds?.coerceAtLeast(0)?.toULong())
        } catch (error: Throwable) {
            // The text of the error may hold a secret, so the log tells where it came from and not what it says.
            val trace = error.stackTrace.joinToString("") { frame -> "\n\tat $frame" }
            logger.log(Level.WARNING, "the token source threw ${error.javaClass.name}$trace")
            it.fail("the token source threw ${error.javaClass.simpleName}", keep(error))
        }
    }

    companion object {
        /** A relay, if the account signs in with tokens. */
        fun wanted(account: Account): TokenRelay? = account.token?.let(::TokenRelay)
    }
}

/**
 * A blocking source as a suspending one, on a thread that may block. What it throws comes out as it is: between
 * dispatchers, coroutines may put a copy in its place.
 */
internal fun awaiting(source: TokenSource): suspend (TokenRequest) -> BearerToken =
    { request -> withContext(Dispatchers.IO) { runCatching { source.token(request) } }.getOrThrow() }
