package im.send

import kotlin.time.Duration
import kotlin.time.toKotlinDuration
import java.time.Duration as JavaDuration

/** How urgent a message is shown to its recipient. */
public enum class Importance {
    /** As any other message. */
    NORMAL,

    /** Shown as important. */
    URGENT,

    /** Shown as an emergency. */
    EMERGENCY,
    ;

    /** The name that every language uses, such as `urgent`. */
    override fun toString(): String = name.lowercase()
}

/** When a send is done. */
public enum class Wait {
    /** When the recipient's side has accepted. */
    DELIVERED,

    /** When the server has taken the message. Nobody waits for the recipient then, and the receipt says so. */
    SUBMITTED,
    ;

    /** The name that every language uses, such as `submitted`. */
    override fun toString(): String = name.lowercase()
}

/**
 * A message to one recipient. It never changes: each of its methods gives another one.
 *
 * What it holds is checked when it is sent, before the first request. Neither its text nor its subject is part of
 * [toString].
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
    private val limit: JavaDuration,
    /** When the send is done. */
    @get:JvmName("waitsFor") public val wait: Wait,
) {
    /**
     * How long the message has to be delivered. An invitation rings until then. After it the call takes at most 2 s more to
     * withdraw the invitation and learn what came of it; with [sendIm] at most another 3 s to close its session.
     */
    @get:JvmSynthetic
    public val timeout: Duration get() = limit.toKotlinDuration()

    /** How long the message has to be delivered, as Java has it. */
    @JvmName("timeout")
    public fun timeoutAsJava(): JavaDuration = limit

    /** The same with this subject; null takes it away. */
    public fun subject(subject: String?): Message = with(subject = subject)

    /** The same with this importance. */
    public fun importance(importance: Importance): Message = with(importance = importance)

    /** The same with this timeout: how long it has to be delivered. */
    public fun timeout(timeout: JavaDuration): Message = with(limit = timeout)

    /** The same, done at this moment. */
    public fun wait(wait: Wait): Message = with(wait = wait)

    private fun with(
        subject: String? = this.subject,
        importance: Importance = this.importance,
        limit: JavaDuration = this.limit,
        wait: Wait = this.wait,
    ) = Message(to, text, html, subject, importance, limit, wait)

    override fun toString(): String = "Message(to=$to, html=$html, importance=$importance, timeout=$timeout, wait=$wait)"

    public companion object {
        /** The timeout when nothing else is said: 60 s. */
        @JvmField
        public val DEFAULT_TIMEOUT: JavaDuration = JavaDuration.ofSeconds(60)

        /** A message of plain text. */
        @JvmStatic
        public fun text(to: String, text: String): Message =
            Message(to, text, false, null, Importance.NORMAL, DEFAULT_TIMEOUT, Wait.DELIVERED)

        /** A message of html. */
        @JvmStatic
        public fun html(to: String, html: String): Message =
            Message(to, html, true, null, Importance.NORMAL, DEFAULT_TIMEOUT, Wait.DELIVERED)
    }
}
