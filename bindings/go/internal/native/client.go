package native

/*
#include "bridge.h"
*/
import "C"

import (
	"runtime"
	"sync"
	"unsafe"
)

// Client is one session. One that nobody refers to any more is freed, which signs it out in the background.
type Client struct {
	// Many calls begin at a time; freeing waits until those have begun that are beginning.
	using  sync.RWMutex
	handle *C.send_im_client
}

// Send signs in, sends one message and signs out. The result is a receipt in JSON.
func Send(options *Options, to, text string) *Call[string] {
	var texts texts
	defer texts.free()
	return start(func(ended C.uintptr_t, call **C.send_im_call) *C.send_im_error {
		return C.sendim_send(options.handle, texts.add(to), texts.add(text), ended, call)
	}, receipt)
}

// SignIn opens a session.
func SignIn(options *Options) *Call[*Client] {
	return start(func(ended C.uintptr_t, call **C.send_im_call) *C.send_im_error {
		return C.sendim_sign_in(options.handle, ended, call)
	}, func(value unsafe.Pointer) *Client {
		client := &Client{handle: (*C.send_im_client)(value)}
		runtime.SetFinalizer(client, (*Client).Free)
		return client
	})
}

// with begins a call on the session.
func with[T any](c *Client, begin func(*C.send_im_client) *Call[T]) *Call[T] {
	defer runtime.KeepAlive(c)
	c.using.RLock()
	defer c.using.RUnlock()
	if c.handle == nil {
		return refused[T](Freed("client"))
	}
	return begin(c.handle)
}

// Send sends one message. The result is a receipt in JSON.
func (c *Client) Send(options *Options, to, text string) *Call[string] {
	var texts texts
	defer texts.free()
	return with(c, func(client *C.send_im_client) *Call[string] {
		return start(func(ended C.uintptr_t, call **C.send_im_call) *C.send_im_error {
			return C.sendim_client_send(client, options.handle, texts.add(to), texts.add(text), ended, call)
		}, receipt)
	})
}

// SendAll sends many messages.
func (c *Client) SendAll(messages *Messages) *Call[[]Outcome] {
	return with(c, func(client *C.send_im_client) *Call[[]Outcome] {
		return start(func(ended C.uintptr_t, call **C.send_im_call) *C.send_im_error {
			return C.sendim_client_send_all(client, messages.handle, ended, call)
		}, outcomes)
	})
}

// SignOut waits for the sends under way, each of which ends with its own time-out, and ends the session.
func (c *Client) SignOut() *Call[struct{}] {
	return with(c, func(client *C.send_im_client) *Call[struct{}] {
		return start(func(ended C.uintptr_t, call **C.send_im_call) *C.send_im_error {
			return C.sendim_client_sign_out(client, ended, call)
		}, func(unsafe.Pointer) struct{} { return struct{}{} })
	})
}

// CancelAll ends every send under way.
func (c *Client) CancelAll() error {
	defer runtime.KeepAlive(c)
	c.using.RLock()
	defer c.using.RUnlock()
	if c.handle == nil {
		return Freed("client")
	}
	return failed(C.send_im_client_cancel_all(c.handle))
}

// Free frees the session. It does not wait, and may be called again.
func (c *Client) Free() {
	c.using.Lock()
	defer c.using.Unlock()
	runtime.SetFinalizer(c, nil)
	C.send_im_client_free(c.handle)
	c.handle = nil
}

func receipt(value unsafe.Pointer) string {
	receipt := (*C.send_im_receipt)(value)
	defer C.send_im_receipt_free(receipt)
	return C.GoString(C.send_im_receipt_to_json(receipt))
}

// Messages is a list for SendAll. Free it after that has begun.
type Messages struct {
	handle *C.send_im_messages
}

// NewMessages makes an empty list.
func NewMessages() *Messages { return &Messages{handle: C.send_im_messages_new()} }

// Free frees the list.
func (m *Messages) Free() { C.send_im_messages_free(m.handle) }

// Add adds a message.
func (m *Messages) Add(options *Options, to, text string) error {
	var texts texts
	defer texts.free()
	return failed(C.send_im_messages_add(m.handle, options.handle, texts.add(to), texts.add(text)))
}

// Outcome is what became of one message: a receipt in JSON, or an error.
type Outcome struct {
	Receipt string
	Err     error
}

func outcomes(value unsafe.Pointer) []Outcome {
	results := (*C.send_im_results)(value)
	defer C.send_im_results_free(results)
	all := make([]Outcome, C.send_im_results_count(results))
	for i := range all {
		if failure := C.send_im_results_error(results, C.size_t(i)); failure != nil {
			all[i].Err = &Failure{JSON: C.GoString(C.send_im_error_to_json(failure))}
		} else {
			all[i].Receipt = C.GoString(C.send_im_receipt_to_json(C.send_im_results_receipt(results, C.size_t(i))))
		}
	}
	return all
}
