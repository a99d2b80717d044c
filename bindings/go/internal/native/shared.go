package native

import (
	"runtime"
	"sync"
)

// shared is an object of the library, by its pointer, that many calls use at a time.
type shared[T comparable] struct {
	what string
	free func(T)
	// Freeing waits until those calls have begun that are beginning.
	using  sync.RWMutex
	handle T
}

// use lends the object, unless it was freed.
func (s *shared[T]) use(work func(T) error) error {
	defer runtime.KeepAlive(s)
	s.using.RLock()
	defer s.using.RUnlock()
	var none T
	if s.handle == none {
		return Freed(s.what)
	}
	return work(s.handle)
}

// Free frees the object. It may be called again.
func (s *shared[T]) Free() {
	s.using.Lock()
	defer s.using.Unlock()
	runtime.SetFinalizer(s, nil)
	s.free(s.handle)
	var none T
	s.handle = none
}
