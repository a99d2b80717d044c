@file:JvmSynthetic

package im.send

import java.util.concurrent.CompletableFuture
import kotlin.time.Duration
import kotlin.time.toJavaDuration

// What takes a time of `java.time` takes one of `kotlin.time` in Kotlin, with the same meaning. Java sees nothing of this file.
public fun Client.signOutBlocking(timeout: Duration?): Unit = signOutBlocking(timeout?.toJavaDuration())
public fun Client.signOutAsync(timeout: Duration?): CompletableFuture<Void?> = signOutAsync(timeout?.toJavaDuration())
public fun Client.close(timeout: Duration?): Unit = close(timeout?.toJavaDuration())
public fun Sandbox.waitForBlocking(count: Int, timeout: Duration): List<Delivered> = waitForBlocking(count, timeout.toJavaDuration())
public fun SandboxBuilder.ring(time: Duration): SandboxBuilder = ring(time.toJavaDuration())
public fun SandboxBuilder.slow(time: Duration): SandboxBuilder = slow(time.toJavaDuration())
public fun SandboxBuilder.tokenLifetime(time: Duration): SandboxBuilder = tokenLifetime(time.toJavaDuration())
public fun SandboxBuilder.pollTimeout(time: Duration): SandboxBuilder = pollTimeout(time.toJavaDuration())
public fun Fault.retryAfter(wait: Duration): Fault = retryAfter(wait.toJavaDuration())
public fun Fault.Companion.delay(time: Duration): Fault = delay(time.toJavaDuration())
public fun Fault.Companion.delayAnswer(time: Duration): Fault = delayAnswer(time.toJavaDuration())
public fun Fault.Companion.thenRefuse(time: Duration): Fault = thenRefuse(time.toJavaDuration())
public fun Fault.Companion.delayEvents(time: Duration): Fault = delayEvents(time.toJavaDuration())
public fun BearerToken(value: String, expiresIn: Duration): BearerToken = BearerToken(value, expiresIn.toJavaDuration())
public fun Step(step: StepName, host: String, status: Int?, elapsed: Duration): Step =
    Step(step, host, status, elapsed.toJavaDuration())
public fun SendImException.Companion.of(
    kind: ErrorKind, detail: String = kind.toString(), sent: Sent? = null, retryAfter: Duration, httpStatus: Int? = null,
): SendImException = of(kind, detail, sent, retryAfter.toJavaDuration(), httpStatus = httpStatus)
