//go:build !race && !asan

package sendim_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"send-im.internal/sendim"
	"send-im.internal/sendim/internal/native"
)

const (
	// Things are counted after each window of so many rounds; the first windows warm up.
	windows, warmUp, rounds = 8, 2, 100
	// How many objects of Go may come to be after the warm-up. What is lost once a round makes 600.
	growth = 300
)

// objects are those of Go that can be reached.
func objects() int {
	// What the first collection finalizes is gone after the second.
	runtime.GC()
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return int(memory.Mallocs - memory.Frees)
}

func TestMemoryOfManySendsOnOneSessionStaysFlat(t *testing.T) {
	sandbox := start(t, nil)
	client := signIn(t, sandbox)
	var counted, live [windows]int
	for window := range counted {
		for round := 0; round < rounds; round++ {
			sendMany(t, client, 5)
			sendEach(t, client, 5)
			_, err := client.Send(context.Background(), to("busy@contoso.com", "refused"))
			same(t, failing(t, err).Kind, sendim.ErrBusy)
		}
		// A call that has ended is freed at once, on a goroutine of its own.
		eventually(t, "client and sandbox are left", func() bool { live[window] = native.LiveObjects(); return live[window] == 2 })
		counted[window] = objects()
	}
	t.Logf("objects of Go: %v, of the library: %v", counted, live)
	if added := counted[windows-1] - counted[warmUp-1]; added > growth {
		t.Errorf("%d objects more than after the warm-up: %v", added, counted)
	}
	check(t, client.Close())
	same(t, len(delivered(t, sandbox)), windows*rounds*10)
	same(t, must[int](t)(openSessions(sandbox)), 0)
	check(t, sandbox.Close())
	same(t, native.LiveObjects(), 0)
}

func sendMany(t *testing.T, client *sendim.Client, count int) {
	messages := make([]sendim.Message, count)
	for n := range messages {
		messages[n] = to(fmt.Sprintf("user%d@contoso.com", n), "message")
	}
	for _, result := range client.SendAll(context.Background(), messages) {
		check(t, result.Err)
	}
}

func sendEach(t *testing.T, client *sendim.Client, count int) {
	inParallel(count, func(n int) {
		ctx, cancel := context.WithTimeout(context.Background(), hang)
		defer cancel()
		if _, err := client.Send(ctx, to(fmt.Sprintf("user%d@contoso.com", n), "message")); err != nil {
			t.Error(err)
		}
	})
}
