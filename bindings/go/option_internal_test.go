package sendim

import (
	"context"
	"strconv"
	"testing"
	"time"
)

func TestTheTimeoutIsTheEarlierOfTheTwo(t *testing.T) {
	in := func(left time.Duration) context.Context {
		ctx, cancel := context.WithTimeout(context.Background(), left)
		t.Cleanup(cancel)
		return ctx
	}
	for _, expected := range []struct {
		ctx        context.Context
		given      time.Duration
		atMost     int
		byDeadline bool
	}{
		{context.Background(), 1500 * time.Microsecond, 2, false},
		{context.Background(), -time.Hour, 0, false},
		{in(time.Hour), 0, 3600_000, true},
		{in(time.Hour), 5 * time.Hour, 3600_000, true},
		{in(time.Hour), time.Minute, 60_000, false},
		{in(-time.Hour), time.Minute, 1, true},
	} {
		text, byDeadline := timeoutOf(expected.ctx, expected.given)
		count, err := strconv.Atoi(text)
		// Time goes by in the test too.
		if err != nil || count > expected.atMost || count < expected.atMost/2 || byDeadline != expected.byDeadline {
			t.Errorf("%s %v, wanted %d %v", text, byDeadline, expected.atMost, expected.byDeadline)
		}
	}
	if text, byDeadline := timeoutOf(context.Background(), 0); text != "" || byDeadline {
		t.Error(text, byDeadline)
	}
}
