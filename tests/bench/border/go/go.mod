module send-im.internal/border

go 1.21

require send-im.internal/sendim v0.0.0

replace send-im.internal/sendim => ../../../../bindings/go
