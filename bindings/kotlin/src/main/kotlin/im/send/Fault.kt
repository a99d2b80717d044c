package im.send

import java.time.Duration

/** The requests to a sandbox that a [Fault] can lie on. */
public enum class Route {
    /** The discovery root. */
    DISCOVERY,
    /** The user resource, with or without a token. */
    USER,
    /** The token service. */
    TOKEN,
    /** The opening of a session. */
    APPLICATIONS,
    /** The event channel. */
    EVENTS,
    /** The invitation of a recipient. */
    START_MESSAGING,
    /** A message of an accepted invitation. */
    SEND_MESSAGE,
    /** The end of a conversation, and the withdrawal of an invitation. */
    STOP_MESSAGING,
    /** The end of a session. */
    DELETE_APPLICATION,
    /** Every request. */
    ANY;

    /** The name that every language uses, such as `start_messaging`. */
    override fun toString(): String = name.lowercase()
}

/**
 * Something that goes wrong in a sandbox, for [Sandbox.addFault]. It hits one request, the next, unless told otherwise.
 *
 * ```kotlin
 * sandbox.addFault(Route.START_MESSAGING, Fault.dropAfter())
 * sandbox.addFault(Route.APPLICATIONS, Fault.status(503).retryAfter(1.seconds).times(3))
 * ```
 */
public class Fault private constructor(
    private val name: String,
    private val parameters: Map<String, Any> = emptyMap(),
    private val skip: Int = 0,
    private val times: Int = 1,
) {
    /** The same after so many requests have passed unharmed. */
    public fun skip(requests: Int): Fault = Fault(name, parameters, requests, times)

    /** The same for so many requests; 0: for all until [Sandbox.clearFaults]. */
    public fun times(requests: Int): Fault = Fault(name, parameters, skip, requests)

    /** For [status]: the `code` of the body, such as `TooManyRequests`. */
    public fun code(code: String): Fault = with("code", code)

    /** For [status]: the `subcode` of the body. */
    public fun subcode(subcode: String): Fault = with("subcode", subcode)

    /** For [status]: the time the server asks to wait, in whole seconds. */
    public fun retryAfter(wait: Duration): Fault = with("retry_after", wait.seconds)

    private fun with(name: String, value: Any) = Fault(this.name, parameters + (name to value), skip, times)

    /** The fault as the sandbox reads it. */
    internal fun toJson(route: Route): String {
        val members = parameters.entries.joinToString(",") { (name, value) -> "\"$name\":${json(value)}" }
        return """{"route":"$route","skip":$skip,"times":$times,"action":{"$name":{$members}}}"""
    }

    override fun toString(): String = "Fault($name, skip=$skip, times=$times)"

    public companion object {
        /** The request is not processed and answered with this HTTP status. */
        @JvmStatic public fun status(http: Int): Fault = Fault("status", mapOf("http" to http))

        /** The request is processed after this time. */
        @JvmStatic public fun delay(time: Duration): Fault = Fault("delay", mapOf("ms" to time.toMillis()))

        /** The request is processed at once and answered after this time. */
        @JvmStatic public fun delayAnswer(time: Duration): Fault = Fault("delay_answer", mapOf("ms" to time.toMillis()))

        /** The request is processed, then a gateway answers with this HTTP status and a page. */
        @JvmStatic public fun gatewayError(http: Int): Fault = Fault("gateway_error", mapOf("http" to http))

        /** The connection is closed without an answer; the request is not processed. */
        @JvmStatic public fun dropBefore(): Fault = Fault("drop_before")

        /** The request is processed, and its answer is lost. */
        @JvmStatic public fun dropAfter(): Fault = Fault("drop_after")

        /** The connection is broken off with a TCP reset; the request is not processed. */
        @JvmStatic public fun resetBefore(): Fault = Fault("reset_before")

        /** The request is processed, then the connection is broken off with a TCP reset. */
        @JvmStatic public fun resetAfter(): Fault = Fault("reset_after")

        /** Over HTTP/2 the stream is reset with this code, 7 for REFUSED_STREAM; the request is not processed. */
        @JvmStatic public fun resetStream(error: Int): Fault = Fault("reset_stream", mapOf("error" to error))

        /** Over HTTP/2 the server goes away with this code; the request is not processed. */
        @JvmStatic public fun goAway(error: Int): Fault = Fault("go_away", mapOf("error" to error))

        /** The request is processed and answered; then its server refuses connections for this time. */
        @JvmStatic public fun thenRefuse(time: Duration): Fault = Fault("then_refuse", mapOf("ms" to time.toMillis()))

        /** The request is processed and answered; then so many connections get a certificate that nobody trusts. */
        @JvmStatic public fun thenDistrust(connections: Int): Fault = Fault("then_distrust", mapOf("connections" to connections))

        /** The request is processed, and half of its answer comes. */
        @JvmStatic public fun cutBody(): Fault = Fault("cut_body")

        /** The request is answered with 200 and a page, as a captive portal does. */
        @JvmStatic public fun htmlInstead(): Fault = Fault("html_instead")

        /** The request is processed; the answer says `text/plain`. */
        @JvmStatic public fun wrongContentType(): Fault = Fault("wrong_content_type")

        /** The request is processed; the answer has at least so many bytes. */
        @JvmStatic public fun oversized(bytes: Int): Fault = Fault("oversized", mapOf("bytes" to bytes))

        /** Every event comes twice. */
        @JvmStatic public fun duplicateEvents(): Fault = Fault("duplicate_events")

        /** The events come later. */
        @JvmStatic public fun delayEvents(time: Duration): Fault = Fault("delay_events", mapOf("ms" to time.toMillis()))

        /** The events come without the resources they are about. */
        @JvmStatic public fun bareEvents(): Fault = Fault("bare_events")

        /** The events come before the answer to the request. */
        @JvmStatic public fun earlyEvents(): Fault = Fault("early_events")

        /** Only the last event of an invitation comes. */
        @JvmStatic public fun skipStates(): Fault = Fault("skip_states")

        private fun json(value: Any): String {
            if (value !is String) return value.toString()
            val escaped = value.map { if (it < ' ' || it == '"' || it == '\\') "\\u%04x".format(it.code) else it }
            return escaped.joinToString("", "\"", "\"")
        }
    }
}
