@file:JvmSynthetic

package im.send

import java.nio.file.Path
import java.util.concurrent.CompletableFuture
import java.util.function.Consumer
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlin.time.toJavaDuration

// What Kotlin has beside the methods of Java: named arguments and `kotlin.time`. Java sees nothing of this file.

/**
 * A message to one recipient.
 *
 * ```kotlin
 * Message("lenea@contoso.com", "disk full", subject = "db7", timeout = 5.seconds)
 * ```
 *
 * @param text The text, or html with [html].
 */
public fun Message(
    to: String,
    text: String,
    subject: String? = null,
    importance: Importance = Importance.NORMAL,
    html: Boolean = false,
    timeout: Duration = 60.seconds,
    wait: Wait = Wait.DELIVERED,
): Message = (if (html) Message.html(to, text) else Message.text(to, text))
    .subject(subject).importance(importance).timeout(timeout).wait(wait)

/**
 * Who sends, by password; [Account.withToken] is for tokens. What the arguments mean is with the methods of their names.
 *
 * ```kotlin
 * Account("tosh@contoso.com", "x", server = sandbox.url, timeout = 5.seconds)
 * ```
 */
public fun Account(
    address: String,
    password: String,
    username: String? = null,
    server: String? = null,
    caFile: Path? = null,
    tls: Tls? = null,
    trustedDomains: List<String> = emptyList(),
    timeout: Duration = 60.seconds,
    onStep: Consumer<Step>? = null,
): Account = Account.of(
    Account.Parts(address, username, password, null, server, caFile, tls, trustedDomains, timeout.toJavaDuration(), onStep),
)

/** The same with this timeout: how long it has to be delivered. */
public fun Message.timeout(timeout: Duration): Message = timeout(timeout.toJavaDuration())

/** The same with this timeout for the sign-in of a [Client], 60 s if not told. */
public fun Account.timeout(timeout: Duration): Account = timeout(timeout.toJavaDuration())

/** Signs out; this thread waits. What has not ended by then is cancelled. */
public fun Client.signOutBlocking(timeout: Duration?): Unit = signOutBlocking(timeout?.toJavaDuration())

/** Signs out without waiting. What has not ended by then is cancelled. */
public fun Client.signOutAsync(timeout: Duration?): CompletableFuture<Void?> = signOutAsync(timeout?.toJavaDuration())

/** Closes the session. What has not ended by then is cancelled. */
public fun Client.close(timeout: Duration?): Unit = close(timeout?.toJavaDuration())

/** Waits until that many messages were delivered; this thread waits. */
public fun Sandbox.waitForBlocking(count: Int, timeout: Duration): List<Delivered> =
    waitForBlocking(count, timeout.toJavaDuration())

/** How long an invitation to `silent@` rings; by default 30 s. */
public fun SandboxBuilder.ring(time: Duration): SandboxBuilder = ring(time.toJavaDuration())

/** How long `slow@` takes to accept; by default 3 s. */
public fun SandboxBuilder.slow(time: Duration): SandboxBuilder = slow(time.toJavaDuration())

/** How long a token is valid; by default 8 hours, as with a real server. */
public fun SandboxBuilder.tokenLifetime(time: Duration): SandboxBuilder = tokenLifetime(time.toJavaDuration())

/** How long an empty request for events is held; by default as with a real server. */
public fun SandboxBuilder.pollTimeout(time: Duration): SandboxBuilder = pollTimeout(time.toJavaDuration())

/** For [Fault.status]: the time the server asks to wait, in whole seconds. */
public fun Fault.retryAfter(wait: Duration): Fault = retryAfter(wait.toJavaDuration())

/** The request is processed after this time. */
public fun Fault.Companion.delay(time: Duration): Fault = delay(time.toJavaDuration())

/** The request is processed at once and answered after this time. */
public fun Fault.Companion.delayAnswer(time: Duration): Fault = delayAnswer(time.toJavaDuration())

/** The request is processed and answered; then its server refuses connections for this time. */
public fun Fault.Companion.thenRefuse(time: Duration): Fault = thenRefuse(time.toJavaDuration())

/** The events come later. */
public fun Fault.Companion.delayEvents(time: Duration): Fault = delayEvents(time.toJavaDuration())

/** A token that lasts this long from now. */
public fun BearerToken(value: String, expiresIn: Duration): BearerToken = BearerToken(value, expiresIn.toJavaDuration())

/** A finished step, for a program's own tests. */
public fun Step(step: StepName, host: String, status: Int?, elapsed: Duration): Step =
    Step(step, host, status, elapsed.toJavaDuration())

/** An exception of the class that [kind] belongs to, for a program's own tests. */
public fun SendImException.Companion.of(
    kind: ErrorKind,
    detail: String = kind.toString(),
    sent: Sent = Sent.NO,
    retryAfter: Duration,
    httpStatus: Int? = null,
): SendImException = of(kind, detail, sent, retryAfter.toJavaDuration(), httpStatus = httpStatus)
