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
	given := func(timeout time.Duration) *time.Duration { return &timeout }
	for _, expected := range []struct {
		ctx        context.Context
		given      *time.Duration
		atMost     int
		byDeadline bool
	}{
		{context.Background(), given(1500 * time.Microsecond), 2, false},
		{context.Background(), given(0), 0, false},
		{context.Background(), given(-time.Hour), 0, false},
		{in(time.Hour), nil, 3600_000, true},
		{in(time.Hour), given(5 * time.Hour), 3600_000, true},
		{in(time.Hour), given(time.Minute), 60_000, false},
		{in(-time.Hour), given(time.Minute), 1, true},
	} {
		text, byDeadline := timeoutOf(expected.ctx, expected.given)
		count, err := strconv.Atoi(text)
		// Time goes by in the test too.
		if err != nil || count > expected.atMost || count < expected.atMost/2 || byDeadline != expected.byDeadline {
			t.Errorf("%s %v, wanted %d %v", text, byDeadline, expected.atMost, expected.byDeadline)
		}
	}
	if text, byDeadline := timeoutOf(context.Background(), nil); text != "" || byDeadline {
		t.Error(text, byDeadline)
	}
}
