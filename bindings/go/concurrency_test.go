package sendim_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"send-im.internal/sendim"
)

// inParallel runs so many goroutines and waits for them.
func inParallel(count int, work func(n int)) {
	var group sync.WaitGroup
	for n := 0; n < count; n++ {
		group.Add(1)
		go func(n int) {
			defer group.Done()
			work(n)
		}(n)
	}
	group.Wait()
}

func TestAThousandGoroutinesOnOneClient(t *testing.T) {
	sandbox := start(t, nil)
	client := signIn(t, sandbox)
	inParallel(1000, func(n int) {
		if _, err := client.Send(context.Background(), to(fmt.Sprintf("user%d@contoso.com", n%100), fmt.Sprint(n))); err != nil {
			t.Error(err)
		}
	})
	messages := must[[]sendim.Delivered](t)(sandbox.Messages())
	same(t, len(messages), 1000)
	seen := map[string]bool{}
	for _, message := range messages {
		seen[message.Text] = true
	}
	same(t, len(seen), 1000)
}

// threads of this process; -1 where nobody tells.
func threads(t *testing.T) int {
	if runtime.GOOS != "linux" {
		return -1
	}
	tasks, err := os.ReadDir("/proc/self/task")
	check(t, err)
	return len(tasks)
}

func TestAThousandWaitingSendsHoldNoThread(t *testing.T) {
	sandbox := start(t, &sendim.SandboxOptions{Ring: time.Hour})
	client := signIn(t, sandbox)
	before := threads(t)
	ctx, cancel := context.WithCancel(context.Background())
	begun := make(chan struct{}, 1000)
	kinds := make(chan sendim.Kind, 1000)
	for n := 0; n < 1000; n++ {
		go func() {
			begun <- struct{}{}
			_, err := client.Send(ctx, patient("silent@contoso.com"))
			kinds <- err.(*sendim.Error).Kind
		}()
	}
	for n := 0; n < 1000; n++ {
		<-begun
	}
	ringing(t, sandbox, 1)
	// One that is ready at once is not held up by a thousand that wait.
	if during := threads(t); during > before+100 {
		t.Errorf("%d threads before, %d while a thousand sends wait", before, during)
	}
	_, err := sendim.Send(background(t), account(sandbox), to("lenea@contoso.com", "meanwhile"))
	check(t, err)
	cancel()
	for n := 0; n < 1000; n++ {
		same(t, <-kinds, sendim.ErrCancelled)
	}
	same(t, texts(t, sandbox), "meanwhile")
}

func TestClosingWhileManySend(t *testing.T) {
	sandbox := start(t, nil)
	client := signIn(t, sandbox)
	var guard sync.Mutex
	var sent []string
	go func() {
		_, _ = sandbox.WaitFor(context.Background(), 100)
		client.Close()
	}()
	inParallel(20, func(g int) {
		for n := 0; ; n++ {
			text := fmt.Sprint(g, "/", n)
			_, err := client.Send(context.Background(), to(fmt.Sprintf("user%d@contoso.com", g), text))
			guard.Lock()
			if err == nil {
				sent = append(sent, text)
			}
			guard.Unlock()
			if err != nil {
				if kind := err.(*sendim.Error).Kind; kind != sendim.ErrClosed && kind != sendim.ErrCancelled {
					t.Error(err)
				}
				return
			}
		}
	})
	check(t, client.Close())
	same(t, must[int](t)(openSessions(sandbox)), 0)
	delivered := strings.Split(texts(t, sandbox), ",")
	sort.Strings(delivered)
	for _, text := range sent {
		if at := sort.SearchStrings(delivered, text); at == len(delivered) || delivered[at] != text {
			t.Errorf("%s has a receipt and was not delivered", text)
		}
	}
}
