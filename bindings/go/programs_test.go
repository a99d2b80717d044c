package sendim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"send-im.internal/sendim"
)

// Programs that are built with the package and run: the example, those of the README, and one that ends during a send.

var (
	building sync.Once
	// Where the programs are, once they are built.
	programs string
)

// built builds programs once: the file main.go of each name, the example and the test of the README.
func built(t *testing.T) string {
	t.Helper()
	building.Do(func() {
		folder := must[string](t)(os.MkdirTemp("", "send-im-go-"))
		here := must[string](t)(filepath.Abs("."))
		snippets := readme(t)
		// A package in whose receipts nobody has accepted.
		const end = "\treturn &told.Receipt"
		receipts := strings.Replace(text(t, "receipt.go"), end, "\ttold.AcceptedBy = \"\"\n"+end, 1)
		overlay := map[string]any{"Replace": map[string]string{here + "/receipt.go": folder + "/receipt.txt"}}
		files := map[string]string{
			"go.mod": "module send-im.internal/programs\n\ngo 1.21\n\nrequire send-im.internal/sendim v0.0.0\n\n" +
				"replace send-im.internal/sendim => " + here + "\n",
			"overlay.json":        string(must[[]byte](t)(json.Marshal(overlay))),
			"receipt.txt":         receipts,
			"example/main.go":     text(t, root+"/examples/go/main.go"),
			"first/main.go":       snippets[0],
			"others/main.go":      others(snippets[1:]),
			"others/main_test.go": withImports("main", snippets[len(snippets)-1]),
			"ending/main.go":      ending,
		}
		for name, text := range files {
			path := filepath.Join(folder, filepath.FromSlash(name))
			check(t, os.MkdirAll(filepath.Dir(path), 0o755))
			check(t, os.WriteFile(path, []byte(text), 0o644))
		}
		for _, arguments := range [][]string{
			{"vet", "./..."}, {"build", "-o", folder + "/bin/", "./..."}, {"test", "-c", "-o", folder + "/bin/once", "./others"},
			{"build", "-overlay", folder + "/overlay.json", "-o", folder + "/bin/nobody", "./example"},
		} {
			command := exec.Command("go", arguments...)
			command.Dir = folder
			command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
			if output, err := command.CombinedOutput(); err != nil {
				t.Fatalf("go %v: %v\n%s", arguments, err, output)
			}
		}
		programs = folder
	})
	if programs == "" {
		t.Fatal("the programs were not built, see the first test that needed them")
	}
	return programs
}

// readme is the Go of the README.
func readme(t *testing.T) (snippets []string) {
	t.Helper()
	for _, found := range regexp.MustCompile("(?ms)^```go\n(.*?)^```").FindAllStringSubmatch(text(t, "README.md"), -1) {
		snippets = append(snippets, found[1])
	}
	return snippets
}

func text(t *testing.T, path string) string {
	t.Helper()
	return string(must[[]byte](t)(os.ReadFile(path)))
}

// withImports makes a file of functions that use these packages.
func withImports(name, functions string) string {
	imports := ""
	for _, path := range []string{"context", "errors", "fmt", "os", "os/signal", "syscall", "testing", "time", "send-im.internal/sendim"} {
		if regexp.MustCompile(`\b` + filepath.Base(path) + `\.`).MatchString(functions) {
			imports += fmt.Sprintf("import %q\n", path)
		}
	}
	return "package " + name + "\n\n" + imports + "\n" + functions
}

