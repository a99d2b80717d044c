package im.send;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the README and the example show is compiled and run. */
@Tag("java")
class JavaDocsTest {
    private static final List<String> SNIPPETS = Readme.snippets("java");

    @Test
    void theReadmeOpensWithFiveLinesThatWork() throws IOException {
        assertTrue(SNIPPETS.get(0).strip().lines().count() <= 5);
        try (var sandbox = Sandbox.start()) {
            var done = Readme.run("Snippet0", sandbox, compiled(0));
            assertEquals(new Ended(0, "lenea@contoso.com hello world\n", ""), done);
        }
    }

    @Test
    void everySnippetOfTheReadmeWorks() throws IOException {
        try (var sandbox = Sandbox.start()) {
            for (var number = 0; number < SNIPPETS.size(); number++) {
                var done = Readme.run("Snippet" + number, sandbox, compiled(number));
                assertEquals(0, done.getCode(), done.toString());
                assertEquals("", done.getErr());
            }
            assertEquals("db7", sandbox.messages().get(0).subject());
            assertEquals(4, sandbox.messages().size());
        }
    }

    @Test
    void theExampleSends() throws IOException {
        try (var sandbox = Sandbox.start()) {
            var done = Readme.run("Send", sandbox, Readme.getClassPath(), "lenea@contoso.com", "hello world");
            assertEquals(new Ended(0, "lenea@contoso.com accepted the message (invitation_accepted).\n", ""), done);
            assertEquals("hello world", sandbox.messages().get(0).text());
            assertEquals(2, Readme.run("Send", sandbox, Readme.getClassPath(), "lenea@contoso.com").getCode());
        }
        assertTrue(Files.readAllLines(SupportKt.getROOT().resolve("examples/java/Send.java")).size() <= 30);
    }

    @ParameterizedTest
    @CsvSource({"lenea,2", "busy@contoso.com,4"})
    void theExampleEndsWithTheSentenceAndTheExitCodeOfTheError(String to, int code) {
        try (var sandbox = Sandbox.start()) {
            var done = Readme.run("Send", sandbox, Readme.getClassPath(), to, "hello world");
            assertEquals(code, done.getCode());
            assertEquals("", done.getOut());
            assertEquals(1, done.getErr().strip().lines().count());
            assertTrue(done.getErr().strip().endsWith("."), done.getErr());
        }
    }

    /** Compiles a snippet as the body of a main method, and gives the class path to run it. */
    private static String compiled(int number) throws IOException {
        var folder = Files.createTempDirectory("snippet");
        var source = "import im.send.*;\npublic class Snippet" + number + " {\n"
                + "    public static void main(String[] arguments) {\n" + SNIPPETS.get(number) + "    }\n}\n";
        var file = Files.writeString(folder.resolve("Snippet" + number + ".java"), source);
        compile(file, folder);
        return folder + File.pathSeparator + Readme.getClassPath();
    }

    private static void compile(Path file, Path folder) {
        var javac = ToolProvider.getSystemJavaCompiler();
        var code = javac.run(null, null, null, "-cp", Readme.getClassPath(), "-d", folder.toString(), file.toString());
        assertEquals(0, code, "javac");
    }
}
