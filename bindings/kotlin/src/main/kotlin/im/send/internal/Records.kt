package im.send.internal

import im.send.*
import im.send.internal.uniffi.*
import java.time.Duration
import java.time.Instant
import im.send.internal.uniffi.StepRecord as NativeStep

/** The longest time that is passed on: 30 years, which is as good as for ever. */
private val LONGEST: Duration = Duration.ofDays(365 * 30)

internal fun Message.toNative(): MessageOptions =
    MessageOptions(to, text, html, subject, importance.toString(), timeoutAsJava.toNative(), wait.toString())

/** Whole milliseconds, rounded up. What is no time at all becomes zero, which the library refuses in its own words. */
internal fun Duration.toNative(): ULong =
    if (isNegative) 0u else minOf(this, LONGEST).plusNanos(999_999).toMillis().toULong()

/** A string with half a character in it cannot be passed on. */
internal fun <T : String?> checked(name: String, value: T): T {
    if (value == null || Charsets.UTF_8.newEncoder().canEncode(value)) return value
    throw Failed(ErrorKind.INVALID_INPUT, "The $name holds half a character (a lone surrogate).").toException()
}

internal fun ReceiptRecord.toPublic(): Receipt = Receipt(
    to = to,
    acceptedBy = acceptedBy,
    evidence = named(Evidence.entries, evidence) ?: Evidence.SUBMITTED,
    format = named(Format.entries, format) ?: Format.PLAIN,
    threadId = threadId,
    steps = steps.map { it.toPublic() },
)

internal fun NativeStep.toPublic(): Step = Step(
    step = named(StepName.entries, step) ?: StepName.CONFIRM,
    host = host,
    status = status?.toInt(),
    elapsedAsJava = Duration.ofNanos((elapsedMs * 1e6).toLong()),
)

internal fun List<CheckRecord>.toPublic(): Diagnosis = Diagnosis(map { it.toPublic() })

private fun CheckRecord.toPublic(): Check = Check(
    name = named(CheckName.entries, name) ?: CheckName.APPLICATION,
    outcome = named(CheckOutcome.entries, outcome) ?: CheckOutcome.FAILED,
    seen = seen,
    elapsedAsJava = Duration.ofNanos((elapsedMs * 1e6).toLong()),
    advice = advice?.let { Advice(it.what, named(AdviceOwner.entries, it.who) ?: AdviceOwner.POOL_ADMINISTRATOR) },
    kind = kind?.let { named(ErrorKind.entries, it) ?: ErrorKind.SERVICE_ERROR },
)

internal fun SendOutcome.toPublic(tokens: TokenRelay?): SendResult =
    SendResult(receipt?.toPublic(), failure?.toException(tokens))

internal fun Failure.toException(tokens: TokenRelay? = null): SendImException = Failed(
    kind = named(ErrorKind.entries, kind) ?: ErrorKind.SERVICE_ERROR,
    detail = detail,
    step = step?.let { named(StepName.entries, it) },
    sent = if (sent == "no") Sent.NO else Sent.MAYBE,
    httpStatus = httpStatus?.toInt(),
    code = code,
    subcode = subcode,
    diagnostics = diagnostics,
    retryAfter = retryAfterMs?.let { Duration.ofMillis(it.toLong()) },
    hops = hops.map { Hop(it.url, it.outcome) },
).toException(cause?.let { tokens?.thrown(it) })

internal fun TokenRequestRecord.toPublic(): TokenRequest =
    TokenRequest(origin, authorizationUri, clientId, trustedIssuers, rejected)

internal fun DeliveredMessage.toPublic(): Delivered = Delivered(
    number = number.toLong(),
    sender = sender,
    to = to,
    acceptedBy = acceptedBy,
    subject = subject,
    importance = named(Importance.entries, importance) ?: Importance.NORMAL,
    format = named(Format.entries, format) ?: Format.PLAIN,
    text = text,
    via = via,
    conversation = conversation,
    threadId = threadId,
    receivedAt = Instant.ofEpochMilli(receivedAtMs.toLong()),
)

/** The entry whose text is this name. */
private fun <E : Enum<E>> named(entries: List<E>, name: String): E? = entries.firstOrNull { it.toString() == name }
