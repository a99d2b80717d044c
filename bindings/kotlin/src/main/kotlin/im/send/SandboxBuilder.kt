package im.send

import im.send.internal.blocking
import im.send.internal.checked
import im.send.internal.calling
import im.send.internal.toNative
import im.send.internal.uniffi.SandboxOptions
import im.send.internal.uniffi.SandboxServer
import im.send.internal.uniffi.SandboxUser
import java.time.Duration

/** How a sandbox is laid out. */
public enum class Layout {
    /** One server does everything. */
    ONE_POOL,
    /** The account's home pool is another server than the one that discovery leads to. */
    TWO_POOLS,
    /** Discovery redirects to the home pool. */
    REDIRECT;

    /** The name that every language uses, such as `two-pools`. */
    override fun toString(): String = name.lowercase().replace('_', '-')
}

/** What a sandbox is to be like. [start] starts it. */
public class SandboxBuilder internal constructor() {
    private var options = SandboxOptions()

    /** How it is laid out; by default one pool. */
    public fun layout(layout: Layout): SandboxBuilder = with { copy(layout = layout.toString()) }

    /** Whether it speaks https, with a certificate authority of its own; see [Sandbox.caFile]. */
    @JvmOverloads
    public fun https(https: Boolean = true): SandboxBuilder = with { copy(https = https) }

    /** How long an invitation to `silent@` rings; by default 30 s. */
    public fun ring(time: Duration): SandboxBuilder = with { copy(ringMs = time.toNative()) }

    /** How long `slow@` takes to accept; by default 3 s. */
    public fun slow(time: Duration): SandboxBuilder = with { copy(slowMs = time.toNative()) }

    /** The address and port to listen on, such as `127.0.0.1:8080`; by default a free port of 127.0.0.1. */
    public fun listen(address: String): SandboxBuilder = with { copy(listen = checked("address", address)) }

    /** Somebody who may sign in. Once there is one, only these users may. */
    public fun user(address: String, password: String): SandboxBuilder =
        with { copy(users = users + SandboxUser(checked("address", address), checked("password", password))) }

    /** How long a token is valid; by default 8 hours, as with a real server. */
    public fun tokenLifetime(time: Duration): SandboxBuilder = with { copy(tokenLifetimeMs = time.toNative()) }

    /** How long an empty request for events is held; by default as with a real server. */
    public fun pollTimeout(time: Duration): SandboxBuilder = with { copy(pollTimeoutMs = time.toNative()) }

    /** The discovery root answers with a redirect to this URL and nothing else. */
    public fun redirectTo(url: String): SandboxBuilder = with { copy(redirectTo = checked("URL", url)) }

    /** A DNS name for the certificate and for every link. */
    public fun hostName(name: String): SandboxBuilder = with { copy(hostName = checked("host name", name)) }

    /**
     * Starts the sandbox.
     *
     * @throws SendImException it cannot listen there, or an option is not usable.
     */
    @JvmSynthetic
    public suspend fun start(): Sandbox = Sandbox.of(calling { SandboxServer.start(options) })

    /** Starts the sandbox; this thread waits. From Java it is `builder.start()`. */
    @JvmName("start")
    @Throws(SendImException::class)
    public fun startBlocking(): Sandbox = blocking { start() }

    private inline fun with(change: SandboxOptions.() -> SandboxOptions): SandboxBuilder {
        options = options.change()
        return this
    }
}
