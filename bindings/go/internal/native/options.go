package native

/*
#include "bridge.h"
*/
import "C"

import "runtime/cgo"

// Options say who sends, and how a message goes. Free them after the call that got them has begun.
type Options struct {
	handle *C.send_im_options
}

// NewOptions makes options without a value.
func NewOptions() *Options { return &Options{handle: C.send_im_options_new()} }

// Free wipes the options.
func (o *Options) Free() { C.send_im_options_free(o.handle) }

// Set sets one; see send_im_options_set.
func (o *Options) Set(name, value string) error {
	var texts texts
	defer texts.free()
	return failed(C.send_im_options_set(o.handle, texts.add(name), texts.add(value)))
}

// StepHandler is told of every finished step, on a thread of the library. It must not block.
type StepHandler func(name, host string, status int, elapsedMS float64)

// TokenHandler is asked for tokens, on a thread of the library. It must not block.
type TokenHandler interface {
	Token(request TokenRequest, reply *TokenReply)
	Release()
}

// OnStep sets who is told of steps.
func (o *Options) OnStep(handler StepHandler) error {
	return failed(C.sendim_on_step(o.handle, C.uintptr_t(cgo.NewHandle(handler))))
}

// OnToken sets who gives tokens. Release is called when none will be asked for any more.
func (o *Options) OnToken(handler TokenHandler) error {
	return failed(C.sendim_on_token(o.handle, C.uintptr_t(cgo.NewHandle(handler))))
}

//export sendimOnStep
func sendimOnStep(callback C.uintptr_t, name, host *C.char, status C.int, elapsedMS C.double) {
	handler := cgo.Handle(callback).Value().(StepHandler)
	handler(C.GoString(name), C.GoString(host), int(status), float64(elapsedMS))
}

//export sendimOnToken
func sendimOnToken(callback C.uintptr_t, request *C.send_im_token_request, reply *C.send_im_token_reply) {
	handler := cgo.Handle(callback).Value().(TokenHandler)
	handler.Token(TokenRequest{
		Origin:           C.GoString(C.send_im_token_request_origin(request)),
		AuthorizationURI: C.GoString(C.send_im_token_request_authorization_uri(request)),
		ClientID:         C.GoString(C.send_im_token_request_client_id(request)),
		TrustedIssuers:   C.GoString(C.send_im_token_request_trusted_issuers(request)),
		Rejected:         bool(C.send_im_token_request_rejected(request)),
	}, &TokenReply{handle: reply})
}

//export sendimRelease
func sendimRelease(callback C.uintptr_t) {
	handle := cgo.Handle(callback)
	handler := handle.Value()
	handle.Delete()
	if tokens, asked := handler.(TokenHandler); asked {
		tokens.Release()
	}
}

// TokenRequest is what a token is wanted for. What the server did not say is empty.
type TokenRequest struct {
	Origin, AuthorizationURI, ClientID, TrustedIssuers string
	Rejected                                           bool
}

// TokenReply is where a token is put, once, from any goroutine.
type TokenReply struct {
	handle *C.send_im_token_reply
}

// Resolve answers with a token; 0: nobody knows how long it lasts.
func (r *TokenReply) Resolve(token string, expiresInMS uint64) {
	var texts texts
	defer texts.free()
	C.send_im_token_reply_resolve(r.handle, texts.add(token), C.uint64_t(expiresInMS))
}

// Fail answers that there is none. The reason becomes part of the error, which gives the number of its cause back; 0: none.
func (r *TokenReply) Fail(reason string, cause uint64) {
	var texts texts
	defer texts.free()
	C.send_im_token_reply_fail(r.handle, texts.add(reason), C.uint64_t(cause))
}
