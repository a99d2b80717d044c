package native

/*
#include "bridge.h"
*/
import "C"

// Sandbox is a running sandbox. It has no finalizer: an account may be all that is left of it, and needs the server.
type Sandbox struct {
	// What does not change.
	URL, CAFile string
	*shared[*C.send_im_sandbox]
}

// StartSandbox starts one; options is JSON, see send_im_sandbox_start.
func StartSandbox(options string) (*Sandbox, error) {
	var texts texts
	defer texts.free()
	var handle *C.send_im_sandbox
	if err := failed(C.send_im_sandbox_start(texts.add(options), &handle)); err != nil {
		return nil, err
	}
	return &Sandbox{
		URL:    C.GoString(C.send_im_sandbox_url(handle)),
		CAFile: C.GoString(C.send_im_sandbox_ca_file(handle)),
		shared: &shared[*C.send_im_sandbox]{what: "sandbox", handle: handle, free: func(handle *C.send_im_sandbox) { C.send_im_sandbox_free(handle) }},
	}, nil
}

// told asks a question whose answer is a text.
func (s *Sandbox) told(question func(*C.send_im_sandbox, **C.char) *C.send_im_error) (string, error) {
	var answer *C.char
	err := s.use(func(handle *C.send_im_sandbox) error { return failed(question(handle, &answer)) })
	if err != nil {
		return "", err
	}
	return take(answer), nil
}

// Inbox is what was delivered to an address, as JSON; nil: to all.
func (s *Sandbox) Inbox(address *string) (string, error) {
	var texts texts
	defer texts.free()
	var whose *C.char
	if address != nil {
		whose = texts.add(*address)
	}
	return s.told(func(handle *C.send_im_sandbox, answer **C.char) *C.send_im_error {
		return C.send_im_sandbox_inbox(handle, whose, answer)
	})
}

// WaitFor waits until so many messages were delivered. It blocks a thread meanwhile.
func (s *Sandbox) WaitFor(count int, timeoutMS uint64) (string, error) {
	return s.told(func(handle *C.send_im_sandbox, answer **C.char) *C.send_im_error {
		return C.send_im_sandbox_wait_for(handle, C.size_t(count), C.uint64_t(timeoutMS), answer)
	})
}

// Request asks the sandbox's own HTTP interface; json is the body, or empty.
func (s *Sandbox) Request(method, path, json string) (string, error) {
	var texts texts
	defer texts.free()
	verb, where, body := texts.add(method), texts.add(path), texts.add(json)
	return s.told(func(handle *C.send_im_sandbox, answer **C.char) *C.send_im_error {
		return C.send_im_sandbox_request(handle, verb, where, body, answer)
	})
}
