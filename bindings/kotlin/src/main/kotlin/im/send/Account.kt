package im.send

import im.send.internal.awaiting
import java.nio.file.Path
import java.time.Duration
import java.util.function.Consumer

/**
 * Who sends, how the account signs in, and where. It never changes: each of its methods gives another one.
 *
 * Nothing secret is part of [toString].
 */
public class Account private constructor(@get:JvmSynthetic internal val parts: Parts) {
    internal data class Parts(
        val address: String? = null,
        val username: String? = null,
        val password: String? = null,
        val token: (suspend (TokenRequest) -> BearerToken)? = null,
        val server: String? = null,
        val caFile: Path? = null,
        val tls: Tls? = null,
        val trustedDomains: List<String> = emptyList(),
        val timeout: Duration = Message.DEFAULT_TIMEOUT,
        val onStep: Consumer<Step>? = null,
    )

    /** The same with another name to sign in with than the address, such as `"CONTOSO\\smith"`. */
    public fun username(username: String): Account = with { copy(username = username) }

    /** The same at this server: the URL of its discovery root. Without one the sign-in domain is asked. */
    public fun server(url: String): Account = with { copy(server = url) }

    /** The same at this sandbox, whose certificate authority is trusted then. */
    public fun server(sandbox: Sandbox): Account =
        with { copy(server = sandbox.url, caFile = sandbox.caFile ?: caFile) }

    /** The same, trusting the certificate authorities in this file, PEM or DER, besides those of the operating system. */
    public fun caFile(file: Path): Account = with { copy(caFile = file) }

    /** The same with these cipher suites. Without it `SEND_IM_TLS` counts, and otherwise [Tls.CURRENT]. */
    public fun tls(tls: Tls): Account = with { copy(tls = tls) }

    /** The same, with a further domain that the server may lead to, such as `contoso.net`. */
    public fun trust(domain: String): Account = with { copy(trustedDomains = trustedDomains + domain) }

    /** The same with this timeout for the sign-in of a [Client], 60 s if not told. With [sendIm] that of the message counts. */
    public fun timeout(timeout: Duration): Account = with { copy(timeout = timeout) }

    /**
     * The same with somebody told of each finished step: on the thread that waits for a call, or in the coroutine that
     * does. All of a call's steps are told before it returns. The listener's first exception is logged;
     * none changes anything.
     */
    public fun onStep(listener: Consumer<Step>): Account = with { copy(onStep = listener) }

    private inline fun with(change: Parts.() -> Parts) = Account(parts.change())

    override fun toString(): String = "Account(${parts.address ?: "stored"}, server=${parts.server ?: "discovered"})"

    public companion object {
        @JvmSynthetic
        internal fun of(parts: Parts): Account = Account(parts)

        /**
         * The account of the environment (`SEND_IM_ADDRESS`, `SEND_IM_PASSWORD` and where needed `SEND_IM_USERNAME`,
         * `SEND_IM_SERVER`, `SEND_IM_CA_FILE`, `SEND_IM_TLS`), or else of `~/.config/send-im/config.toml`. It is read with each call.
         */
        @JvmStatic
        public fun stored(): Account = Account(Parts())

        /** This address with the password in `SEND_IM_PASSWORD`. */
        @JvmStatic
        public fun of(address: String): Account = Account(Parts(address = address))

        /** This address with this password. */
        @JvmStatic
        public fun of(address: String, password: String): Account =
            Account(Parts(address = address, password = password))

        /** This address with a bearer token in place of a password. The source may block; see [TokenSource] for what it throws. */
        @JvmStatic
        public fun withToken(address: String, source: TokenSource): Account =
            Account(Parts(address = address, token = awaiting(source)))

        /** This address with a token of a suspending source. It runs on a thread of [kotlinx.coroutines.Dispatchers.Default]. */
        @JvmSynthetic
        public fun withSuspendingToken(address: String, source: suspend (TokenRequest) -> BearerToken): Account =
            Account(Parts(address = address, token = source))
    }
}
