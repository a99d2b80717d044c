package im.send

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
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
    fun `many sends on one session leave nothing behind`() = withSandbox { sandbox ->
        // Counted after each window; the first windows warm up.
        val (windows, warmUp, rounds) = Triple(7, 3, 100)
        val done = program("im.send.ManySends", sandbox.url, "$windows", "$rounds")
        assertEquals(0, done.code, done.err)
        println("objects of the JVM and allocations of the library: ${done.out.lines()}")
        val counts = done.out.trim().lines().map { line -> line.split(' ').map(String::toLong) }
        assertTrue(counts[0][1] > 0, "the library does not count; this is no debug build")
        assertEquals(windows * rounds * 12, sandbox.messages().size)
        // What is lost once a round makes 400.
        counts.last().zip(counts[warmUp - 1]).forEach { (last, warm) -> assertTrue(last - warm < 300, "$counts") }
    }
}