// others is a program that runs the functions of the README.
func others(snippets []string) string {
	all := strings.Join(snippets[:len(snippets)-1], "\n")
	return withImports("main", all+`
func main() {
	if len(os.Args) > 1 {
		sent := make(chan error, 1)
		err := serve(func(client *sendim.Client) {
			_, err := client.Send(context.Background(), sendim.Message{To: os.Args[1], Text: "hi", Timeout: time.Hour})
			sent <- err
		})
		fmt.Println(explain(err), explain(<-sent))
		return
	}
	ctx := context.Background()
	fmt.Println(explain(alarm(ctx)))
	fmt.Println(explain(alarmAll(ctx)))
	fmt.Println(errors.Is(alarmFor(ctx, time.Second), context.DeadlineExceeded))
	_, err := sendim.Send(ctx, sendim.Account{}, sendim.Message{To: "busy@contoso.com", Text: "hi"})
	fmt.Println(explain(err))
}
`)
}

// What ends with its own exit code while a send to someone who does not answer is under way.
const ending = `package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"send-im.internal/sendim"
)

func main() {
	sandbox, err := sendim.StartSandbox(&sendim.SandboxOptions{Ring: time.Hour})
	if err != nil {
		panic(err)
	}
	account := sandbox.Account("tosh@contoso.com")
	ctx := context.Background()
	client, err := sendim.SignIn(ctx, account)
	if err != nil {
		panic(err)
	}
	go sendim.Send(ctx, account, sendim.Message{To: "silent@contoso.com", Text: "hi", Timeout: time.Hour})
	for n := 0; n < 20; n++ {
		go func() {
			for {
				client.Send(ctx, sendim.Message{To: "lenea@contoso.com", Text: "hi"})
			}
		}()
	}
	if _, err := sandbox.WaitFor(ctx, 10); err != nil {
		panic(err)
	}
	switch os.Args[1] {
	case "exit":
		os.Exit(17)
	case "panic":
		panic("on purpose")
	}
	fmt.Println("the end of main")
}
`

type program struct {
	exit           int
	output, errors string
}

// run runs a program that was built.
func run(t *testing.T, name string, environment []string, arguments ...string) program {
	t.Helper()
	return runUntil(t, func(*os.Process) {}, name, environment, arguments...)
}

// runUntil runs a program that was built; what is done meanwhile may end it.
func runUntil(t *testing.T, meanwhile func(*os.Process), name string, environment []string, arguments ...string) program {
	t.Helper()
	folder := built(t)
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	command := exec.CommandContext(ctx, filepath.Join(folder, "bin", name), arguments...)
	command.Env = append(os.Environ(), environment...)
	command.Dir = t.TempDir()
	var output, failed bytes.Buffer
	command.Stdout, command.Stderr = &output, &failed
	check(t, command.Start())
	meanwhile(command.Process)
	err := command.Wait()
	var exit *exec.ExitError
	if ctx.Err() != nil || err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s hangs or does not start: %v %s", name, err, failed.String())
	}
	return program{command.ProcessState.ExitCode(), output.String(), failed.String()}
}

func stored(sandbox *sendim.Sandbox, password string) []string {
	return []string{"SEND_IM_ADDRESS=" + sender, "SEND_IM_PASSWORD=" + password, "SEND_IM_SERVER=" + sandbox.URL()}
}

func TestTheFirstLinesOfTheReadmeSend(t *testing.T) {
	same(t, run(t, "first", nil), program{0, "lenea@contoso.com hello world\n", ""})
}

func TestTheOtherLinesOfTheReadmeRun(t *testing.T) {
	sandbox := start(t, nil)
	done := run(t, "others", stored(sandbox, password))
	same(t, done.exit, 0)
	same(t, done.errors, "")
	lines := strings.Split(done.output, "\n")
	same(t, len(lines), 8)
	same(t, lines[0], "lenea@contoso.com invitation_accepted")
	same(t, lines[1], "delivered")
	same(t, lines[2], "tosh@contoso.com")
	contains(t, lines[3], "failed: ")
	same(t, strings.Join(lines[4:], " "), "delivered true try again later ")
	same(t, texts(t, sandbox), "disk full on db7,disk full on db7,one")
	same(t, delivered(t, sandbox)[0].Importance, sendim.ImportanceUrgent)

	once := run(t, "once", nil, "-test.v")
	same(t, once.exit, 0)
	contains(t, once.output, "--- PASS: TestOnce")
}

