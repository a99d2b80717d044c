package im.send

import com.google.gson.JsonElement
import com.google.gson.JsonNull
import com.google.gson.JsonObject
import com.google.gson.JsonPrimitive
import java.time.Duration
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory

/** The scenarios through the suspending functions. */
class ScenariosTest {
    private val cases = Scenarios.load()

    @Test
    fun `there are cases`() = assertTrue(cases.size > 60)

    @TestFactory
    fun scenario(): List<DynamicTest> = cases.map { case ->
        dynamicTest(case["name"].asString) { Scenarios.run(case, ::act) }
    }

    private fun act(case: JsonObject, sandbox: Sandbox): List<JsonObject> = runBlocking(Dispatchers.Default) {
        val account = account(case, sandbox)
        val messages = (1..case["count"].asInt).map { message(Scenarios.numbered(case["message"], it).asJsonObject) }
        when (case["action"].asString) {
            "send" -> messages.map { shown { sendIm(it, account) } }
            "send_all" -> Client.signIn(account).use { client ->
                client.sendAll(messages).map { result -> shown { result.getOrThrow() } }
            }
            else -> Client.signIn(account).use { client ->
                messages.map { async { shown { client.send(it) } } }.awaitAll()
            }
        }
    }

    private fun account(case: JsonObject, sandbox: Sandbox): Account {
        val spec = case["account"].asJsonObject
        var account = Account.of(spec["address"].asString, spec["password"].asString)
            .server(Scenarios.server(spec, sandbox))
            .timeout(Duration.ofMillis(case["message"].asJsonObject["timeout_ms"].asLong))
        spec["username"].string?.let { account = account.username(it) }
        if (spec["ca"].asString == "right") sandbox.caFile?.let { account = account.caFile(it) }
        return account
    }

    private fun message(spec: JsonObject): Message {
        val (to, text) = spec["to"].asString to spec["text"].asString
        return (if (spec["html"].asBoolean) Message.html(to, text) else Message.text(to, text))
            .subject(spec["subject"].string)
            .importance(Importance.entries.first { it.toString() == spec["importance"].asString })
            .timeout(Duration.ofMillis(spec["timeout_ms"].asLong))
            .wait(Wait.entries.first { it.toString() == spec["wait"].asString })
    }

    private val JsonElement.string: String? get() = if (isJsonNull) null else asString

    /** A receipt or an error with the names that every language uses. */
    private suspend fun shown(call: suspend () -> Receipt): JsonObject = try {
        val receipt = call()
        json(
            "to" to receipt.to, "accepted_by" to receipt.acceptedBy, "evidence" to receipt.evidence.toString(),
            "format" to receipt.format.toString(), "thread_id" to receipt.threadId, "steps" to receipt.steps.toString(),
        )
    } catch (error: SendImException) {
        json(
            "kind" to error.kind.toString(), "step" to error.step?.toString(), "detail" to error.message,
            "sent" to error.sent.toString(), "http_status" to error.httpStatus, "code" to error.code,
            "subcode" to error.subcode, "diagnostics" to error.diagnostics, "exit_code" to error.exitCode,
            "retry_after" to error.retryAfter?.let { it.toMillis() / 1000.0 }, "hops" to error.hops.toString(),
        )
    }

    private fun json(vararg members: Pair<String, Any?>) = JsonObject().apply {
        for ((name, value) in members) {
            add(name, if (value is Number) JsonPrimitive(value) else (value as String?)?.let(::JsonPrimitive) ?: JsonNull.INSTANCE)
        }
    }
}
