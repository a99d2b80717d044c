import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.net.URLEncoder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** java Send.java URL RECIPIENT */
public class Send {
    private static final String USERNAME = "tosh@contoso.com";
    private static final String PASSWORD = "s3cret-of-tosh";
    private static final String FORM = "application/x-www-form-urlencoded";

    public static void main(String[] arguments) throws IOException {
        String page = arguments[0] + "index.html";
        String recipient = arguments[1];
        String who = "&username=" + escaped(USERNAME) + "&password=" + escaped(PASSWORD);
        ask("get", page + "?" + form(recipient, text("get")), null, null);
        ask("credentials", page + "?" + form(recipient, text("credentials")) + who, null, null);
        ask("form", page, FORM, form(recipient, text("form")));
        String json = "{\"recipient\": \"" + recipient + "\", \"message\": \"" + text("json")
                + "\", \"username\": \"" + USERNAME + "\", \"password\": \"" + PASSWORD + "\"}";
        ask("json", page, "application/json", json);
        ask("busy", page, FORM, form("busy@contoso.com", "hello"));
    }

    private static String text(String shape) {
        return shape + " from Java: gr\u00fc\u00dfe, 50% & mehr \ud83d\ude00";
    }

    private static String form(String recipient, String message) {
        return "recipient=" + escaped(recipient) + "&message=" + escaped(message);
    }

    private static String escaped(String value) {
        return URLEncoder.encode(value, UTF_8);
    }

    /** Prints the status, and the kind of a problem. */
    private static void ask(String name, String url, String type, String body) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) new URL(url).openConnection();
        if (body != null) {
            connection.setRequestMethod("POST");
            connection.setRequestProperty("Content-Type", type);
            connection.setDoOutput(true);
            connection.getOutputStream().write(body.getBytes(UTF_8));
        }
        int status = connection.getResponseCode();
        String kind = "";
        try (InputStream answer = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            Matcher member = Pattern.compile("\"kind\":\"(\\w+)\"").matcher(new String(answer.readAllBytes(), UTF_8));
            if (member.find()) {
                kind = " " + member.group(1);
            }
        }
        System.out.println(name + " " + status + kind);
    }
}
