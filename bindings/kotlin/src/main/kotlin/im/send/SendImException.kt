package im.send

import im.send.internal.Failed
import java.io.Serializable
import java.util.concurrent.CancellationException
import kotlin.time.Duration
import kotlin.time.toKotlinDuration
import java.time.Duration as JavaDuration

/** The sort of a failure. Its text is the name that every language uses, such as `recipient_not_found`. */
public enum class ErrorKind(
    @get:JvmSynthetic internal val exitCode: Int,
    @get:JvmSynthetic internal val exception: (Failed) -> SendImException,
) {
    /** An argument, the environment or the profile file is not usable. */
    INVALID_INPUT(2, ::InvalidInputException),
    /** No server was found for the account. */
    DISCOVERY_FAILED(5, ::ConnectionFailedException),
    /** A host that nobody vouches for would have got the credentials. */
    UNTRUSTED_HOST(5, ::ConnectionFailedException),
    /** The server's certificate is not to be trusted, or TLS failed. */
    TLS(5, ::ConnectionFailedException),
    /** The server does not take these credentials. */
    SIGN_IN_REFUSED(3, ::SignInException),
    /** The server offers no way to sign in that this package knows. */
    SIGN_IN_UNSUPPORTED(3, ::SignInException),
    /** The program's own token source gave no token. No server refused anything; the cause is what the source threw. */
    CREDENTIAL_UNAVAILABLE(3, ::CredentialUnavailableException),
    /** The account may not do this. */
    FORBIDDEN(3, ::SignInException),
    /** The server has too many sessions of the account, or another limit is reached. */
    LIMIT_REACHED(5, ::ServiceException),
    /** Nobody has this address. */
    RECIPIENT_NOT_FOUND(4, ::NotDeliveredException),
    /** The recipient is not signed in, or lost the message. */
    RECIPIENT_UNAVAILABLE(4, ::NotDeliveredException),
    /** The recipient declined. */
    DECLINED(4, ::NotDeliveredException),
    /** The recipient did not answer. */
    NO_ANSWER(4, ::NotDeliveredException),
    /** The recipient does not want to be disturbed. */
    BUSY(4, ::NotDeliveredException),
    /** The server asks to wait for longer than there is time. */
    THROTTLED(5, ::ServiceException),
    /** The server failed. */
    SERVICE_ERROR(5, ::ServiceException),
    /** The network failed. */
    NETWORK(5, ::ConnectionFailedException),
    /** The message's timeout passed. */
    TIMEOUT(5, ::DeadlineExceededException),
    /** The server answered what nobody understands. */
    PROTOCOL(5, ::ServiceException),
    /** The message may or may not have arrived. */
    OUTCOME_UNKNOWN(6, ::OutcomeUnknownException),
    /** The call was cut off. */
    CANCELLED(130, ::CancelledException),
    /** The client or the sandbox is closed. */
    CLOSED(5, ::ClosedException);

    /** The name that every language uses, such as `recipient_not_found`. */
    override fun toString(): String = name.lowercase()
}

/** Whether a message can have arrived although the call failed. */
public enum class Sent {
    /** It was not delivered. */
    NO,
    /** It may have arrived. Sending it again may double it. */
    MAYBE;

    /** The name that every language uses: `no` or `maybe`. */
    override fun toString(): String = name.lowercase()
}

/**
 * One place a call went through before it failed.
 *
 * @property url The URL without its query.
 * @property outcome What came back, for example `401` or `connection refused`.
 */
public class Hop(@get:JvmName("url") public val url: String, @get:JvmName("outcome") public val outcome: String) : Serializable {
    private val all get() = listOf(url, outcome)
    override fun equals(other: Any?): Boolean = other is Hop && all == other.all
    override fun hashCode(): Int = all.hashCode()
    override fun toString(): String = "Hop(url=$url, outcome=$outcome)"
}

/**
 * A call that failed: what failed, at which step, and what to do about it.
 *
 * Its [message] is one sentence, the same as [detail]. It never holds a password, a token or the text of a message. Its
 * [cause] is what the program's own token source threw, where that is why.
 */
public sealed class SendImException(detail: String) : RuntimeException(detail) {
    @get:JvmSynthetic
    internal abstract val failure: Failed

    /** The sort of failure. */
    public val kind: ErrorKind get() = failure.kind

    /** The step that failed; null where no step had begun. */
    public val step: StepName? get() = failure.step

    /** One sentence a person can act on. */
    public val detail: String get() = failure.detail

    /** Whether the message can have arrived all the same. */
    public val sent: Sent get() = failure.sent

    /** The HTTP status of the answer that decided, if one did. */
    public val httpStatus: Int? get() = failure.httpStatus

    /** The server's error code as it came. */
    public val code: String? get() = failure.code

    /** The server's subcode as it came. */
    public val subcode: String? get() = failure.subcode

