package im.send

import com.google.gson.JsonParser
import com.sun.jna.Platform
import java.io.File
import java.nio.file.Files
import java.nio.file.Path
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** A native library that cannot be loaded: the error says which file, why, and what to do, in the words of all languages. */
class LibraryTest {
    @TempDir
    lateinit var room: Path

    private val sentences =
        JsonParser.parseString(Files.readString(ROOT.resolve("tests/scenarios/unloadable.json"))).asJsonObject
    private val name = System.mapLibraryName("send_im_uniffi")
    private val resource = "${Platform.RESOURCE_PREFIX}/$name"
    private val bundled: ByteArray = javaClass.getResourceAsStream("/$resource")!!.use { it.readBytes() }
    private val processors = mapOf(62 to "x86_64", 183 to "aarch64")

    private fun told(library: String?, classPath: String = System.getProperty("java.class.path"),
                     launcher: List<String> = emptyList(), options: List<String> = emptyList()): String {
        val environment = if (library == null) emptyMap() else mapOf("SEND_IM_LIBRARY" to library)
        val done = program("im.send.LoadsLibrary", environment = environment, options = options, classPath = classPath,
            launcher = launcher)
        assertEquals(0, done.code, done.err)
        val lines = done.out.trim().lines()
        assertEquals(lines.take(lines.size / 2), lines.drop(lines.size / 2), "it says so each time")
        return lines.take(lines.size / 2).joinToString("\n")
    }

    private fun sentence(place: Any, cause: String, vararg values: Pair<String, String>): String {
        val why = values.fold(sentences[cause].asString) { text, (name, value) -> text.replace("{$name}", value) }
        return "java.lang.UnsatisfiedLinkError: ${sentences["head"].asString}\n  $place: $why\n${sentences["tail"].asString}"
    }

    private fun file(content: ByteArray): String = Files.write(room.resolve(name), content).toString()

    /** Where the library of the jar stands in the class path, without it. */
    private fun withoutLibrary(): String {
        val places = System.getProperty("java.class.path").split(File.pathSeparator).map { place ->
            if (!Files.exists(Path.of(place).resolve(resource))) return@map place
            val copy = room.resolve("classes")
            File(place).copyRecursively(copy.toFile())
            Files.delete(copy.resolve(resource))
            copy.toString()
        }
        return places.joinToString(File.pathSeparator)
    }

    @Test
    fun `a jar for another platform`() = assertEquals(sentence("$resource in the jar", "missing"), told(null, withoutLibrary()))

    @Test
    fun `the library that the environment names takes the place of the jar's`() {
        assertEquals("loaded", told(file(bundled), withoutLibrary()))
        assertEquals("loaded", told(""))
        val nowhere = room.resolve("nowhere.so")
        assertEquals(sentence(nowhere, "missing"), told(nowhere.toString()))
        val archive = Files.writeString(room.resolve("app.jar"), "PK")
        val inside = archive.resolve(name)
        assertEquals(sentence(inside, "archive", "archive" to archive.toString()), told(inside.toString()))
        val text = file("no library".toByteArray())
        val out = told(text)
        assertTrue("\n  $text: $text: file too short\n" in out, out)
    }

    @Test
    fun `a library of another processor`() {
        val own = bundled[18].toInt()
        val other = if (own == 62) 183 else 62
        val place = file(bundled.copyOf().also { it[18] = other.toByte() })
        val values = arrayOf("found" to processors.getValue(other), "own" to processors.getValue(own))
        assertEquals(sentence(place, "architecture", *values), told(place))
    }

    @Test
    fun `a C library that is too old`() {
        val library = String(bundled, Charsets.ISO_8859_1)
        val newest = Regex("GLIBC_2\\.\\d\\d\u0000").findAll(library).map { it.value }.max()
        val place = file(library.replace(newest, "GLIBC_2.99\u0000").toByteArray(Charsets.ISO_8859_1))
        assertEquals(sentence(place, "old_c_library", "version" to "GLIBC_2.99"), told(place))
    }

    @Test
    fun `folders that are mounted noexec`() {
        val original = Files.write(Files.createTempFile("library", ".so"), bundled)
        try {
            val place = room.resolve("library.so").toString()
            val mount = "mount -t tmpfs -o noexec tmpfs \"$1\" && cp \"$2\" \"$3\" && shift 3 && exec \"$@\""
            val mounted = listOf("unshare", "--mount", "sh", "-c", mount, "sh", "$room", "$original", place)
            val possible = ProcessBuilder(mounted + "true").redirectErrorStream(true).start()
            assumeTrue(possible.waitFor() == 0, "nothing can be mounted here (it takes root)")
            assertEquals(sentence(place, "noexec"), told(place, launcher = mounted))
            // JNA unpacks its own library into that folder first.
            val jna = told(null, launcher = mounted, options = listOf("-Djna.tmpdir=$room"))
            assertTrue(sentences["noexec"].asString in jna && "\n  $room/" in jna, jna)
        } finally {
            Files.delete(original)
        }
    }
}
