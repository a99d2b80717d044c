import im.send.SendImException
import im.send.sendIm
import kotlin.system.exitProcess

/**
 * Sends one message to a recipient: `lenea@contoso.com "disk full on db7"`.
 *
 * Who sends comes from SEND_IM_ADDRESS and SEND_IM_PASSWORD, or from ~/.config/send-im/config.toml
 * (on Windows %APPDATA%\send-im\config.toml).
 */
suspend fun main(arguments: Array<String>) {
    if (arguments.size != 2) {
        System.err.println("usage: Send RECIPIENT TEXT")
        exitProcess(2)
    }
    val (recipient, text) = arguments
    try {
        val receipt = sendIm(recipient, text)
        println("${receipt.acceptedBy ?: receipt.to} accepted the message (${receipt.evidence}).")
    } catch (error: SendImException) {
        System.err.println(error.message)
        exitProcess(error.exitCode)
    }
}
