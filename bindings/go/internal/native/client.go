package native

/*
#include "bridge.h"
*/
import "C"

import "runtime"

// Client is one session. One that nobody refers to any more is freed, which signs it out in the background.
type Client struct {
	*shared[*C.send_im_client]
}

// Send signs in, sends one message and signs out. The result is a receipt in JSON.
func Send(options *Options, to, text string) *Call[string] {
	var texts texts
	defer texts.free()
	return start(func(call **C.send_im_call) *C.send_im_error {
		return C.send_im_begin(options.handle, texts.add(to), texts.add(text), call)
	}, takeReceipt)
}

// SignIn opens a session.
func SignIn(options *Options) *Call[*Client] {
	return start(func(call **C.send_im_call) *C.send_im_error {
		return C.send_im_client_sign_in_begin(options.handle, call)
	}, func(call *C.send_im_call) (*Client, error) {
		var handle *C.send_im_client
		if err := failed(C.send_im_call_take_client(call, &handle)); err != nil {
			return nil, err
		}
		session := &shared[*C.send_im_client]{what: "client", handle: handle, free: func(handle *C.send_im_client) { C.send_im_client_free(handle) }}
		runtime.SetFinalizer(session, (*shared[*C.send_im_client]).Free)
		return &Client{session}, nil
	})
}

// with begins a call on the session.
func with[T any](
	c *Client, begin func(*C.send_im_client, **C.send_im_call) *C.send_im_error, take func(*C.send_im_call) (T, error),
) (call *Call[T]) {
	err := c.use(func(client *C.send_im_client) error {
		call = start(func(call **C.send_im_call) *C.send_im_error { return begin(client, call) }, take)
		return nil
	})
	if err != nil {
		return refused[T](err)
	}
	return call
}

// Send sends one message. The result is a receipt in JSON.
func (c *Client) Send(options *Options, to, text string) *Call[string] {
	var texts texts
	defer texts.free()
	return with(c, func(client *C.send_im_client, call **C.send_im_call) *C.send_im_error {
		return C.send_im_client_send_begin(client, options.handle, texts.add(to), texts.add(text), call)
	}, takeReceipt)
}

// SendAll sends many messages.
func (c *Client) SendAll(messages *Messages) *Call[[]Outcome] {
	return with(c, func(client *C.send_im_client, call **C.send_im_call) *C.send_im_error {
		return C.send_im_client_send_all_begin(client, messages.handle, call)
	}, takeOutcomes)
}

// SignOut waits for the sends under way, each of which ends with its own time-out, and ends the session.
func (c *Client) SignOut() *Call[struct{}] {
	return with(c, func(client *C.send_im_client, call **C.send_im_call) *C.send_im_error {
		return C.send_im_client_sign_out_begin(client, -1, call)
	}, func(call *C.send_im_call) (struct{}, error) { return struct{}{}, failed(C.send_im_call_take(call)) })
}

// CancelAll ends every send under way.
func (c *Client) CancelAll() error {
	return c.use(func(client *C.send_im_client) error { return failed(C.send_im_client_cancel_all(client)) })
}

func takeReceipt(call *C.send_im_call) (string, error) {
	var receipt *C.send_im_receipt
	if err := failed(C.send_im_call_take_receipt(call, &receipt)); err != nil {
		return "", err
	}
	defer C.send_im_receipt_free(receipt)
	return C.GoString(C.send_im_receipt_to_json(receipt)), nil
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

func takeOutcomes(call *C.send_im_call) ([]Outcome, error) {
	var results *C.send_im_results
	if err := failed(C.send_im_call_take_results(call, &results)); err != nil {
		return nil, err
	}
	defer C.send_im_results_free(results)
	all := make([]Outcome, C.send_im_results_count(results))
	for i := range all {
		if failure := C.send_im_results_error(results, C.size_t(i)); failure != nil {
			all[i].Err = &Failure{JSON: C.GoString(C.send_im_error_to_json(failure))}
		} else {
			all[i].Receipt = C.GoString(C.send_im_receipt_to_json(C.send_im_results_receipt(results, C.size_t(i))))
		}
	}
	return all, nil
}
