// Package native wraps the C library: handles, texts and callbacks, and no more. What comes as an object comes as JSON. Calls do
// not wait: their end comes on a thread of the library and closes a channel.
package native

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import "fmt"

// Freed says that a client or a sandbox was freed before: which.
type Freed string

func (f Freed) Error() string { return string(f) + " was freed" }

// Failure is a failed call as the library tells it.
type Failure struct {
	// JSON is the whole error; see send_im_error_to_json.
	JSON string
}

func (f *Failure) Error() string { return f.JSON }

func init() {
	if found, needed := C.send_im_abi_version(), C.uint32_t(C.SEND_IM_ABI_VERSION); found != needed {
		panic(fmt.Errorf("send-im: the native library (%s) has interface %d, and this package needs %d; "+
			"build the program against a library of the same version as the package", Version(), found, needed))
	}
}

// Version is the library's version, for example 0.1.0.
func Version() string { return C.GoString(C.send_im_version()) }

// Library tells one build of the static library from another; empty for a shared one.
func Library() string { return C.GoString(C.sendim_library()) }

// LiveObjects is how many objects of the library were not freed. The tests look for leaks with it.
func LiveObjects() int { return int(C.send_im_live_objects()) }

// Shutdown ends the library's threads, waits for them as long at most, and tells whether all have ended. Nothing works
// afterwards. The tests end with it: a leak detector then finds no thread at work, whose memory it may take for lost.
func Shutdown(timeoutMS uint64) bool { return bool(C.send_im_shutdown(C.uint64_t(timeoutMS))) }

// failed takes an error of the library.
func failed(failure *C.send_im_error) error {
	if failure == nil {
		return nil
	}
	defer C.send_im_error_free(failure)
	return &Failure{JSON: C.GoString(C.send_im_error_to_json(failure))}
}

// texts are copies for C, wiped when they are freed: one may be a password.
type texts []text

type text struct {
	copy   *C.char
	length C.size_t
}

func (t *texts) add(s string) *C.char {
	copied := C.CString(s)
	*t = append(*t, text{copied, C.size_t(len(s))})
	return copied
}

func (t *texts) free() {
	for _, text := range *t {
		C.sendim_wipe(text.copy, text.length)
	}
}

// take copies a text that belongs to us and frees it.
func take(owned *C.char) string {
	defer C.send_im_string_free(owned)
	return C.GoString(owned)
}
