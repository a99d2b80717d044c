package im.send

import com.google.gson.Gson
import com.google.gson.JsonParser
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.TimeUnit
import kotlin.io.path.createTempFile

const val SENDER = "tosh@contoso.com"
const val PASSWORD = "s3cret-of-tosh"

/** The folder of the whole project. */
val ROOT: Path = Path.of(System.getProperty("send-im.root")).normalize()

/** Time after which something counts as hanging. No test asserts on a shorter one. */
val HANG: Duration = Duration.ofMinutes(2)

/** The test account at this sandbox. */
fun Sandbox.account(password: String = PASSWORD): Account = Account.of(SENDER, password).server(this)

/** Runs with a sandbox of its own. */
inline fun withSandbox(block: (Sandbox) -> Unit) = Sandbox.startBlocking().use(block)

/** True as soon as the condition holds; false if it does not for very long. */
fun eventually(condition: () -> Boolean): Boolean {
    val deadline = System.nanoTime() + HANG.toNanos() / 4
    while (!condition()) {
        if (System.nanoTime() > deadline) return false
        Thread.sleep(5)
    }
    return true
}

/** A request that a sandbox received. */
data class Exchange(val method: String, val path: String, val status: Int?, val pool: Int)

/** Every request the sandbox received, oldest first. */
fun Sandbox.journal(): List<Exchange> = Gson().fromJson(request("GET", "journal"), Array<Exchange>::class.java).toList()

/** How many sessions are open on the server. */
val Sandbox.openApplications: Int get() = asked("GET", "state").get("open_applications").asInt

/** A bearer token that the sandbox accepts for this address. */
fun Sandbox.issueToken(address: String): String = asked("POST", "tokens/$address").get("token").asString

private fun Sandbox.asked(method: String, path: String) = JsonParser.parseString(request(method, path)).asJsonObject

/** How many invitations the sandbox was asked for. */
fun Sandbox.invitations(): Int = journal().count { it.method == "POST" && it.path.endsWith("/messagingInvitations") }

/** True once the sandbox was asked to invite somebody. */
fun Sandbox.hasInvited(): Boolean = invitations() > 0

/** How a program ended. */
data class Ended(val code: Int, val out: String, val err: String)

/** Runs a class with a main function in a virtual machine of its own. */
fun program(main: String, vararg arguments: String, environment: Map<String, String> = emptyMap(),
            options: List<String> = emptyList(), classPath: String = System.getProperty("java.class.path"),
            launcher: List<String> = emptyList(), whileItRuns: (Process) -> Unit = {}): Ended {
    val (out, err) = List(2) { createTempFile("program") }
    try {
        val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
        val process = ProcessBuilder(launcher + listOf(java, "-Xshare:auto") + options + listOf("-cp", classPath, main) + arguments)
            .redirectOutput(out.toFile()).redirectError(err.toFile())
            .apply { environment().putAll(environment) }
            .start()
        whileItRuns(process)
        if (!process.waitFor(HANG.toSeconds() * 2, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor()
            throw AssertionError("$main hangs; it said: ${Files.readString(out)} ${Files.readString(err)}")
        }
        return Ended(process.exitValue(), Files.readString(out), Files.readString(err))
    } finally {
        Files.delete(out)
        Files.delete(err)
    }
}
