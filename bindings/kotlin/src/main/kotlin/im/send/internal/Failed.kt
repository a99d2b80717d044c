package im.send.internal

import im.send.CancelledException
import im.send.ClosedException
import im.send.ConnectionFailedException
import im.send.CredentialUnavailableException
import im.send.DeadlineExceededException
import im.send.ErrorKind
import im.send.Hop
import im.send.InvalidInputException
import im.send.NotDeliveredException
import im.send.OutcomeUnknownException
import im.send.SendImException
import im.send.Sent
import im.send.ServiceException
import im.send.SignInException
import im.send.StepName
import java.io.Serializable
import java.time.Duration

/** The fields of an error before it is one. */
internal class Failed(
    val kind: ErrorKind,
    val detail: String,
    val step: StepName? = null,
    val sent: Sent = Sent.NO,
    val httpStatus: Int? = null,
    val code: String? = null,
    val subcode: String? = null,
    val diagnostics: String? = null,
    val retryAfter: Duration? = null,
    val hops: List<Hop> = emptyList(),
    val exitCode: Int = exitCode(kind),
) : Serializable {
    /** The exception of the class that [kind] belongs to, with what caused it. */
    fun toException(cause: Throwable? = null): SendImException =
        exception().also { if (cause != null) it.initCause(cause) }

    private fun exception(): SendImException = when (kind) {
        ErrorKind.INVALID_INPUT -> InvalidInputException(this)
        ErrorKind.SIGN_IN_REFUSED, ErrorKind.SIGN_IN_UNSUPPORTED, ErrorKind.FORBIDDEN -> SignInException(this)
        ErrorKind.CREDENTIAL_UNAVAILABLE -> CredentialUnavailableException(this)
        ErrorKind.RECIPIENT_NOT_FOUND,
        ErrorKind.RECIPIENT_UNAVAILABLE,
        ErrorKind.DECLINED,
        ErrorKind.NO_ANSWER,
        ErrorKind.BUSY,
        -> NotDeliveredException(this)
        ErrorKind.DISCOVERY_FAILED,
        ErrorKind.UNTRUSTED_HOST,
        ErrorKind.TLS,
        ErrorKind.NETWORK,
        -> ConnectionFailedException(this)
        ErrorKind.TIMEOUT -> DeadlineExceededException(this)
        ErrorKind.CLOSED -> ClosedException(this)
        ErrorKind.LIMIT_REACHED,
        ErrorKind.THROTTLED,
        ErrorKind.SERVICE_ERROR,
        ErrorKind.PROTOCOL,
        -> ServiceException(this)
        ErrorKind.OUTCOME_UNKNOWN -> OutcomeUnknownException(this)
        ErrorKind.CANCELLED -> CancelledException(this)
    }
}

private fun exitCode(kind: ErrorKind): Int = when (kind) {
    ErrorKind.INVALID_INPUT -> 2
    ErrorKind.SIGN_IN_REFUSED, ErrorKind.SIGN_IN_UNSUPPORTED, ErrorKind.CREDENTIAL_UNAVAILABLE, ErrorKind.FORBIDDEN -> 3
    ErrorKind.RECIPIENT_NOT_FOUND,
    ErrorKind.RECIPIENT_UNAVAILABLE,
    ErrorKind.DECLINED,
    ErrorKind.NO_ANSWER,
    ErrorKind.BUSY,
    -> 4
    ErrorKind.OUTCOME_UNKNOWN -> 6
    ErrorKind.CANCELLED -> 130
    else -> 5
}
