package im.send

import im.send.internal.*
import im.send.internal.uniffi.SandboxServer
import im.send.internal.uniffi.SendException
import java.nio.file.Path
import java.time.Instant
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlin.time.toJavaDuration
import kotlin.time.toKotlinDuration
import java.time.Duration as JavaDuration

/**
 * A message that reached a recipient of a sandbox. Neither its text nor its subject is part of [toString].
 *
 * @property number Counts deliveries, from 1.
 * @property sender The sender's address.
 * @property to The address the sender asked for.
 * @property acceptedBy The address that took it; another one than [to] after a call-forward.
 * @property subject The subject, if there is one.
 * @property importance How urgent it is shown.
 * @property format The form of the text.
 * @property text The text as it was sent.
 * @property via `invitation` if the text came with the invitation, else `message`.
 * @property conversation The conversation it belongs to.
 * @property threadId The thread of that conversation.
 * @property receivedAt When the recipient got it.
 */
public class Delivered(
    @get:JvmName("number") public val number: Long,
    @get:JvmName("sender") public val sender: String,
    @get:JvmName("to") public val to: String,
    @get:JvmName("acceptedBy") public val acceptedBy: String,
    @get:JvmName("subject") public val subject: String?,
    @get:JvmName("importance") public val importance: Importance,
    @get:JvmName("format") public val format: Format,
    @get:JvmName("text") public val text: String,
    @get:JvmName("via") public val via: String,
    @get:JvmName("conversation") public val conversation: String,
    @get:JvmName("threadId") public val threadId: String,
    @get:JvmName("receivedAt") public val receivedAt: Instant,
) {
    private val all get() = listOf(
        number, sender, to, acceptedBy, subject, importance, format, text, via, conversation, threadId, receivedAt,
    )
    override fun equals(other: Any?): Boolean = other is Delivered && all == other.all
    override fun hashCode(): Int = all.hashCode()
    override fun toString(): String =
        "Delivered(number=$number, sender=$sender, to=$to, acceptedBy=$acceptedBy, importance=$importance, " +
            "format=$format, via=$via, receivedAt=$receivedAt)"
}

/**
 * A server that behaves like a Skype for Business pool, on a free port of 127.0.0.1, for tests and demonstrations.
 *
 * Any account signs in with any password (except `wrong`). A recipient behaves by the local part of the address:
 * `declines@`, `silent@`, `busy@`, `offline@`, `unknown@`, `slow@`, `forwards@`, `drops@`, `echo@`; anyone else accepts
 * at once.
 *
 * ```kotlin
 * Sandbox.start().use { sandbox ->
 *     sendIm("lenea@contoso.com", "hi", Account.of("tosh@contoso.com", "x").server(sandbox))
 *     println(sandbox.waitFor(1).single().text)
 * }
 * ```
 */
public class Sandbox private constructor(private val native: SandboxServer) : AutoCloseable {
    /** The discovery root, what [Account.server] takes. */
    @get:JvmName("url")
    public val url: String = ask { url() }

    /** With https, a PEM file with the certificate authority; it is removed with the sandbox. */
    @get:JvmName("caFile")
    public val caFile: Path? = ask { caFile() }?.let(Path::of)

    /** What was delivered to this address, oldest first. */
    public fun inbox(address: String): List<Delivered> =
        ask { inbox(checked("address", address)) }.map { it.toPublic() }

    /** Everything delivered, oldest first. */
    public fun messages(): List<Delivered> = ask { messages() }.map { it.toPublic() }

    /**
     * Waits until that many messages were delivered in all, and gives them.
     *
     * @throws DeadlineExceededException it took longer than [timeout].
     */
    @JvmSynthetic
    public suspend fun waitFor(count: Int, timeout: Duration = 10.seconds): List<Delivered> {
        require(count >= 0) { "the count is negative" }
        return calling { native.waitFor(count.toUInt(), timeout.toJavaDuration().toNative()) }.map { it.toPublic() }
    }

    /** Waits until that many messages were delivered, 10 s if not told otherwise. From Java it is `sandbox.waitFor(count)`. */
    @JvmName("waitFor")
    @JvmOverloads
    @Throws(DeadlineExceededException::class)
    public fun waitForBlocking(count: Int, timeout: JavaDuration = JavaDuration.ofSeconds(10)): List<Delivered> =
        blocking { waitFor(count, timeout.toKotlinDuration()) }

    /** Makes something go wrong with requests of this sort. */
    public fun addFault(route: Route, fault: Fault): Unit = addFault(fault.toJson(route))

    /**
     * Makes something go wrong, told as JSON:
     * `{"route": "start_messaging", "skip": 0, "times": 1, "action": {"status": {"http": 503}}}`.
     *
     * @throws InvalidInputException it is not a fault.
     */
    public fun addFault(json: String): Unit = ask { addFault(checked("fault", json)) }

    /** Takes every fault away. */
    public fun clearFaults(): Unit = ask { clearFaults() }

    /**
     * Asks the sandbox's own HTTP interface, for what has no method here; the README of `send-im-sandbox` lists it.
     *
     * @param method `GET`, `POST`, `PUT` or `DELETE`.
     * @param path What follows `/sandbox/api/`: `journal` (every request received), `state`, `tokens/ADDRESS`,
     *   `actions/revoke-tokens` and so on.
     * @param json The body, if there is one.
     * @return The JSON of the response; empty where there is none.
     * @throws InvalidInputException the sandbox refuses the request.
     */
    @JvmOverloads
    @Throws(InvalidInputException::class)
    public fun request(method: String, path: String, json: String? = null): String = blocking {
        calling { native.request(checked("method", method), checked("path", path), checked("body", json)) }
    }

    /** Stops the sandbox. What it had delivered is gone. A second call does nothing. */
    override fun close() {
        native.stop()
    }

    override fun toString(): String = "Sandbox($url)"

    private fun <T> ask(question: SandboxServer.() -> T): T = try {
        native.question()
    } catch (error: SendException.Failed) {
        throw error.failure.toException()
    }

    public companion object {
        /** Starts a sandbox with one pool and no https. */
        @JvmSynthetic
        public suspend fun start(): Sandbox = builder().start()

        /** Starts a sandbox with one pool and no https; this thread waits. From Java it is `Sandbox.start()`. */
        @JvmStatic
        @JvmName("start")
        public fun startBlocking(): Sandbox = builder().startBlocking()

        @JvmSynthetic
        internal fun of(native: SandboxServer): Sandbox = Sandbox(native)

        /** A sandbox made to measure. */
        @JvmStatic
        public fun builder(): SandboxBuilder = SandboxBuilder()
    }
}
