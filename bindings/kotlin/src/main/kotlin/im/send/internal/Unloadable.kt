package im.send.internal

import com.sun.jna.Platform
import java.io.IOException
import java.io.InputStream
import java.nio.file.Files
import java.nio.file.Path

/** The processors of ELF files, by `e_machine`. */
private val MACHINES =
    mapOf(3 to "x86", 21 to "ppc64", 22 to "s390x", 40 to "arm", 62 to "x86_64", 183 to "aarch64", 243 to "riscv64")

private val NEWER_LIBC = Regex("""version [`']?(GLIBC_[\d.]+)' not found""")

/** The copy that JNA has made of a library of a jar. */
private val UNPACKED = Regex("""(/[^:()]*\.tmp):""")

/**
 * Why the native library cannot be loaded. The loader itself often says something else: for a library of another processor
 * glibc says that there is no such file.
 */
internal object Unloadable {
    /** What the error says. Without [named] the library is that of the jar. */
    fun told(named: String?, words: String): String {
        val resource = "${Platform.RESOURCE_PREFIX}/${System.mapLibraryName("send_im_uniffi")}"
        val (place, why) = when (named) {
            null -> (UNPACKED.find(words)?.groupValues?.get(1) ?: "$resource in the jar") to whyOfJar("/$resource", words)
            else -> named to whyOfFile(Path.of(named), words)
        }
        return sentences(place, why)
    }

    fun sentences(place: String, why: String): String = "send-im cannot load its native library. It tried:\n  $place: $why\n" +
        "SEND_IM_LIBRARY can name the file to load."

    private fun whyOfJar(resource: String, words: String): String {
        val inside = Unloadable::class.java.getResource(resource) ?: return MISSING
        return ofAnotherProcessor { inside.openStream() } ?: fromTheLoader(words)
    }

    private fun whyOfFile(file: Path, words: String): String {
        val archive = generateSequence(file.toAbsolutePath().parent) { it.parent }.find { Files.isRegularFile(it) }
        if (archive != null) return "it lies in the archive $archive, from which no library can be loaded; unpack that"
        if (!Files.exists(file)) return MISSING
        return ofAnotherProcessor { Files.newInputStream(file) } ?: fromTheLoader(words)
    }

    private fun ofAnotherProcessor(library: () -> InputStream): String? {
        val found = machine(library) ?: return null
        val own = machine { Files.newInputStream(Path.of("/proc/self/exe")) } ?: return null
        return "it is built for $found and this program for $own; install the package for $own".takeIf { found != own }
    }

    private fun fromTheLoader(words: String): String {
        val version = NEWER_LIBC.find(words)?.groupValues?.get(1)
        return when {
            version != null -> "it needs $version, and the C library of this system is older; " +
                "take a newer system, or build the package on this one"
            "failed to map segment" in words -> NOEXEC
            else -> words
        }
    }

    private fun machine(file: () -> InputStream): String? {
        val head = try {
            file().use { it.readNBytes(20) }
        } catch (_: IOException) {
            return null
        }
        if (head.size < 20 || String(head, 0, 4, Charsets.ISO_8859_1) != "\u007fELF") return null
        val (first, second) = head[18].toInt().and(0xff) to head[19].toInt().and(0xff)
        val number = if (head[5].toInt() == 2) first * 256 + second else second * 256 + first
        return MACHINES[number] ?: "processor $number"
    }

    private const val MISSING = "there is no such file; install the package for this platform again"
    private const val NOEXEC = "its file system is mounted noexec; put the package, or a copy of the library, on another"
}
