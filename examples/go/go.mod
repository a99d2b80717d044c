module send-im.internal/example

go 1.21

require send-im.internal/sendim v0.0.0

// The package of this clone. A program of yours has it from dist/, see bindings/go/README.md.
replace send-im.internal/sendim => ../../bindings/go
