module send-im.internal/sends

go 1.21

require send-im.internal/sendim v0.0.0

replace send-im.internal/sendim => ../../../../bindings/go
