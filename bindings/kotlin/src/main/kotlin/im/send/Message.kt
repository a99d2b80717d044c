package im.send

import im.send.internal.checked
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlin.time.toJavaDuration
import kotlin.time.toKotlinDuration
import java.time.Duration as JavaDuration

/** How urgent a message is shown to its recipient. */
public enum class Importance {
    /** As any other message. */
    NORMAL,
    /** Shown as important. */
    URGENT,
    /** Shown as an emergency. */
    EMERGENCY;

    /** The name that every language uses, such as `urgent`. */
    override fun toString(): String = name.lowercase()
}

/** When a send is done. */
public enum class Wait {
    /** When the recipient's side has accepted. */
    DELIVERED,
    /** When the server has taken the message. Nobody waits for the recipient then, and the receipt says so. */
    SUBMITTED;

    /** The name that every language uses, such as `submitted`. */
    override fun toString(): String = name.lowercase()
}

/**
 * A message to one recipient. It never changes: each of its methods gives another one.
 *
 * Half a character in it is refused at once; what else it holds is checked when it is sent, before the first request.
 * Neither its text nor its subject is part of [toString].
 */
public class Message private constructor(
    /** The recipient's address, `user@domain`; `sip:` is optional. */
    @get:JvmName("to") public val to: String,
    /** The text, or html where [html] is true. */
    @get:JvmName("text") public val text: String,
    /** True if the text is html. A recipient whose side takes none gets its plain-text rendering. */
    @get:JvmName("html") public val html: Boolean,
    /** The subject, at most 250 UTF-16 units on one line; null: none. */
    @get:JvmName("subject") public val subject: String?,
    /** How urgent it is shown. */
    @get:JvmName("importance") public val importance: Importance,
    /**
     * How long the message has to be delivered. An invitation rings until then. After it the call takes at most 2 s more to
     * withdraw the invitation and learn what came of it; with `sendIm` at most another 3 s to close its session.
     */
    @get:JvmName("timeout") public val timeoutAsJava: JavaDuration,
    /** When the send is done. */
    @get:JvmName("waitsFor") public val wait: Wait,
) {
    init {
        mapOf("recipient" to to, "text" to text, "subject" to subject).forEach(::checked)
    }

    /** @suppress Kotlin names its arguments; Java has [text], [html] and what follows them. */
    public constructor(
        to: String,
        text: String,
        subject: String? = null,
        importance: Importance = Importance.NORMAL,
        html: Boolean = false,
        timeout: Duration = 60.seconds,
        wait: Wait = Wait.DELIVERED,
    ) : this(to, text, html, subject, importance, timeout.toJavaDuration(), wait)

    /** How long the message has to be delivered; see [timeoutAsJava]. */
    @get:JvmSynthetic
    public val timeout: Duration get() = timeoutAsJava.toKotlinDuration()

    /** The same with this subject; null takes it away. */
    public fun subject(subject: String?): Message = with(subject = subject)

    /** The same with this importance. */
    public fun importance(importance: Importance): Message = with(importance = importance)

    /** The same with this timeout, 60 s if not told: how long it has to be delivered. */
    public fun timeout(timeout: JavaDuration): Message = with(timeout = timeout)

    /** The same, done at this moment. */
    public fun wait(wait: Wait): Message = with(wait = wait)

    private fun with(
        subject: String? = this.subject,
        importance: Importance = this.importance,
        timeout: JavaDuration = timeoutAsJava,
        wait: Wait = this.wait,
    ) = Message(to, text, html, subject, importance, timeout, wait)

    private val all get() = listOf(to, text, html, subject, importance, timeoutAsJava, wait)
    override fun equals(other: Any?): Boolean = other is Message && all == other.all
    override fun hashCode(): Int = all.hashCode()
    override fun toString(): String = "Message(to=$to, html=$html, importance=$importance, timeout=$timeout, wait=$wait)"

    public companion object {
        /** A message of plain text. */
        @JvmStatic
        public fun text(to: String, text: String): Message = Message(to, text)

        /** A message of html. */
        @JvmStatic
        public fun html(to: String, html: String): Message = Message(to, html, html = true)
    }
}
