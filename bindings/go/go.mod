module send-im.internal/sendim

go 1.21
