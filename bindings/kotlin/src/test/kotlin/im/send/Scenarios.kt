package im.send

import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonNull
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import com.google.gson.JsonPrimitive
import java.nio.file.Files
import java.time.Duration
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue

/**
 * The cases that every language must pass, from `tests/scenarios/scenarios.json`; its README tells the format.
 *
 * What is sent, and through which calls, is the runner's: [ScenariosTest] in Kotlin, `JavaScenariosTest` in Java.
 */
object Scenarios {
    /** The shortest text that nothing may repeat; a shorter one can be part of another word. */
    private const val TELLING = 10

    /** The cases with defaults filled in and long texts written out. */
    @JvmStatic
    fun load(): List<JsonObject> {
        val file = JsonParser.parseString(Files.readString(ROOT.resolve("tests/scenarios/scenarios.json"))).asJsonObject
        return file["cases"].asJsonArray.map { expanded(merged(file["defaults"], it)).asJsonObject }
    }

    private fun merged(default: JsonElement?, given: JsonElement?): JsonElement {
        if (given == null) return default!!
        if (default !is JsonObject || given !is JsonObject || given.has("repeat")) return given
        return JsonObject().apply {
            for (name in default.keySet() + given.keySet()) add(name, merged(default[name], given[name]))
        }
    }

    private fun expanded(value: JsonElement): JsonElement = when {
        value is JsonArray -> JsonArray().apply { value.forEach { add(expanded(it)) } }
        value !is JsonObject -> value
        value.keySet() == setOf("repeat", "times") -> JsonPrimitive(value["repeat"].asString.repeat(value["times"].asInt))
        else -> JsonObject().apply { value.entrySet().forEach { (name, inner) -> add(name, expanded(inner)) } }
    }

    /** The value with the number of a message in it. */
    @JvmStatic
    fun numbered(value: JsonElement, n: Int): JsonElement = when {
        value is JsonObject -> JsonObject().apply { value.entrySet().forEach { (name, inner) -> add(name, numbered(inner, n)) } }
        value is JsonPrimitive && value.isString -> JsonPrimitive(value.asString.replace("{n}", n.toString()))
        else -> value
    }

    /** Runs a case in a sandbox of its own and checks everything. `act` sends, and gives a receipt or error for each. */
    @JvmStatic
    fun run(case: JsonObject, act: (JsonObject, Sandbox) -> List<JsonObject>) {
        val spec = case["sandbox"].asJsonObject
        val builder = Sandbox.builder()
            .layout(Layout.entries.first { it.toString() == spec["layout"].asString })
            .https(spec["https"].asBoolean)
            .ring(Duration.ofMillis(spec["ring_ms"].asLong))
        builder.startBlocking().use { sandbox ->
            spec["faults"].asJsonArray.forEach { sandbox.addFault(it.toString()) }
            val results = act(case, sandbox)
            val wanted = (case["expect"].asJsonObject["inbox"]?.asJsonArray?.size() ?: 0) * case["count"].asInt
            eventually { sandbox.messages().size >= wanted && sandbox.openApplications == 0 }
            checkResults(case, results)
            checkServer(case, results, sandbox)
        }
    }

    /** The URL of the server of a case. */
    @JvmStatic
    fun server(account: JsonObject, sandbox: Sandbox): String = when (val server = account["server"].asString) {
        "sandbox" -> sandbox.url
        else -> server.replace("{root}", sandbox.url)
    }

    private fun checkResults(case: JsonObject, results: List<JsonObject>) {
        val expect = case["expect"].asJsonObject
        assertEquals(case["count"].asInt, results.size, "results")
        results.forEachIndexed { at, result ->
            val succeeded = !result.has("kind")
            assertEquals(expect.has("receipt"), succeeded, result.toString())
            val wanted = numbered(expect[if (succeeded) "receipt" else "error"], at + 1).asJsonObject
            for ((name, value) in wanted.entrySet()) assertEquals(value, result[name], "$name of $result")
            assertEquals(expect["exit_code"]?.asInt ?: 0, result["exit_code"]?.asInt ?: 0, "exit code of $result")
            val password = case["account"].asJsonObject["password"].asString
            val text = numbered(case["message"].asJsonObject["text"], at + 1).asString
            val shown = strings(result)
            assertFalse(password.length >= TELLING && shown.any { password in it }, "the password is shown")
            assertFalse(!succeeded && text.length >= TELLING && shown.any { text in it }, "the text is shown")
        }
    }

    private fun checkServer(case: JsonObject, results: List<JsonObject>, sandbox: Sandbox) {
        val expect = case["expect"].asJsonObject
        val delivered = sandbox.messages().map(::onTheWire)
        expect["inbox_count"]?.let { assertEquals(it.asInt, delivered.size, "messages") }
        val noneSent = expect.has("error") && results.all { it["sent"]?.asString == "no" }
        val entries = expect["inbox"]?.asJsonArray ?: if (noneSent) JsonArray() else null
        if (entries != null) {
            val left = delivered.toMutableList()
            for (entry in entries) for (n in 1..case["count"].asInt) {
                val wanted = numbered(entry, n).asJsonObject
                val found = left.firstOrNull { each -> wanted.entrySet().all { (name, value) -> each[name] == value } }
                assertNotNull(found, "not delivered: $wanted in $left")
                left.remove(found)
            }
            assertEquals(emptyList<JsonObject>(), left, "delivered, but not expected")
        }
        if (results.size == 1 && delivered.size == 1 && results[0].has("format")) {
            assertEquals("text/" + results[0]["format"].asString, delivered[0]["format"].asString)
        }
        checkRequests(expect, sandbox.journal())
        assertEquals(0, sandbox.openApplications, "open applications")
    }

    private fun checkRequests(expect: JsonObject, journal: List<Exchange>) {
        expect["requests"]?.let { assertEquals(it.asInt, journal.size, journal.toString()) }
        expect["requests_before_accept"]?.let { most ->
            val way = journal.filterNot { "/events" in it.path }
            val invitation = way.indexOfFirst {
                it.method == "POST" && it.path.lowercase().substringBefore('?').endsWith("/messaginginvitations")
            }
            // The invitation itself, and the event channel's answer.
            assertTrue(invitation >= 0 && invitation + 2 <= most.asInt, way.toString())
        }
    }

    /** The names and words of the sandbox's own interface, which the file uses. */
    private fun onTheWire(message: Delivered) = JsonObject().apply {
        addProperty("from", message.sender)
        addProperty("to", message.to)
        addProperty("accepted_by", message.acceptedBy)
        add("subject", message.subject?.let(::JsonPrimitive) ?: JsonNull.INSTANCE)
        addProperty("importance", message.importance.toString().replaceFirstChar(Char::uppercase))
        addProperty("format", "text/${message.format}")
        addProperty("text", message.text)
        addProperty("via", message.via)
    }

    private fun strings(value: JsonElement): List<String> = when (value) {
        is JsonObject -> value.entrySet().flatMap { strings(it.value) }
        is JsonArray -> value.flatMap(::strings)
        is JsonPrimitive -> if (value.isString) listOf(value.asString) else emptyList()
        else -> emptyList()
    }
}
