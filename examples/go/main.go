// Sends one message: go run . lenea@contoso.com "disk full on db7".
//
// Who sends comes from SEND_IM_ADDRESS and SEND_IM_PASSWORD, or from ~/.config/send-im/config.toml
// (on Windows %APPDATA%\send-im\config.toml).
package main

import (
	"context"
	"fmt"
	"os"

	"send-im.internal/sendim"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: send RECIPIENT TEXT")
		os.Exit(2)
	}
	receipt, err := sendim.Send(context.Background(), sendim.Account{}, sendim.Message{To: os.Args[1], Text: os.Args[2]})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(sendim.ExitCode(err))
	}
	by := receipt.AcceptedBy
	if by == "" { // The server does not say who.
		by = receipt.To
	}
	fmt.Printf("%s accepted the message (%s).\n", by, receipt.Evidence)
}
