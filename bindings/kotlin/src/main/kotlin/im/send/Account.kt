package im.send

import im.send.internal.Harmless
import im.send.internal.StepRelay
import im.send.internal.TokenRelay
import im.send.internal.asFuture
import im.send.internal.awaiting
import im.send.internal.blocking
import im.send.internal.checked
import im.send.internal.sending
import im.send.internal.toNative
import im.send.internal.toPublic
import im.send.internal.uniffi.AccountOptions
import im.send.internal.uniffi.diagnose as nativeDiagnose
import java.nio.file.Path
import java.util.concurrent.CompletableFuture
import java.util.function.Consumer
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlin.time.toJavaDuration
import java.time.Duration as JavaDuration

/**
 * Who sends, how the account signs in, and where. It never changes: each of its methods gives another one.
 *
 * Half a character in it is refused at once; what else it holds is checked when it signs in. Nothing secret is part of
 * [toString].
 */
public class Account private constructor(
    @get:JvmSynthetic internal val options: AccountOptions,
    @get:JvmSynthetic internal val onStep: Consumer<Step>? = null,
    @get:JvmSynthetic internal val token: (suspend (TokenRequest) -> BearerToken)? = null,
) {
    /**
     * What the arguments mean is with the methods of their names. A token comes from a suspending function, which runs on a
     * thread of `Dispatchers.Default`; see [TokenSource] for what it throws.
     *
     * @suppress Kotlin names its arguments; Java has [of], [withToken] and what follows them.
     */
    public constructor(
        address: String,
        password: String? = null,
        username: String? = null,
        server: String? = null,
        caFile: Path? = null,
        tls: Tls? = null,
        trustedDomains: List<String> = emptyList(),
        timeout: Duration = 60.seconds,
        onStep: Consumer<Step>? = null,
        token: (suspend (TokenRequest) -> BearerToken)? = null,
    ) : this(
        AccountOptions(
            address, username, password, server, caFile?.toString(), tls?.toString(), trustedDomains,
            timeout.toJavaDuration().toNative(),
        ),
        onStep?.let(::Harmless),
        token,
    )

    init {
        with(options) {
            mapOf("address" to address, "user name" to username, "password" to password, "server" to server, "CA file" to caFile)
        }.forEach(::checked)
        options.trustedDomains.forEach { checked("trusted domain", it) }
    }

    /** The same with another name to sign in with than the address, such as `"CONTOSO\\smith"`. */
    public fun username(username: String): Account = with { copy(username = username) }

    /** The same at this server: the URL of its discovery root. Without one the sign-in domain is asked. */
    public fun server(url: String): Account = with { copy(server = url) }

    /** The same at this sandbox, whose certificate authority is trusted then. */
    public fun server(sandbox: Sandbox): Account =
        with { copy(server = sandbox.url, caFile = sandbox.caFile?.toString() ?: caFile) }

    /** The same, trusting the certificate authorities in this file, PEM or DER, besides those of the operating system. */
    public fun caFile(file: Path): Account = with { copy(caFile = file.toString()) }

    /** The same with these cipher suites. Without it `SEND_IM_TLS` counts, and otherwise [Tls.CURRENT]. */
    public fun tls(tls: Tls): Account = with { copy(tls = tls.toString()) }

    /** The same, with a further domain that the server may lead to, such as `contoso.net`. */
    public fun trust(domain: String): Account = with { copy(trustedDomains = trustedDomains + domain) }

    /** The same with this timeout for the sign-in of a [Client], 60 s if not told. With [sendIm] that of the message counts. */
    public fun timeout(timeout: JavaDuration): Account = with { copy(timeoutMs = timeout.toNative()) }

    /**
     * The same with somebody told of each finished step: on the thread that waits for a call, or in the coroutine that
     * does. All of a call's steps are told before it returns. The listener's first exception is logged;
     * none changes anything.
     */
    public fun onStep(listener: Consumer<Step>): Account = Account(options, Harmless(listener), token)

    /**
     * Walks as a send would, and sends nothing: names, proxy, connection, TLS, discovery, sign-in, session, events, clock. It
     * signs in once, as a refused password may lock the account, and signs out.
     *
     * Opening the session takes at most this account's [timeout]; names, connections and TLS are looked at before.
     *
     * ```kotlin
     * val failure = account.diagnose().failure
     * println("${failure?.name} ${failure?.advice?.what}")
     * ```
     *
     * @throws InvalidInputException the account is not usable. Everything else is a check that failed.
     */
    @JvmSynthetic
    public suspend fun diagnose(): Diagnosis {
        val (steps, tokens) = StepRelay.wanted(onStep) to TokenRelay.wanted(this)
        return sending(steps, tokens) { nativeDiagnose(options, tokens, steps, it) }.toPublic()
    }

    /**
     * The same; this thread waits. From Java it is `account.diagnose()`. An interrupt ends the wait with a
     * [CancelledException].
     */
    @JvmName("diagnose")
    @Throws(SendImException::class)
    public fun diagnoseBlocking(): Diagnosis = blocking { diagnose() }

    /** The same without waiting. Cancelling the future ends it. */
    public fun diagnoseAsync(): CompletableFuture<Diagnosis> = asFuture { diagnose() }

    private inline fun with(change: AccountOptions.() -> AccountOptions) = Account(options.change(), onStep, token)

    override fun toString(): String =
        "Account(${options.address ?: "stored"}, server=${options.server ?: "discovered"})"

    public companion object {
        /**
         * The account of the environment (`SEND_IM_ADDRESS`, `SEND_IM_PASSWORD` and where needed `SEND_IM_USERNAME`,
         * `SEND_IM_SERVER`, `SEND_IM_CA_FILE`, `SEND_IM_TLS`), or else of `~/.config/send-im/config.toml`. It is read with each call.
         */
        @JvmStatic
        public fun stored(): Account = Account(AccountOptions())

        /** This address with the password in `SEND_IM_PASSWORD`. */
        @JvmStatic
        public fun of(address: String): Account = Account(address)

        /** This address with this password. */
        @JvmStatic
        public fun of(address: String, password: String): Account = Account(address, password)

        /** This address with a bearer token in place of a password. The source may block; see [TokenSource] for what it throws. */
        @JvmStatic
        public fun withToken(address: String, source: TokenSource): Account = Account(address, token = awaiting(source))
    }
}
