//go:build linux && !race && !asan

package sendim_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"testing"

	"send-im.internal/sendim"
)

const (
	sends = 20000
	// How much three quarters of the sends may add: KiB of the process, and objects of Go. A receipt that is not freed is
	// more than 1 KiB a send, and anything that Go keeps of a send is an object a send. The smallest leaks of C are found
	// by the leak detector, see tests/run/golang.py.
	growth        = 12 * 1024
	objectsGrowth = 2000
)

// resident is the memory of this process in KiB.
func resident(t *testing.T) (kib int) {
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	check(t, err)
	_, found, _ := bytes.Cut(status, []byte("VmRSS:"))
	_, err = fmt.Sscan(string(found), &kib)
	check(t, err)
	return kib
}

func objects() int {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return int(memory.HeapObjects)
}

func TestMemoryOfManySendsOnOneSessionStaysFlat(t *testing.T) {
	// The C library has a heap for each of some threads, which all grow for a while before they are used again.
	if variable := "MALLOC_ARENA_MAX"; os.Getenv(variable) == "" {
		again := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=30m")
		again.Env = append(os.Environ(), variable+"=1")
		output, err := again.CombinedOutput()
		t.Logf("%s", output)
		check(t, err)
		return
	}
	server := startOutside(t)
	client, err := sendim.SignIn(context.Background(), sendim.WithAddress(sender), sendim.WithPassword(password),
		sendim.WithServer(server.url))
	check(t, err)
	memoryBefore, objectsBefore := 0, 0
	for done := 0; done < sends; done += 200 {
		if done == sends/4 {
			memoryBefore, objectsBefore = resident(t), objects()
		}
		sendMany(t, client, 150)
		sendEach(t, client, 50)
	}
	added, addedObjects := resident(t)-memoryBefore, objects()-objectsBefore
	t.Logf("%d sends: %d KiB and %d objects after the first quarter", sends, added, addedObjects)
	if added > growth || addedObjects > objectsGrowth {
		t.Errorf("%d KiB and %d objects are more than %d and %d", added, addedObjects, growth, objectsGrowth)
	}
	check(t, client.Close())
	messages, open := server.end(t)
	same(t, messages, sends)
	same(t, open, 0)
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
