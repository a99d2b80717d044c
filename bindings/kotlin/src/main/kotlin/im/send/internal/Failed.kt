package im.send.internal

import im.send.*
import java.io.Serializable
import java.time.Duration

/** The fields of an error before it is one. */
internal class Failed(
    val kind: ErrorKind,
    val detail: String,
    val step: StepName? = null,
    sent: Sent? = null,
    val httpStatus: Int? = null,
    val code: String? = null,
    val subcode: String? = null,
    val diagnostics: String? = null,
    val retryAfter: Duration? = null,
    val hops: List<Hop> = emptyList(),
) : Serializable {
    /** Where nothing else is said, as the kind has it. */
    val sent: Sent = sent ?: if (kind == ErrorKind.OUTCOME_UNKNOWN) Sent.MAYBE else Sent.NO

    /** The exception of the class that [kind] belongs to, with what caused it. */
    fun toException(cause: Throwable? = null): SendImException = kind.exception(this).apply { cause?.let(::initCause) }
}
