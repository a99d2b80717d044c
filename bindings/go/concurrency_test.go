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
	sent(t, sandbox, to("lenea@contoso.com", "meanwhile"))
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
	var receipts []string
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
				receipts = append(receipts, text)
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
	arrived := strings.Split(texts(t, sandbox), ",")
	sort.Strings(arrived)
	for _, text := range receipts {
		if at := sort.SearchStrings(arrived, text); at == len(arrived) || arrived[at] != text {
			t.Errorf("%s has a receipt and was not delivered", text)
		}
	}
}
