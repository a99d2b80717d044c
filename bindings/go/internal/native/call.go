package native

/*
#include "bridge.h"
*/
import "C"

import "runtime/cgo"

// Call is a call under way.
type Call[T any] struct {
	done   chan struct{}
	handle *C.send_im_call
	// Why it did not begin.
	refused error
	take    func(*C.send_im_call) (T, error)
}

// start begins a call. take takes its result.
func start[T any](begin func(**C.send_im_call) *C.send_im_error, take func(*C.send_im_call) (T, error)) *Call[T] {
	var handle *C.send_im_call
	if err := failed(begin(&handle)); err != nil {
		return refused[T](err)
	}
	call := &Call[T]{done: make(chan struct{}), handle: handle, take: take}
	C.sendim_on_end(handle, C.uintptr_t(cgo.NewHandle(call.done)))
	return call
}

// refused is a call that did not begin.
func refused[T any](err error) *Call[T] {
	call := &Call[T]{done: make(chan struct{}), refused: err}
	close(call.done)
	return call
}

//export sendimOnEnd
func sendimOnEnd(ended C.uintptr_t) {
	handle := cgo.Handle(ended)
	close(handle.Value().(chan struct{}))
	handle.Delete()
}

// Done is closed when the call has ended.
func (c *Call[T]) Done() <-chan struct{} { return c.done }

// Result is what came of a call that is done, once. Not after Free.
func (c *Call[T]) Result() (result T, err error) {
	if c.refused != nil {
		return result, c.refused
	}
	return c.take(c.handle)
}

// Cancel ends the call early: it is done soon after, unless it has ended already. Not after Free.
func (c *Call[T]) Cancel() { C.send_im_call_cancel(c.handle) }

// Free gives the handle back, once. A call that is not done goes on.
func (c *Call[T]) Free() {
	C.send_im_call_free(c.handle)
	c.handle = nil
}
