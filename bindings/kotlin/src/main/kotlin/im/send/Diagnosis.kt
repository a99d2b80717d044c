package im.send

import java.io.Serializable
import kotlin.time.Duration
import kotlin.time.toKotlinDuration
import java.time.Duration as JavaDuration

/** What a diagnosis checks, in the order in which a send meets it. */
public enum class CheckName {
    /** Whether the server's names have addresses. */
    NAMES,
    /** Which proxy is on the way, and whether it makes connections. */
    PROXY,
    /** Which addresses take a connection. */
    TCP,
    /** The TLS handshake and the server's certificate. */
    TLS,
    /** The way to the account's home pool. */
    DISCOVERY,
    /** Whether the servers on the way may get the password or a token. */
    TRUST,
    /** Which ways of signing in the server offers. */
    CHALLENGE,
    /** Getting a token. */
    SIGN_IN,
    /** Opening a session. */
    APPLICATION,
    /** One request for events. */
    EVENT_CHANNEL,
    /** How far this machine's clock is from the server's. */
    CLOCK,
    /** Closing the session. */
    SIGN_OUT;

    /** The name that every language uses, such as `event_channel`. */
    override fun toString(): String = name.lowercase()
}

/** How a check ended. */
public enum class CheckOutcome {
    /** As it should be. */
    PASSED,
    /** A send works, but this should be looked at. */
    WARNING,
    /** A send fails here, or does not learn what became of its message. */
    FAILED,
    /** Not reached, or not needed. */
    SKIPPED;

    /** The name that every language uses, such as `passed`. */
    override fun toString(): String = name.lowercase()
}

/** Who can do something about a check that did not pass. */
public enum class AdviceOwner {
    /** Whoever runs the program. */
    YOU,
    /** Whoever runs the network: names, proxies, firewalls, gateways. */
    NETWORK,
    /** Whoever runs the pool. */
    POOL_ADMINISTRATOR;

    /** The name that every language uses, such as `pool_administrator`. */
    override fun toString(): String = name.lowercase()
}

/**
 * What to do about a warning or a failure, and who can.
 *
 * @property what One or two sentences.
 * @property who Who can do it.
 */
public class Advice(
    @get:JvmName("what") public val what: String,
    @get:JvmName("who") public val who: AdviceOwner,
) : Serializable {
    private val all get() = listOf(what, who)
    override fun equals(other: Any?): Boolean = other is Advice && all == other.all
    override fun hashCode(): Int = all.hashCode()
    override fun toString(): String = "Advice(what=$what, who=$who)"
}

/**
 * One check of a diagnosis. It never holds a password, a token or a cookie.
 *
 * @property name What was checked.
 * @property outcome How it ended.
 * @property seen What was seen, for people: names, addresses, versions, answers.
 * @property elapsedAsJava How long it took, as Java has it.
 * @property advice What to do, where there is something to do.
 * @property kind The kind of error a program meets, of a failure and of some warnings.
 */
public class Check @JvmOverloads constructor(
    @get:JvmName("name") public val name: CheckName,
    @get:JvmName("outcome") public val outcome: CheckOutcome,
    @get:JvmName("seen") public val seen: String,
    @get:JvmName("elapsed") public val elapsedAsJava: JavaDuration,
    @get:JvmName("advice") public val advice: Advice? = null,
    @get:JvmName("kind") public val kind: ErrorKind? = null,
) : Serializable {
    private val all get() = listOf(name, outcome, seen, elapsedAsJava, advice, kind)
    override fun equals(other: Any?): Boolean = other is Check && all == other.all
    override fun hashCode(): Int = all.hashCode()

    /** How long it took. */
    @get:JvmSynthetic
    public val elapsed: Duration get() = elapsedAsJava.toKotlinDuration()

    override fun toString(): String = "Check(name=$name, outcome=$outcome, seen=$seen, elapsed=$elapsed, advice=$advice, kind=$kind)"
}

/**
 * What [Account.diagnose] found.
 *
 * @property checks The checks, in the order in which they were made. Those of names, connection and TLS come once more where
 *   discovery leads to another server.
 */
public class Diagnosis(@get:JvmName("checks") public val checks: List<Check>) : Serializable {
    /** The first check that failed; null where none did. */
    @get:JvmName("failure")
    public val failure: Check? get() = checks.firstOrNull { it.outcome == CheckOutcome.FAILED }

    override fun equals(other: Any?): Boolean = other is Diagnosis && checks == other.checks
    override fun hashCode(): Int = checks.hashCode()
    override fun toString(): String = "Diagnosis(checks=$checks)"
}
