//go:build cgo && !send_im_pkgconfig

package native

/*
#cgo linux,amd64 LDFLAGS: ${SRCDIR}/libsend_im_linux_amd64.a
#cgo linux,arm64 LDFLAGS: ${SRCDIR}/libsend_im_linux_arm64.a
#cgo darwin,amd64 LDFLAGS: ${SRCDIR}/libsend_im_darwin_amd64.a
#cgo darwin,arm64 LDFLAGS: ${SRCDIR}/libsend_im_darwin_arm64.a
#cgo linux LDFLAGS: -static-libgcc -lutil -lrt -lpthread -lm -ldl
#cgo darwin LDFLAGS: -framework CoreFoundation -framework Security -lSystem
*/
import "C"
