package im.send.internal

import com.sun.jna.Callback
import com.sun.jna.CallbackThreadInitializer
import com.sun.jna.Native
import im.send.internal.uniffi.*
import java.util.Properties

/** How long the end of a program waits for idle sessions to be closed, in milliseconds. */
private const val GRACE_MS = 3000uL

/** The system property that keeps the package from doing anything at the end of the program. */
private const val HOOK = "im.send.shutdownHook"

/** The system property by which the generated code is told of another file. */
private const val OVERRIDE = "uniffi.component.send_im_uniffi.libraryOverride"

/** The first line of an error of JNA, where a file is named. */
private val HEADING = Regex("^Unable to load library '.*':\\R")

/** The native library: loaded by the first call. */
internal object NativeLibrary {
    /** The version of this package. */
    val version: String = Properties().run {
        NativeLibrary::class.java.getResourceAsStream("/im/send/send-im.properties").use(::load)
        getProperty("version")
    }

    private val problem: String? = load()

    /**
     * Loads the library if need be.
     *
     * @throws UnsatisfiedLinkError with a sentence that says what is missing, each time.
     */
    fun require() {
        if (problem != null) throw UnsatisfiedLinkError(problem)
    }

    private fun load(): String? {
        val named = System.getenv("SEND_IM_LIBRARY")?.takeIf { it.isNotEmpty() }?.also { System.setProperty(OVERRIDE, it) }
            ?: System.getProperty(OVERRIDE)
        try {
            uniffiEnsureInitialized()
        } catch (error: LinkageError) {
            return Unloadable.told(named, cause(error))
        }
        val found = version()
        if (found != version) {
            return Unloadable.sentences(named ?: "the library", "it is of version $found, this package of $version")
        }
        attachOnce()
        endWithTheProgram()
        return null
    }

    /** The loader's own words, without the line that JNA puts before them for a file that is named. */
    private fun cause(error: Throwable): String =
        generateSequence(error) { it.cause }.last().message.orEmpty().replace(HEADING, "").lines().first()

    /**
     * A native thread is attached to the virtual machine once, as a daemon. By default it would be attached and
     * detached with each callback, which costs more than the rest of a call, and could keep the program from ending.
     */
    private fun attachOnce() {
        val attached = CallbackThreadInitializer(true, false, "send-im")
        val callbacks: List<Callback> = listOf(
            uniffiRustFutureContinuationCallbackImpl,
            uniffiCallbackInterfaceStepListener.onStep,
            uniffiCallbackInterfaceStepListener.uniffiFree,
            uniffiCallbackInterfaceStepListener.uniffiClone,
            uniffiCallbackInterfaceTokenProvider.requestToken,
            uniffiCallbackInterfaceTokenProvider.uniffiFree,
            uniffiCallbackInterfaceTokenProvider.uniffiClone,
        )
        callbacks.forEach { Native.setCallbackThreadInitializer(it, attached) }
    }

    /** Hooks run side by side, in no order: what the program's own still send must neither be cancelled nor refused. */
    private fun endWithTheProgram() {
        if (System.getProperty(HOOK).equals("false", ignoreCase = true)) return
        try {
            Runtime.getRuntime().addShutdownHook(Thread({ windDown(GRACE_MS) }, "send-im-shutdown"))
        } catch (_: IllegalStateException) {
            // The program is ending already, and this is the call of another hook.
            windDown(0u)
        }
    }
}
