package native

import (
	"net/http"
	"runtime"
	"testing"
)

// A helper may start a sandbox and give nothing but an account of it.
func TestASandboxThatNobodyRefersToGoesOn(t *testing.T) {
	sandbox, err := StartSandbox("{}")
	if err != nil {
		t.Fatal(err)
	}
	url, handle, free := sandbox.URL, sandbox.handle, sandbox.free
	for range [2]int{} {
		// Finalizers run one after the other.
		finalized := make(chan struct{})
		runtime.SetFinalizer(&[1]*int{}, func(*[1]*int) { close(finalized) })
		runtime.GC()
		<-finalized
	}
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	free(handle)
}

// What it logs is read by build_test.py.
func TestLibrary(t *testing.T) {
	if Library() == "" {
		t.Fatal("nothing tells one build of the library from the next")
	}
	t.Log("library", Library())
}
