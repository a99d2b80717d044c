package im.send

import java.time.Duration

/**
 * What a token is wanted for, as the server's challenge says it.
 *
 * @property origin Scheme, host and port of the server that must accept the token: the OAuth resource.
 * @property authorizationUri Where the server says tokens are issued, if it does.
 * @property clientId The server's client id (OAuth audience), if it names one.
 * @property trustedIssuers The issuers the server trusts, if it names any.
 * @property rejected True where the token given before was rejected: a cached one will not do.
 */
public class TokenRequest(
    @get:JvmName("origin") public val origin: String,
    @get:JvmName("authorizationUri") public val authorizationUri: String?,
    @get:JvmName("clientId") public val clientId: String?,
    @get:JvmName("trustedIssuers") public val trustedIssuers: String?,
    @get:JvmName("rejected") public val rejected: Boolean,
) {
    private val all get() = listOf(origin, authorizationUri, clientId, trustedIssuers, rejected)
    override fun equals(other: Any?): Boolean = other is TokenRequest && all == other.all
    override fun hashCode(): Int = all.hashCode()
    override fun toString(): String =
        "TokenRequest(origin=$origin, authorizationUri=$authorizationUri, clientId=$clientId, " +
            "trustedIssuers=$trustedIssuers, rejected=$rejected)"
}

/**
 * A token and how long it lasts from now. Its value is not part of [toString].
 *
 * @property value The token without the word `Bearer`.
 * @property expiresIn Its lifetime; null: it is used until it is rejected.
 */
public class BearerToken @JvmOverloads constructor(
    @get:JvmName("value") public val value: String,
    @get:JvmName("expiresIn") public val expiresIn: Duration? = null,
) {
    private val all get() = listOf(value, expiresIn)
    override fun equals(other: Any?): Boolean = other is BearerToken && all == other.all
    override fun hashCode(): Int = all.hashCode()
    override fun toString(): String = "BearerToken(expiresIn=$expiresIn)"
}

/** Gives a token. It is asked for each server that wants one, and again before one expires. */
public fun interface TokenSource {
    /**
     * The token for this request. Called on a thread that may block. What it throws is the cause of a
     * [CredentialUnavailableException], whose own sentence names the class and not the text.
     */
    @Throws(Exception::class)
    public fun token(request: TokenRequest): BearerToken
}
