//go:build cgo && !send_im_pkgconfig

package native

//go:generate sh prepare.sh

/*
#cgo linux,amd64,!musl LDFLAGS: ${SRCDIR}/libsend_im_linux_amd64.a
#cgo linux,arm64,!musl LDFLAGS: ${SRCDIR}/libsend_im_linux_arm64.a
#cgo linux,amd64,musl LDFLAGS: ${SRCDIR}/libsend_im_linux_musl_amd64.a
#cgo linux,arm64,musl LDFLAGS: ${SRCDIR}/libsend_im_linux_musl_arm64.a
#cgo windows,amd64 LDFLAGS: ${SRCDIR}/libsend_im_windows_amd64.a
#cgo windows,386 LDFLAGS: ${SRCDIR}/libsend_im_windows_386.a
#cgo windows,arm64 LDFLAGS: ${SRCDIR}/libsend_im_windows_arm64.a -lunwind
#cgo darwin,amd64 LDFLAGS: ${SRCDIR}/libsend_im_darwin_amd64.a
#cgo darwin,arm64 LDFLAGS: ${SRCDIR}/libsend_im_darwin_arm64.a
#cgo linux LDFLAGS: -static-libgcc -lutil -lrt -lpthread -lm -ldl
#cgo windows CFLAGS: -DSEND_IM_STATIC
#cgo windows LDFLAGS: -lntdll -luserenv -lws2_32 -lbcrypt -lcrypt32 -ladvapi32 -lshell32 -lole32 -loleaut32
#cgo darwin LDFLAGS: -framework CoreFoundation -framework Security -lSystem
*/
import "C"
