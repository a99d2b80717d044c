package im.send

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.CsvSource

/**
 * The end of a program: its exit code is kept, nothing hangs, sessions are signed out. Each program is a virtual machine
 * of its own. Here `silent@` rings for an hour: a program that waited for the answer would count as hanging.
 */
class EndTest {
    private fun withPatientSandbox(block: (Sandbox) -> Unit) =
        Sandbox.builder().ring(java.time.Duration.ofHours(1)).startBlocking().use(block)

    @ParameterizedTest
    @CsvSource(
        "nothing,3", "nothing,return", "blocking,0", "blocking,7", "blocking,return", "future,7", "future,return",
        "client,5", "client,return", "token,6", "token,return", "listener,6", "listener,return", "busy,5", "busy,return",
    )
    fun `the exit code is kept and no session stays`(way: String, code: String) = withPatientSandbox { sandbox ->
        val done = program("im.send.Ending", sandbox.url, way, code)
        assertEquals(if (code == "return") 0 else code.toInt(), done.code, done.toString())
        assertEquals("", done.err)
        assertTrue(eventually { sandbox.openApplications == 0 }, "a session stays behind")
        if (way != "client" && way != "busy") assertTrue(sandbox.messages().isEmpty())
    }

    @Test
    fun `a send in flight is told that the program ends`() = withPatientSandbox { sandbox ->
        assertEquals(Ended(9, "cancelled maybe\n", ""), program("im.send.Ending", sandbox.url, "told", "9"))
    }

    @Test
    fun `many sends in flight end again and again`() = withPatientSandbox { sandbox ->
        // Callbacks race with the end of the virtual machine here; one bad order in a hundred must show.
        repeat(8) { assertEquals(Ended(5, "", ""), program("im.send.Ending", sandbox.url, "busy", "5")) }
    }

    @Test
    fun `an uncaught error ends with its sentence`() = withPatientSandbox { sandbox ->
        val done = program("im.send.Ending", sandbox.url, "uncaught", "0")
        assertEquals(1, done.code)
        val first = done.err.lines().first()
        assertTrue(first.startsWith("Exception in thread \"main\" im.send.NotDeliveredException: "), first)
        assertTrue("im.send.Ending.main" in done.err)
    }

    @Test
    fun `memory stays flat over 20000 sends on one session`() = withSandbox { sandbox ->
        assumeTrue(java.nio.file.Files.exists(java.nio.file.Path.of("/proc/self/status")), "no /proc on this system")
        // A heap that is there from the start: what grows is not the collector's choice.
        val options = listOf("-Xms96m", "-Xmx96m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-XX:ReservedCodeCacheSize=48m")
        val done = program("im.send.ManySends", sandbox.url, options = options)
        assertEquals(0, done.code, done.err)
        val resident = done.out.lines().filter(String::isNotBlank).map(String::toLong)
        assertEquals(10, resident.size)
        assertEquals(20_000, sandbox.messages().size)
        println("resident memory in KiB after each 2000 sends: $resident")
        // 16,000 sends after the warm-up. A leak of 512 bytes a send would be 8 MiB.
        val grown = resident.last() - resident[1]
        assertTrue(grown < 8 * 1024, "it grew by $grown KiB: $resident")
    }
}
