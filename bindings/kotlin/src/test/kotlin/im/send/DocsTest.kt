package im.send

import java.nio.file.Files
import org.jetbrains.kotlin.cli.common.ExitCode
import org.jetbrains.kotlin.cli.jvm.K2JVMCompiler
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What the README shows is compiled and run. `JavaDocsTest` does it for Java. */
class DocsTest {
    private val snippets = Readme.snippets("kotlin")

    @Test
    fun `the readme opens with lines that work`() {
        val first = Readme.text.substringAfter("```").substringBefore("```")
        assertTrue(first.startsWith("kotlin\n"))
        val lines = snippets.first().trim().lines().filterNot { it.startsWith("import ") }
        assertTrue(lines.size <= 5, lines.toString())
        assertEquals(Ended(0, "lenea@contoso.com hello world\n", ""), program("snippet0.Snippet0Kt", classPath = compiled))
    }

    @Test
    fun `every snippet of the readme works`() = withSandbox { sandbox ->
        for (number in snippets.indices) {
            val done = program("snippet$number.Snippet${number}Kt", environment = Readme.environment(sandbox), classPath = compiled)
            assertEquals(0 to "", done.code to done.err, snippets[number])
        }
        assertEquals(listOf("db7", null, null, null), sandbox.messages().map { it.subject })
    }

    @Test
    fun `no coroutine of the readme is blocked`() {
        val blocking = Regex("""\w*Blocking\(|\.join\(\)|\.get\(\)|\.close\(|Client\.signIn\(.*\)\.use""")
        assertEquals(emptyList<String>(), snippets.filter { "suspend fun main" in it }.mapNotNull { blocking.find(it)?.value })
    }

    @Test
    fun `the version in the readme is that of the package`() =
        assertTrue("<version>${im.send.internal.NativeLibrary.version}</version>" in Readme.text)

    @Test
    fun `the example of the blog post is short`() {
        assertTrue(Files.readAllLines(ROOT.resolve("examples/kotlin/Send.kt")).size <= 30)
    }

    /** The class path of the compiled snippets. */
    private val compiled: String by lazy {
        val folder = Files.createTempDirectory("snippets")
        // A package each: two main functions in one package cannot be told apart.
        val sources = snippets.mapIndexed { number, text ->
            Files.writeString(folder.resolve("Snippet$number.kt"), "package snippet$number\n$text").toString()
        }
        val classPath = System.getProperty("java.class.path")
        val arguments = arrayOf("-no-stdlib", "-no-reflect", "-cp", classPath, "-d", folder.toString()) + sources
        assertEquals(ExitCode.OK, K2JVMCompiler().exec(System.err, *arguments))
        "$folder${java.io.File.pathSeparator}$classPath"
    }
}

/** The README, for both languages. */
object Readme {
    @JvmStatic
    val text: String = Files.readString(ROOT.resolve("bindings/kotlin/README.md"))

    @JvmStatic
    fun snippets(language: String): List<String> =
        Regex("(?ms)^```$language\n(.*?)^```").findAll(text).map { it.groupValues[1] }.toList()

    /** Stored credentials for a program. */
    @JvmStatic
    fun environment(sandbox: Sandbox): Map<String, String> =
        mapOf("SEND_IM_ADDRESS" to SENDER, "SEND_IM_PASSWORD" to PASSWORD, "SEND_IM_SERVER" to sandbox.url)

    /** Runs a program with the stored credentials. */
    @JvmStatic
    fun run(main: String, sandbox: Sandbox, classPath: String, vararg arguments: String): Ended =
        program(main, *arguments, environment = environment(sandbox), classPath = classPath)

    /** The class path of the tests. */
    @JvmStatic
    val classPath: String = System.getProperty("java.class.path")
}
