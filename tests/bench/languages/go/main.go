// Sends from Go: sends SENDS MANY. Prints one line of JSON, times in milliseconds.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"slices"
	"strconv"
	"time"

	"send-im.internal/sendim"
)

func run(sends, many int) error {
	ctx := context.Background()
	client, err := sendim.SignIn(ctx, sendim.Account{})
	if err != nil {
		return err
	}
	defer client.Close()

	var times []time.Duration
	for n := 0; n < sends/10+sends; n++ {
		started := time.Now()
		if _, err := client.Send(ctx, sendim.Message{To: "lenea@contoso.com", Text: "disk full"}); err != nil {
			return err
		}
		times = append(times, time.Since(started))
	}
	times = times[sends/10:] // The first ones only warm up.
	slices.Sort(times)

	messages := make([]sendim.Message, many)
	for n := range messages {
		messages[n] = sendim.Message{To: fmt.Sprintf("user%d@contoso.com", n%100), Text: "disk full"}
	}
	started := time.Now()
	results := client.SendAll(ctx, messages)
	elapsed := time.Since(started)
	for _, result := range results {
		if result.Err != nil {
			return result.Err
		}
	}

	at := func(percent int) float64 { return float64(times[sends*percent/100]) / 1e6 }
	fmt.Printf(`{"send":{"p50":%f,"p99":%f},"send_all_per_second":%f}`+"\n", at(50), at(99), float64(many)/elapsed.Seconds())
	return nil
}

func main() {
	sends, _ := strconv.Atoi(os.Args[1])
	many, _ := strconv.Atoi(os.Args[2])
	if err := run(sends, many); err != nil {
		log.Fatal(err)
	}
}