func TestTheReadmeIsFormatted(t *testing.T) {
	for _, snippet := range readme(t) {
		same(t, string(must[[]byte](t)(format.Source([]byte(snippet)))), snippet)
	}
}

func TestTheExampleSendsAndEndsWithTheExitCodeOfTheError(t *testing.T) {
	sandbox := start(t, nil)
	// Also where the server does not say who has accepted.
	for _, name := range []string{"example", "nobody"} {
		done := run(t, name, stored(sandbox, password), "lenea@contoso.com", "hello world")
		same(t, done, program{0, "lenea@contoso.com accepted the message (invitation_accepted).\n", ""})
	}
	same(t, texts(t, sandbox), "hello world,hello world")
	for _, expected := range []struct {
		exit         int
		to, password string
	}{{2, "lenea", password}, {3, "lenea@contoso.com", "wrong"}, {4, "busy@contoso.com", password}} {
		done := run(t, "example", stored(sandbox, expected.password), expected.to, "hello world")
		same(t, done.exit, expected.exit)
		same(t, done.output, "")
		if !regexp.MustCompile(`^sendim: [^\n]+\n$`).MatchString(done.errors) {
			t.Errorf("%q is no line", done.errors)
		}
	}
	done := run(t, "example", nil, "lenea@contoso.com")
	same(t, done, program{2, "", "usage: send RECIPIENT TEXT\n"})
}

func TestAProgramMayEndDuringASend(t *testing.T) {
	for range [5]int{} {
		same(t, run(t, "ending", nil, "exit"), program{17, "", ""})
		same(t, run(t, "ending", nil, "return"), program{0, "the end of main\n", ""})
	}
	done := run(t, "ending", nil, "panic")
	same(t, done.exit, 2)
	contains(t, done.errors, "on purpose")
}

// A program that is told to end by a signal drains what is under way, for as long as it likes.
func TestAProgramMayDrainWhenASignalEndsIt(t *testing.T) {
	for _, expected := range []struct {
		signal          os.Signal
		to, told, texts string
	}{
		{os.Interrupt, "slow@contoso.com", "delivered delivered\n", "hi"},
		{syscall.SIGTERM, "slow@contoso.com", "delivered delivered\n", "hi"},
		{os.Interrupt, "silent@contoso.com", "(kind cancelled, step confirm, sent maybe)", ""},
	} {
		sandbox := start(t, &sendim.SandboxOptions{Ring: time.Hour})
		done := runUntil(t, func(program *os.Process) {
			ringing(t, sandbox, 1)
			check(t, program.Signal(expected.signal))
		}, "others", stored(sandbox, password), expected.to)
		same(t, done.exit, 0)
		same(t, done.errors, "")
		contains(t, done.output, expected.told)
		same(t, texts(t, sandbox), expected.texts)
		same(t, must[int](t)(openSessions(sandbox)), 0)
	}
}

func TestTheVersionIsThatOfTheWorkspace(t *testing.T) {
	manifest := text(t, root+"/Cargo.toml")
	same(t, sendim.Version(), regexp.MustCompile(`(?m)^version = "([^"]+)"`).FindStringSubmatch(manifest)[1])
}

// A goroutine that is left behind by a test would be one that the package started.
func TestNoGoroutineIsLeft(t *testing.T) {
	sandbox := start(t, nil)
	_, logged := logger(-4)
	client := signIn(t, sandbox, logged)
	must[*sendim.Receipt](t)(client.Send(background(t), to("lenea@contoso.com", "hi")))
	check(t, client.Close())
	eventually(t, "no goroutine of the package is left", func() bool {
		return !strings.Contains(stacks(), "sendim.(*stepLog)") && !strings.Contains(stacks(), "sendim.(*tokens)")
	})
}
