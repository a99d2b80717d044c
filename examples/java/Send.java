import im.send.SendIm;
import im.send.SendImException;
import java.util.Objects;

/**
 * Sends one message to a recipient: {@code lenea@contoso.com "disk full on db7"}.
 *
 * <p>Who sends comes from SEND_IM_ADDRESS and SEND_IM_PASSWORD, or from ~/.config/send-im/config.toml
 * (on Windows %APPDATA%\send-im\config.toml).
 */
public class Send {
    public static void main(String[] arguments) {
        if (arguments.length != 2) {
            System.err.println("usage: Send RECIPIENT TEXT");
            System.exit(2);
        }
        try {
            var receipt = SendIm.sendIm(arguments[0], arguments[1]);
            // Nobody is named where the server does not say who accepted.
            var acceptedBy = Objects.requireNonNullElse(receipt.acceptedBy(), receipt.to());
            System.out.println(acceptedBy + " accepted the message (" + receipt.evidence() + ").");
        } catch (SendImException error) {
            System.err.println(error.getMessage());
            System.exit(error.getExitCode());
        }
    }
}
