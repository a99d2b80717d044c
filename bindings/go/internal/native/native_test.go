package native

import (
	"strings"
	"testing"
)

func TestALibraryOfAnotherInterfaceIsRefused(t *testing.T) {
	if err := checkABI(1, 1); err != nil {
		t.Fatal(err)
	}
	err := checkABI(2, 1)
	if err == nil || !strings.Contains(err.Error(), "has interface 2, and this package needs 1") {
		t.Fatal(err)
	}
}

// What it logs is read by tests/run/golang.py.
func TestLibrary(t *testing.T) {
	if Library() == "" {
		t.Fatal("nothing tells one build of the library from the next")
	}
	t.Log("library", Library())
}
