//go:build cgo && send_im_pkgconfig

package native

/*
#cgo CFLAGS: -DSENDIM_PKGCONFIG
#cgo pkg-config: send_im
*/
import "C"
