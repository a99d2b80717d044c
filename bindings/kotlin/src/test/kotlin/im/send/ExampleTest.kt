package im.send

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.CsvSource

/** The example program in Kotlin, as a person runs it. */
class ExampleTest {
    private fun run(sandbox: Sandbox, vararg arguments: String, password: String = PASSWORD) =
        program("SendKt", *arguments, environment = Readme.environment(sandbox) + ("SEND_IM_PASSWORD" to password))

    @Test
    fun `it sends`() = withSandbox { sandbox ->
        val done = run(sandbox, "lenea@contoso.com", "hello world")
        assertEquals(Ended(0, "lenea@contoso.com accepted the message (invitation_accepted).\n", ""), done)
        assertEquals("hello world", sandbox.messages().single().text)
    }

    @ParameterizedTest
    @CsvSource("lenea,x,2", "lenea@contoso.com,wrong,3", "busy@contoso.com,x,4")
    fun `it ends with the sentence and the exit code of the error`(to: String, password: String, code: Int) = withSandbox { sandbox ->
        val done = run(sandbox, to, "hello world", password = password)
        assertEquals(code to "", done.code to done.out)
        assertTrue(done.err.trim().lines().size == 1 && done.err.trim().endsWith("."), done.err)
    }

    @Test
    fun `it says how it is used`() = withSandbox { sandbox -> assertEquals(2, run(sandbox, "lenea@contoso.com").code) }
}
