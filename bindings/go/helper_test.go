package sendim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"send-im.internal/sendim"
	"send-im.internal/sendim/internal/native"
)

const (
	sender   = "tosh@contoso.com"
	password = "s3cret-of-tosh"

	// What takes so long hangs. No test asserts on a shorter time.
	hang = 2 * time.Minute
)

// The folder of the whole project.
const root = "../.."

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "driver" {
		os.Exit(drive())
	}
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "SEND_IM_") {
			os.Unsetenv(name)
		}
	}
	code := m.Run()
	if !native.Shutdown(10_000) {
		fmt.Fprintln(os.Stderr, "the library did not end")
		code = 1
	}
	os.Exit(code)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		check(t, err)
		return value
	}
}

func same[T comparable](t *testing.T, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Fatalf("got %v, wanted %v", got, wanted)
	}
}

func contains(t *testing.T, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Fatalf("there is no %q in %q", part, text)
	}
}

func lacks(t *testing.T, text, part string) {
	t.Helper()
	if strings.Contains(text, part) {
		t.Fatalf("there is %q in %q", part, text)
	}
}

func background(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, options *sendim.SandboxOptions) *sendim.Sandbox {
	t.Helper()
	sandbox, err := sendim.StartSandbox(options)
	check(t, err)
	t.Cleanup(func() { sandbox.Close() })
	return sandbox
}

// change makes another account of one.
type change = func(*sendim.Account)

// account is who sends through this sandbox.
func account(sandbox *sendim.Sandbox, changes ...change) sendim.Account {
	account := sandbox.Account(sender)
	account.Password = password
	for _, change := range changes {
		change(&account)
	}
	return account
}

func to(address, text string) sendim.Message { return sendim.Message{To: address, Text: text} }

func within(timeout time.Duration, address string) sendim.Message {
	return sendim.Message{To: address, Text: "hi", Timeout: timeout}
}

// patient is a message that would ring for an hour.
func patient(address string) sendim.Message { return within(time.Hour, address) }

func signIn(t *testing.T, sandbox *sendim.Sandbox, changes ...change) *sendim.Client {
	t.Helper()
	client, err := sendim.SignIn(background(t), account(sandbox, changes...))
	check(t, err)
	t.Cleanup(func() { client.Close() })
	return client
}

// sent sends a message in one call and gives its receipt.
func sent(t *testing.T, sandbox *sendim.Sandbox, message sendim.Message, changes ...change) *sendim.Receipt {
	t.Helper()
	return must[*sendim.Receipt](t)(sendim.Send(background(t), account(sandbox, changes...), message))
}

// refused sends a message in one call, which must fail.
func refused(t *testing.T, sandbox *sendim.Sandbox, message sendim.Message, changes ...change) *sendim.Error {
	t.Helper()
	_, err := sendim.Send(background(t), account(sandbox, changes...), message)
	return failing(t, err)
}

// delivered is what the sandbox delivered.
func delivered(t *testing.T, sandbox *sendim.Sandbox) []sendim.Delivered {
	t.Helper()
	return must[[]sendim.Delivered](t)(sandbox.Messages())
}

// failing is the error of a call that must fail.
func failing(t *testing.T, err error) *sendim.Error {
	t.Helper()
	var failure *sendim.Error
	if !errors.As(err, &failure) {
		t.Fatalf("%v is no *sendim.Error", err)
	}
	return failure
}

// texts are those of what was delivered.
func texts(t *testing.T, sandbox *sendim.Sandbox) string {
	t.Helper()
	var all []string
	for _, message := range delivered(t, sandbox) {
		all = append(all, message.Text)
	}
	return strings.Join(all, ",")
}

// eventually waits until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.Now().Add(hang / 4)
	for !so() {
		if time.Now().After(deadline) {
			t.Fatal("it never came to this: " + what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// asked is the answer of the sandbox's own interface.
func asked[T any](sandbox *sendim.Sandbox, method, path string) (answer T, err error) {
	text, err := sandbox.Request(method, path, nil)
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	return answer, err
}

// exchange is a request that the sandbox received.
type exchange struct {
	Method, Path string
	Status       int
}

// journal is every request that the sandbox received, oldest first.
func journal(t *testing.T, sandbox *sendim.Sandbox) []exchange {
	t.Helper()
	return must[[]exchange](t)(asked[[]exchange](sandbox, "GET", "journal"))
}

func openSessions(sandbox *sendim.Sandbox) (int, error) {
	state, err := asked[map[string]int](sandbox, "GET", "state")
	return state["open_applications"], err
}

// issueToken gives a token that the sandbox accepts for the sender.
func issueToken(sandbox *sendim.Sandbox) (sendim.Token, error) {
	issued, err := asked[map[string]string](sandbox, "POST", "tokens/"+sender)
	return sendim.Token{Value: sendim.Secret(issued["token"])}, err
}

func signedOut(t *testing.T, sandbox *sendim.Sandbox) {
	t.Helper()
	eventually(t, "no open session", func() bool {
		open, err := openSessions(sandbox)
		return err == nil && open == 0
	})
}

// ringing waits until so many invitations have reached the sandbox.
func ringing(t *testing.T, sandbox *sendim.Sandbox, count int) {
	t.Helper()
	eventually(t, "the invitation rings", func() bool {
		rings := 0
		for _, exchange := range journal(t, sandbox) {
			if exchange.Method == "POST" && exchange.Status == 201 && strings.HasSuffix(strings.ToLower(exchange.Path), "/messaginginvitations") {
				rings++
			}
		}
		return rings >= count
	})
}

// stacks are those of all goroutines.
func stacks() string {
	text := make([]byte, 1<<20)
	return string(text[:runtime.Stack(text, true)])
}
