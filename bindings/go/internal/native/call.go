package native

/*
#include "bridge.h"
*/
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// Call is a call under way.
type Call[T any] struct {
	done   chan struct{}
	value  T
	err    error
	handle *C.send_im_call
}

// ending is what a callback calls. It takes over the error and the value.
type ending func(failure *C.send_im_error, value unsafe.Pointer)

// start begins a call. read takes over the value of a call that has succeeded; it runs on a thread of the library.
func start[T any](begin func(ended C.uintptr_t, call **C.send_im_call) *C.send_im_error, read func(unsafe.Pointer) T) *Call[T] {
	call := &Call[T]{done: make(chan struct{})}
	ended := cgo.NewHandle(ending(func(failure *C.send_im_error, value unsafe.Pointer) {
		if call.err = failed(failure); call.err == nil {
			call.value = read(value)
		}
		close(call.done)
	}))
	var handle *C.send_im_call
	if failure := begin(C.uintptr_t(ended), &handle); failure != nil {
		// No callback will come.
		ended.Delete()
		return refused[T](failed(failure))
	}
	call.handle = handle
	return call
}

// refused is a call that has failed before it began.
func refused[T any](err error) *Call[T] {
	call := &Call[T]{done: make(chan struct{}), err: err}
	close(call.done)
	return call
}

//export sendimOnEnded
func sendimOnEnded(ended C.uintptr_t, failure *C.send_im_error, value unsafe.Pointer) {
	handle := cgo.Handle(ended)
	end := handle.Value().(ending)
	handle.Delete()
	end(failure, value)
}

// Done is closed when the call has ended.
func (c *Call[T]) Done() <-chan struct{} { return c.done }

// Result is what came of a call that is done.
func (c *Call[T]) Result() (T, error) { return c.value, c.err }

// Cancel ends the call early: it is done soon after, unless it has ended already. Not after Free.
func (c *Call[T]) Cancel() { C.send_im_call_cancel(c.handle) }

// Free gives the handle back, once. A call that is not done goes on.
func (c *Call[T]) Free() {
	C.send_im_call_free(c.handle)
	c.handle = nil
}
