package im.send

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What is wrong on the way to the pool. */
class DiagnosisTest {
    @Test
    fun `every check passes, nothing is sent and no session is left`() = withSandbox { sandbox ->
        val diagnosis = runBlocking { sandbox.account().diagnose() }
        assertNull(diagnosis.failure)
        assertEquals(CheckName.entries, diagnosis.checks.map { it.name })
        assertTrue(diagnosis.checks.all { it.advice == null && it.kind == null && it.seen.isNotEmpty() })
        assertEquals(0 to 0, sandbox.messages().size to sandbox.openApplications)
    }

    @Test
    fun `a failure says who can do what, and no secret`() = withSandbox { sandbox ->
        val diagnosis = Account(SENDER, "wrong", server = sandbox.url).diagnoseBlocking()
        val failure = checkNotNull(diagnosis.failure)
        assertEquals(
            listOf(CheckName.SIGN_IN, ErrorKind.SIGN_IN_REFUSED, AdviceOwner.YOU),
            listOf(failure.name, failure.kind, failure.advice?.who),
        )
        assertTrue("DOMAIN" in failure.advice!!.what)
        assertFalse("cwt=" in diagnosis.toString())
        assertTrue(diagnosis.checks.dropWhile { it !== failure }.drop(1).any { it.outcome == CheckOutcome.SKIPPED })
    }

    @Test
    fun `an unusable account is thrown`() {
        assertThrows(InvalidInputException::class.java) { Account("tosh", "x").diagnoseBlocking() }
    }
}
