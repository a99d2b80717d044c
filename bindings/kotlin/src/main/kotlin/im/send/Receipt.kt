package im.send

import java.io.Serializable
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
public class Step(
    /** Which step. */
    @get:JvmName("step") public val step: StepName,
    /** The host that was asked, with its port where it is not the usual one. */
    @get:JvmName("host") public val host: String,
    /** The HTTP status of the answer; null where no answer came. */
    @get:JvmName("status") public val status: Int?,
    /** From the request to the end of the answer, as Java has it. */
    @get:JvmName("elapsed") public val elapsedAsJava: JavaDuration,
) : Serializable {
    private val all get() = listOf(step, host, status, elapsedAsJava)
    override fun equals(other: Any?): Boolean = other is Step && all == other.all
    override fun hashCode(): Int = all.hashCode()

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
public class Receipt @JvmOverloads constructor(
    @get:JvmName("to") public val to: String,
    @get:JvmName("acceptedBy") public val acceptedBy: String? = to,
    @get:JvmName("evidence") public val evidence: Evidence = Evidence.INVITATION_ACCEPTED,
    @get:JvmName("format") public val format: Format = Format.PLAIN,
    @get:JvmName("threadId") public val threadId: String? = null,
    @get:JvmName("steps") public val steps: List<Step> = emptyList(),
) : Serializable {
    private val all get() = listOf(to, acceptedBy, evidence, format, threadId, steps)
    override fun equals(other: Any?): Boolean = other is Receipt && all == other.all
    override fun hashCode(): Int = all.hashCode()
    override fun toString(): String =
        "Receipt(to=$to, acceptedBy=$acceptedBy, evidence=$evidence, format=$format, threadId=$threadId, steps=$steps)"
}

/**
 * What became of one message of many: a receipt or an error, never both.
 *
 * @property receipt The receipt, if the message was sent.
 * @property error The error, if it was not. It is not thrown by itself.
 */
public class SendResult(
    @get:JvmName("receipt") public val receipt: Receipt?,
    @get:JvmName("error") public val error: SendImException?,
) : Serializable {
    private val all get() = listOf(receipt, error)
    override fun equals(other: Any?): Boolean = other is SendResult && all == other.all
    override fun hashCode(): Int = all.hashCode()
    override fun toString(): String = "SendResult(receipt=$receipt, error=$error)"

    /** True if the message was sent. */
    public val isSuccess: Boolean get() = receipt != null

    /**
     * The receipt.
     *
     * @throws SendImException the error, if there is one.
     */
    public fun getOrThrow(): Receipt = receipt ?: throw checkNotNull(error) { "there is neither a receipt nor an error" }
}
