package im.send

import com.google.gson.GsonBuilder
import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.nio.file.Path
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.DurationUnit
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.runBlocking

/** Sends what the judge of `tests/scenarios` asks for, a line of JSON a case; the README there says how. */
fun main() {
    val gson = GsonBuilder().serializeNulls().create()
    for (line in generateSequence(::readLine)) {
        println(gson.toJson(runBlocking(Dispatchers.Default) { run(JsonParser.parseString(line).asJsonObject) }))
    }
}

private suspend fun run(task: JsonObject): List<Map<String, Any>> {
    val account = account(task["account"].asJsonObject)
    val messages = task["messages"].asJsonArray.map { message(it.asJsonObject) }
    return when (task["action"].asString) {
        "send" -> messages.map { shown { sendIm(it, account) } }
        "send_all" -> Client.signIn(account).use { client ->
            client.sendAll(messages).map { result -> shown { result.getOrThrow() } }
        }
        else -> Client.signIn(account).use { client ->
            coroutineScope { messages.map { async { shown { client.send(it) } } }.awaitAll() }
        }
    }
}

private fun account(given: JsonObject) = Account(
    given["address"].asString, given["password"].asString, given["username"].string, given["server"].asString,
    given["ca_file"].string?.let { Path.of(it) }, timeout = given["timeout_ms"].asLong.milliseconds,
)

private fun message(given: JsonObject) = Message(
    given["to"].asString, given["text"].asString, given["subject"].string,
    Importance.entries.first { it.toString() == given["importance"].asString }, given["html"].asBoolean,
    given["timeout_ms"].asLong.milliseconds, Wait.entries.first { it.toString() == given["wait"].asString },
)

private val JsonElement.string: String? get() = if (isJsonNull) null else asString

private suspend fun shown(call: suspend () -> Receipt): Map<String, Any> = try {
    val receipt = call()
    mapOf(
        "receipt" to mapOf(
            "to" to receipt.to, "accepted_by" to receipt.acceptedBy, "evidence" to receipt.evidence.toString(),
            "format" to receipt.format.toString(), "thread_id" to receipt.threadId, "printed" to receipt.toString(),
        ),
    )
} catch (error: SendImException) {
    mapOf(
        "error" to mapOf(
            "kind" to error.kind.toString(), "step" to error.step?.toString(), "detail" to error.message,
            "sent" to error.sent.toString(), "http_status" to error.httpStatus, "code" to error.code,
            "subcode" to error.subcode, "diagnostics" to error.diagnostics, "exit_code" to error.exitCode,
            "retry_after" to error.retryAfter?.toDouble(DurationUnit.SECONDS), "hops" to error.hops.map { it.toString() },
            "printed" to error.stackTraceToString(),
        ),
    )
}
