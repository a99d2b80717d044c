//go:build !cgo

package native

// This does not compile, and its name says why.
var _ = send_im_needs_cgo__set_CGO_ENABLED_to_1_and_install_a_C_compiler
