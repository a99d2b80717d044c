package sendim

import (
	"context"
	"log/slog"
	"testing"
)

// gate is a handler that stops at each record until it is let go on.
type gate struct {
	begun, goOn chan string
}

func (g gate) Enabled(context.Context, slog.Level) bool { return true }
func (g gate) WithAttrs([]slog.Attr) slog.Handler       { return g }
func (g gate) WithGroup(string) slog.Handler            { return g }
func (g gate) Handle(_ context.Context, record slog.Record) error {
	record.Attrs(func(attribute slog.Attr) bool {
		if attribute.Key == "step" {
			g.begun <- attribute.Value.String()
			<-g.goOn
		}
		return true
	})
	return nil
}

func TestAStepThatComesWhileNobodyWaitsIsLogged(t *testing.T) {
	gate := gate{make(chan string), make(chan string)}
	log := newStepLog(context.Background(), slog.New(gate))
	log.Step("first", "", 200, 1)
	if step := <-gate.begun; step != "first" {
		t.Fatalf("logged %q, not first", step)
	}
	// The logger is slow; the library does not wait for it.
	log.Step("second", "", 200, 1)
	log.Step("third", "", 200, 1)
	for _, expected := range []string{"second", "third"} {
		gate.goOn <- ""
		if step := <-gate.begun; step != expected {
			t.Fatalf("%s, wanted %s", step, expected)
		}
	}
	gate.goOn <- ""
}

func TestAStepIsLoggedBeforeTheCallReturns(t *testing.T) {
	gate := gate{make(chan string), make(chan string)}
	log := newStepLog(context.Background(), slog.New(gate))
	log.enter()
	log.Step("first", "", 200, 1)
	left := make(chan struct{})
	go func() {
		log.leave()
		close(left)
	}()
	<-gate.begun
	select {
	case <-left:
		t.Fatal("it did not wait for the logger")
	default:
	}
	gate.goOn <- ""
	<-left
	// What comes later is not lost.
	log.Step("second", "", 200, 1)
	if step := <-gate.begun; step != "second" {
		t.Fatalf("logged %q, not second", step)
	}
	gate.goOn <- ""
}
