package sendim

import (
	"context"
	"log/slog"
	"sync"
)

// stepLog hands finished steps to a logger. They come on threads of the library, which must not wait for a logger: so they
// are queued, and a goroutine that waits for a call logs them. Where none waits, a goroutine is started.
//
// A nil stepLog logs nothing.
type stepLog struct {
	ctx    context.Context
	logger *slog.Logger
	// Wakes one of those who wait.
	wake chan struct{}

	guard   sync.Mutex
	queue   []Step
	waiting int
	// One goroutine logs at a time: the order is kept.
	logging bool
	// The logger has panicked. It gets no second chance: that one could be on a goroutine where nobody can recover.
	broken bool
}

// newStepLog is nil where nobody listens at debug level.
func newStepLog(ctx context.Context, logger *slog.Logger) *stepLog {
	if logger == nil || !logger.Enabled(ctx, slog.LevelDebug) {
		return nil
	}
	return &stepLog{ctx: ctx, logger: logger, wake: make(chan struct{}, 1)}
}

// Step takes a step; it is called on threads of the library.
func (l *stepLog) Step(name, host string, status int, elapsedMS float64) {
	l.guard.Lock()
	defer l.guard.Unlock()
	if l.broken {
		return
	}
	l.queue = append(l.queue, Step{StepName(name), host, status, milliseconds(elapsedMS)})
	if l.waiting == 0 {
		go l.deliver()
		return
	}
	select {
	case l.wake <- struct{}{}:
	default: // It is woken already.
	}
}

// news tells that there are steps to deliver.
func (l *stepLog) news() <-chan struct{} {
	if l == nil {
		return nil
	}
	return l.wake
}

// enter says that this goroutine waits from now on, and delivers.
func (l *stepLog) enter() {
	if l == nil {
		return
	}
	l.guard.Lock()
	defer l.guard.Unlock()
	l.waiting++
}

// leave delivers what is left, unless another goroutine is at it.
func (l *stepLog) leave() {
	if l == nil {
		return
	}
	l.deliver()
	l.guard.Lock()
	defer l.guard.Unlock()
	l.waiting--
	if l.waiting == 0 && len(l.queue) > 0 {
		// They came in between.
		go l.deliver()
	}
}

// deliver logs what lies in the queue, unless another goroutine is at it.
func (l *stepLog) deliver() {
	l.guard.Lock()
	defer l.guard.Unlock()
	if l.logging || l.broken {
		return
	}
	l.logging = true
	fine := false
	defer func() { l.logging, l.broken = false, !fine }()
	for len(l.queue) > 0 {
		steps := l.queue
		l.queue = nil
		l.log(steps)
	}
	fine = true
}

// log lets go of the lock meanwhile.
func (l *stepLog) log(steps []Step) {
	l.guard.Unlock()
	defer l.guard.Lock()
	for _, step := range steps {
		l.logger.LogAttrs(l.ctx, slog.LevelDebug, "send-im step",
			slog.String("step", string(step.Name)), slog.String("host", step.Host),
			slog.Int("status", step.Status), slog.Duration("elapsed", step.Elapsed))
	}
}
