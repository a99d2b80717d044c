package im.send

import kotlin.time.Duration
import kotlin.time.toKotlinDuration
import java.time.Duration as JavaDuration

/** A step on the way of a message. */
public enum class StepName {
    /** The server is looked for. */
    DISCOVER,
    /** The account signs in. */
    SIGN_IN,
    /** The session is opened. */
    OPEN_SESSION,
    /** The recipient is invited; a short text goes with the invitation. */
    INVITE,
    /** The text is sent. */
    SEND,
    /** The recipient's answer is waited for. */
    CONFIRM,
    /** The session is ended. */
    SIGN_OUT;

    /** The name that every language uses, such as `open_session`. */
    override fun toString(): String = name.lowercase()
}

/** What proves a send. */
public enum class Evidence {
    /** The text rode in the invitation and the invitation was accepted. That is not the same as read. */
    INVITATION_ACCEPTED,
    /** The recipient's side confirmed the message. */
    MESSAGE_CONFIRMED,
    /** The server took it and nobody waited any longer. */
    SUBMITTED;

    /** The name that every language uses, such as `invitation_accepted`. */
    override fun toString(): String = name.lowercase()
}

/** The form of a text. */
public enum class Format {
    /** Plain text. */
    PLAIN,
    /** Html. */
    HTML;

    /** The name that every language uses, such as `plain`. */
    override fun toString(): String = name.lowercase()
}

/**
 * One finished step of a call. It never holds a password, a token or the text of a message.
 */
public data class Step(
    /** Which step. */
    @get:JvmName("step") val step: StepName,
    /** The host that was asked, with its port where it is not the usual one. */
    @get:JvmName("host") val host: String,
    /** The HTTP status of the answer; null where no answer came. */
    @get:JvmName("status") val status: Int?,
    /** From the request to the end of the answer, as Java has it. */
    @get:JvmName("elapsed") val elapsedAsJava: JavaDuration,
) {
    /** From the request to the end of the answer. */
    @get:JvmSynthetic
    public val elapsed: Duration get() = elapsedAsJava.toKotlinDuration()

    override fun toString(): String = "Step(step=$step, host=$host, status=$status, elapsed=$elapsed)"
}

/**
 * Proof of a send.
 *
 * @property to The recipient's address as asked, without `sip:`.
 * @property acceptedBy Who accepted. Someone else than [to] after a call-forward; null when only submitted,
 *   or where the server does not say.
 * @property evidence What proves it.
 * @property format The form in which the text went.
 * @property threadId The server's id of the conversation's thread, if it told one.
 * @property steps Each step in order. After [sendIm] they begin with discovery.
 * @constructor For a program's own tests: by default, of plain text that [to] accepted.
 */
// The reference's generator does not know records, so each component names its accessor.
@JvmRecord
public data class Receipt @JvmOverloads constructor(
    @get:JvmName("to") val to: String,
    @get:JvmName("acceptedBy") val acceptedBy: String? = to,
    @get:JvmName("evidence") val evidence: Evidence = Evidence.INVITATION_ACCEPTED,
    @get:JvmName("format") val format: Format = Format.PLAIN,
    @get:JvmName("threadId") val threadId: String? = null,
    @get:JvmName("steps") val steps: List<Step> = emptyList(),
)

/**
 * What became of one message of many: a receipt or an error, never both.
 *
 * @property receipt The receipt, if the message was sent.
 * @property error The error, if it was not. It is not thrown by itself.
 */
@JvmRecord
public data class SendResult(
    @get:JvmName("receipt") val receipt: Receipt?,
    @get:JvmName("error") val error: SendImException?,
) {
    /** True if the message was sent. */
    public val isSuccess: Boolean get() = receipt != null

    /**
     * The receipt.
     *
     * @throws SendImException the error, if there is one.
     */
    public fun getOrThrow(): Receipt = receipt ?: throw checkNotNull(error) { "there is neither a receipt nor an error" }
}
