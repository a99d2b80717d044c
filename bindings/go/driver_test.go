package sendim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"send-im.internal/sendim"
	"send-im.internal/sendim/internal/native"
)

type object = map[string]any

// task is what the judge of tests/scenarios asks for, a line of JSON a case; the README there says how.
type task struct {
	Action  string
	Account struct {
		Address, Username, Server string
		Password                  sendim.Secret
		CAFile                    string `json:"ca_file"`
		TimeoutMS                 int64  `json:"timeout_ms"`
	}
	Messages []struct {
		To, Text   string
		HTML       bool
		Subject    string
		Importance sendim.Importance
		TimeoutMS  int64 `json:"timeout_ms"`
		Wait       sendim.Wait
	}
}

// drive answers tasks until the input ends, and gives the exit code.
func drive() int {
	input, output := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var given task
		err := input.Decode(&given)
		if errors.Is(err, io.EOF) && native.Shutdown(10_000) {
			return 0
		}
		var results []sendim.Result
		if err == nil {
			results, err = given.run(context.Background())
		}
		answers := make([]object, len(results))
		for i, result := range results {
			answers[i] = answer(result)
		}
		if err == nil {
			err = output.Encode(answers)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
}

func (t task) run(ctx context.Context) (results []sendim.Result, err error) {
	account := sendim.Account{
		Address: t.Account.Address, Password: t.Account.Password, Username: t.Account.Username, Server: t.Account.Server,
		CAFile: t.Account.CAFile,
	}
	messages := make([]sendim.Message, len(t.Messages))
	results = make([]sendim.Result, len(t.Messages))
	for i, given := range t.Messages {
		messages[i] = sendim.Message{
			To: given.To, Text: given.Text, HTML: given.HTML, Subject: given.Subject, Importance: given.Importance,
			Timeout: milliseconds(given.TimeoutMS), Wait: given.Wait,
		}
		if given.TimeoutMS == 0 {
			// Zero is the default in Go. What is no time either is below it.
			messages[i].Timeout = -1
		}
	}
	if t.Action == "send" {
		for i, message := range messages {
			results[i].Receipt, results[i].Err = sendim.Send(ctx, account, message)
		}
		return results, nil
	}
	soon, cancel := context.WithTimeout(ctx, milliseconds(t.Account.TimeoutMS))
	defer cancel()
	client, err := sendim.SignIn(soon, account)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	if t.Action == "send_all" {
		return client.SendAll(ctx, messages), nil
	}
	inParallel(len(messages), func(i int) {
		results[i].Receipt, results[i].Err = client.Send(ctx, messages[i])
	})
	return results, nil
}

func milliseconds(count int64) time.Duration { return time.Duration(count) * time.Millisecond }

func answer(result sendim.Result) object {
	if receipt := result.Receipt; receipt != nil {
		return object{"receipt": object{
			"to": receipt.To, "accepted_by": orNull(receipt.AcceptedBy), "evidence": receipt.Evidence, "format": receipt.Format,
			"thread_id": orNull(receipt.ThreadID), "printed": printed(receipt),
		}}
	}
	var failure *sendim.Error
	if !errors.As(result.Err, &failure) {
		return object{"error": object{"printed": printed(result.Err)}}
	}
	return object{"error": object{
		"kind": failure.Kind, "step": orNull(failure.Step), "detail": failure.Detail, "sent": failure.Sent,
		"http_status": orNull(failure.HTTPStatus), "code": orNull(failure.Code), "subcode": orNull(failure.Subcode),
		"diagnostics": orNull(failure.Diagnostics), "retry_after": orNull(failure.RetryAfter.Seconds()), "hops": failure.Hops,
		"exit_code": sendim.ExitCode(result.Err), "printed": printed(result.Err),
	}}
}

func printed(value any) string { return fmt.Sprintf("%v %+v %#v", value, value, value) }

// orNull is what JSON has for a value that is not there.
func orNull[T comparable](value T) any {
	var nothing T
	if value == nothing {
		return nil
	}
	return value
}
