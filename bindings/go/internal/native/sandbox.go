package native

/*
#include "bridge.h"
*/
import "C"

import (
	"runtime"
	"sync"
)

// Sandbox is a running sandbox. One that nobody refers to any more is stopped.
type Sandbox struct {
	// What does not change.
	URL, CAPem, CAFile string

	using  sync.RWMutex
	handle *C.send_im_sandbox
}

// StartSandbox starts one; options is JSON, see send_im_sandbox_start.
func StartSandbox(options string) (*Sandbox, error) {
	var texts texts
	defer texts.free()
	var handle *C.send_im_sandbox
	if err := failed(C.send_im_sandbox_start(texts.add(options), &handle)); err != nil {
		return nil, err
	}
	sandbox := &Sandbox{
		URL:    C.GoString(C.send_im_sandbox_url(handle)),
		CAPem:  C.GoString(C.send_im_sandbox_ca_pem(handle)),
		CAFile: C.GoString(C.send_im_sandbox_ca_file(handle)),
		handle: handle,
	}
	runtime.SetFinalizer(sandbox, (*Sandbox).Free)
	return sandbox, nil
}

func (s *Sandbox) ask(question func(*C.send_im_sandbox) *C.send_im_error) error {
	defer runtime.KeepAlive(s)
	s.using.RLock()
	defer s.using.RUnlock()
	if s.handle == nil {
		return Freed("sandbox")
	}
	return failed(question(s.handle))
}

// told asks a question whose answer is a text.
func (s *Sandbox) told(question func(*C.send_im_sandbox, **C.char) *C.send_im_error) (string, error) {
	var answer *C.char
	err := s.ask(func(handle *C.send_im_sandbox) *C.send_im_error { return question(handle, &answer) })
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

// Journal is every request, as JSON.
func (s *Sandbox) Journal() (string, error) {
	return s.told(func(handle *C.send_im_sandbox, answer **C.char) *C.send_im_error {
		return C.send_im_sandbox_journal(handle, answer)
	})
}

// IssueToken gives a token for an address.
func (s *Sandbox) IssueToken(address string) (string, error) {
	var texts texts
	defer texts.free()
	return s.told(func(handle *C.send_im_sandbox, answer **C.char) *C.send_im_error {
		return C.send_im_sandbox_issue_token(handle, texts.add(address), answer)
	})
}

// OpenApplications is how many sessions are open.
func (s *Sandbox) OpenApplications() (int, error) {
	var count C.int64_t
	err := s.ask(func(handle *C.send_im_sandbox) *C.send_im_error {
		count = C.send_im_sandbox_open_applications(handle)
		return nil
	})
	return int(count), err
}

// AddFault makes something go wrong; see send_im_sandbox_add_fault.
func (s *Sandbox) AddFault(fault string) error {
	var texts texts
	defer texts.free()
	return s.ask(func(handle *C.send_im_sandbox) *C.send_im_error {
		return C.send_im_sandbox_add_fault(handle, texts.add(fault))
	})
}

// Act does something to the server; see send_im_sandbox_act.
func (s *Sandbox) Act(action string) error {
	var texts texts
	defer texts.free()
	return s.ask(func(handle *C.send_im_sandbox) *C.send_im_error {
		return C.send_im_sandbox_act(handle, texts.add(action))
	})
}

// Free stops and frees it, and may be called again.
func (s *Sandbox) Free() {
	s.using.Lock()
	defer s.using.Unlock()
	runtime.SetFinalizer(s, nil)
	C.send_im_sandbox_free(s.handle)
	s.handle = nil
}
