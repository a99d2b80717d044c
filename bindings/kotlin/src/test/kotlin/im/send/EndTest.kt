package im.send

import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.seconds
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.CsvSource
import org.junit.jupiter.params.provider.ValueSource

/**
 * The end of a program: its exit code is kept, nothing hangs, and what its own hooks still send arrives. Each program is a
 * virtual machine of its own. Here `silent@` rings for an hour: a program that waited for the answer would count as hanging.
 */
class EndTest {
    private fun withPatientSandbox(block: (Sandbox) -> Unit) =
        Sandbox.builder().ring(1.hours).slow(5.seconds).startBlocking().use(block)

    @ParameterizedTest
    @CsvSource(
        "nothing,3", "nothing,return", "blocking,0", "blocking,7", "blocking,return", "future,7", "future,return",
        "client,5", "client,return", "token,6", "token,return", "listener,6", "listener,return", "busy,5", "busy,return",
    )
    fun `the exit code is kept, and what nobody waits for keeps nobody`(way: String, code: String) = withPatientSandbox { sandbox ->
        val done = program("im.send.Ending", sandbox.url, way, code)
        // Once main has returned, an answer may find no virtual machine any more, and JNA says so. After an exit its thread stands still.
        val jna = Regex("(?m)^JNA: Can't attach native thread to VM for callback.*\n")
        val err = if (code == "return") done.err.replace(jna, "") else done.err
        assertEquals(Ended(if (code == "return") 0 else code.toInt(), "", ""), done.copy(err = err))
        if (way != "client" && way != "busy") assertTrue(sandbox.messages().isEmpty())
        if (way == "client") assertEquals(0, sandbox.openApplications, "a session stays behind")
    }

    @ParameterizedTest
    @ValueSource(strings = ["3", "return"])
    fun `what a cancelled send leaves to do is waited for`(code: String) = withPatientSandbox { sandbox ->
        // Closing its session takes more than one request.
        sandbox.addFault(Route.DELETE_APPLICATION, Fault.dropBefore())
        assertEquals(Ended(if (code == "return") 0 else 3, "", ""), program("im.send.Ending", sandbox.url, "cut off", code))
        assertEquals(0, sandbox.openApplications, "a session stays behind")
    }

    @ParameterizedTest
    @CsvSource("one call,3", "future,return", "coroutine,0", "client,3", "client,return")
    fun `a hook of the program drains its pool of sends, and says a last word`(way: String, end: String) =
        withPatientSandbox { sandbox ->
            drained(sandbox, program("im.send.Draining", sandbox.url, way, end), if (end == "return") 0 else end.toInt())
        }

    @ParameterizedTest
    @CsvSource("client,TERM,143", "one call,TERM,143", "client,INT,130")
    fun `a signal ends a program that drains its pool`(way: String, signal: String, code: Int) = withPatientSandbox { sandbox ->
        val done = program("im.send.Draining", sandbox.url, way, "signal", launcher = WITH_ALL_SIGNALS) { process ->
            assertTrue(eventually { sandbox.invitations() == 4 })
            ProcessBuilder("kill", "-$signal", process.pid().toString()).start().waitFor()
        }
        drained(sandbox, done, code)
    }

    @Test
    fun `it drains its pool without a hook of the package too`() = withPatientSandbox { sandbox ->
        val done = program("im.send.Draining", sandbox.url, "one call", "3", options = listOf(NO_HOOK))
        drained(sandbox, done, 3)
    }

    private fun drained(sandbox: Sandbox, done: Ended, code: Int) {
        assertEquals(code to "", done.code to done.err, done.toString())
        assertEquals(listOf("last@contoso.com") + List(6) { "slow@contoso.com" }, done.out.lines().filter(String::isNotEmpty).sorted())
        assertEquals(7, sandbox.messages().size)
        assertEquals(0, sandbox.openApplications, "a session stays behind")
    }

    @ParameterizedTest
    @ValueSource(strings = ["hook", "client in a hook", "first client in a hook"])
    fun `a hook sends, and its session is closed before the send returns`(way: String) = withPatientSandbox { sandbox ->
        assertEquals(Ended(4, "lenea@contoso.com\n", ""), program("im.send.Ending", sandbox.url, way, "4"))
        assertEquals(0, sandbox.openApplications, "a session stays behind")
    }

    @Test
    fun `a hook cuts its sends off and closes its client`() = withPatientSandbox { sandbox ->
        assertEquals(Ended(9, "cancelled maybe\n", ""), program("im.send.Ending", sandbox.url, "cancelling", "9"))
        assertEquals(0, sandbox.openApplications)
        assertTrue(sandbox.messages().isEmpty())
    }

    @Test
    fun `the switch keeps the package from doing anything at the end`() = withPatientSandbox { sandbox ->
        val done = program("im.send.Ending", sandbox.url, "client", "5", options = listOf(NO_HOOK))
        assertEquals(Ended(5, "", ""), done)
        assertEquals(1, sandbox.openApplications)
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

    private companion object {
        const val NO_HOOK = "-Dim.send.shutdownHook=false"

        /** Ctrl-C is ignored in whatever a shell runs in the background, these tests among it, and a program inherits that. */
        val WITH_ALL_SIGNALS = listOf(
            "python3", "-c",
            "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])",
        )
    }
}