    /** The server's diagnostics, for its administrator. Not stable. */
    public val diagnostics: String? get() = failure.diagnostics

    /** How long the server asked to wait. */
    @get:JvmSynthetic
    public val retryAfter: Duration? get() = failure.retryAfter?.toKotlinDuration()

    /** How long the server asked to wait, as Java has it. */
    @JvmName("getRetryAfter")
    public fun retryAfterAsJava(): JavaDuration? = failure.retryAfter

    /** The way the call took, oldest first, where that explains the failure. */
    public val hops: List<Hop> get() = failure.hops

    /** The exit code for a program that ends because of this failure. */
    public val exitCode: Int get() = kind.exitCode

    public companion object {
        private const val serialVersionUID = 1L

        /**
         * An exception of the class that [kind] belongs to, for a program's own tests. Kotlin names the arguments it needs.
         * Without [sent] it is [Sent.MAYBE] where the outcome is unknown, else [Sent.NO].
         *
         * ```java
         * when(client.send(any())).thenThrow(SendImException.of(ErrorKind.THROTTLED, "Slow down.", Sent.NO, Duration.ofSeconds(5)));
         * ```
         */
        @JvmStatic
        @JvmOverloads
        public fun of(
            kind: ErrorKind,
            detail: String = kind.toString(),
            sent: Sent? = null,
            retryAfter: JavaDuration? = null,
            cause: Throwable? = null,
            step: StepName? = null,
            httpStatus: Int? = null,
            code: String? = null,
            subcode: String? = null,
            diagnostics: String? = null,
            hops: List<Hop> = emptyList(),
        ): SendImException =
            Failed(kind, detail, step, sent, httpStatus, code, subcode, diagnostics, retryAfter, hops).toException(cause)
    }
}

/** An argument, the environment or the profile file is not usable. Nothing was sent (exit code 2). */
public class InvalidInputException internal constructor(@get:JvmSynthetic override val failure: Failed) :
    SendImException(failure.detail)

/** The account cannot sign in or is not permitted to do this (exit code 3). */
public open class SignInException internal constructor(@get:JvmSynthetic override val failure: Failed) :
    SendImException(failure.detail)

/** The program's own token source gave no token; the cause is what it threw (exit code 3). */
public class CredentialUnavailableException internal constructor(failure: Failed) : SignInException(failure)

/** The recipient did not take the message: unknown, unavailable, busy, declined, no answer (exit code 4). */
public class NotDeliveredException internal constructor(@get:JvmSynthetic override val failure: Failed) :
    SendImException(failure.detail)

/** The server could not be reached, or could not do it (exit code 5). */
public open class ServiceException internal constructor(@get:JvmSynthetic override val failure: Failed) :
    SendImException(failure.detail)

/** No server was found, it cannot be trusted, or the network or TLS failed (exit code 5). */
public class ConnectionFailedException internal constructor(failure: Failed) : ServiceException(failure)

/** The message's timeout passed before the server or the recipient had answered (exit code 5). */
public class DeadlineExceededException internal constructor(failure: Failed) : ServiceException(failure)

/** The client is signed out, or the sandbox is stopped (exit code 5). */
public class ClosedException internal constructor(failure: Failed) : ServiceException(failure)

/** The message may or may not have arrived. It was not sent a second time (exit code 6). */
public class OutcomeUnknownException internal constructor(@get:JvmSynthetic override val failure: Failed) :
    SendImException(failure.detail)

/**
 * The call was cut off: its thread was interrupted, or its client cancelled everything (exit code 130).
 *
 * A cancelled coroutine or future sees it as the cause of a [SendCancellationException].
 */
public class CancelledException internal constructor(@get:JvmSynthetic override val failure: Failed) :
    SendImException(failure.detail)

/**
 * What a cancelled coroutine or future ends with, and what became of its messages all the same. It is a
 * `CancellationException`: whoever catches it to look at [sent] throws it again.
 *
 * The library says by itself how far a message had come, so this takes milliseconds, and never more than a second; what is
 * not known by then is [Sent.MAYBE]. A call that had ended when the cancellation came gives its result as usual. Whoever
 * cancelled is among the suppressed exceptions.
 *
 * @property results For each message of the call, in the same order, its receipt or the error that kept it back.
 */
public class SendCancellationException(public val results: List<SendResult>) : CancellationException() {
    init {
        val errors = results.mapNotNull { it.error }
        initCause(errors.find { it is CancelledException } ?: errors.firstOrNull())
    }

    /** [Sent.NO] where no message can have arrived. */
    public val sent: Sent get() = if (results.all { it.error?.sent == Sent.NO }) Sent.NO else Sent.MAYBE

    /** The sentence of the error that is the cause. */
    override val message: String get() = cause?.message ?: "The call was cancelled."

    private companion object {
        private const val serialVersionUID = 1L
    }
}
