// What a call costs from Go: border REFUSED SENT. Prints one line of JSON, times in milliseconds.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"send-im.internal/sendim"
)

var ctx = context.Background()

// Sends that are refused without a request: the recipient is no address.
func refused(client *sendim.Client, calls int) []time.Duration {
	times := make([]time.Duration, calls)
	for call := range times {
		started := time.Now()
		_, err := client.Send(ctx, sendim.Message{To: "nobody", Text: "disk full"})
		if !errors.Is(err, sendim.ErrInvalidInput) {
			panic(err)
		}
		times[call] = time.Since(started)
	}
	return times
}

// The same from eight goroutines at once.
func together(client *sendim.Client, calls int) []time.Duration {
	var group sync.WaitGroup
	parts := make([][]time.Duration, 8)
	for part := range parts {
		part := part
		group.Add(1)
		go func() {
			defer group.Done()
			parts[part] = refused(client, calls/8)
		}()
	}
	group.Wait()
	var all []time.Duration
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

func sent(client *sendim.Client, calls int) []time.Duration {
	times := make([]time.Duration, calls)
	for call := range times {
		started := time.Now()
		if _, err := client.Send(ctx, sendim.Message{To: "kept@contoso.com", Text: "disk full"}); err != nil {
			panic(err)
		}
		times[call] = time.Since(started)
	}
	return times
}

func summary(times []time.Duration) string {
	slices.Sort(times)
	at := func(percent int) float64 { return float64(times[len(times)*percent/100]) / 1e6 }
	return fmt.Sprintf(`{"p50":%f,"p99":%f}`, at(50), at(99))
}

func main() {
	calls, _ := strconv.Atoi(os.Args[1])
	sends, _ := strconv.Atoi(os.Args[2])
	client, err := sendim.SignIn(ctx)
	if err != nil {
		panic(err)
	}
	defer client.Close()
	refused(client, calls/10)
	alone, many := summary(refused(client, calls)), summary(together(client, calls))
	fmt.Printf("{\"refused_1\":%s,\"refused_8\":%s,\"sent\":%s}\n", alone, many, summary(sent(client, sends)))
}
