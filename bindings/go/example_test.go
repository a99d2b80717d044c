package sendim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"send-im.internal/sendim"
)

func Example() {
	sandbox, err := sendim.StartSandbox(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Close()
	receipt, err := sendim.Send(context.Background(), "lenea@contoso.com", "hello world",
		sendim.WithAddress("tosh@contoso.com"), sendim.WithPassword("x"), sendim.WithSandbox(sandbox))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(receipt.AcceptedBy, receipt.Evidence)
	// Output: lenea@contoso.com invitation_accepted
}

func ExampleClient_SendAll() {
	sandbox, err := sendim.StartSandbox(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Close()
	client, err := sendim.SignIn(context.Background(),
		sendim.WithAddress("tosh@contoso.com"), sendim.WithPassword("x"), sendim.WithSandbox(sandbox))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	results := client.SendAll(context.Background(), []sendim.Message{
		{To: "lenea@contoso.com", Text: "disk full", Subject: "db7", Importance: sendim.ImportanceUrgent},
		{To: "busy@contoso.com", Text: "disk full"},
	})
	for _, result := range results {
		fmt.Println(result.Receipt != nil, errors.Is(result.Err, sendim.ErrBusy))
	}
	// Output:
	// true false
	// false true
}

func ExampleError() {
	_, err := sendim.Send(context.Background(), "lenea", "hello world",
		sendim.WithAddress("tosh@contoso.com"), sendim.WithPassword("x"))
	var failure *sendim.Error
	if errors.As(err, &failure) {
		fmt.Println(failure.Kind, failure.Sent, failure.ExitCode())
	}
	// Output: invalid_input no 2
}

func ExampleWithTokens() {
	sandbox, err := sendim.StartSandbox(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Close()
	source := func(_ context.Context, request sendim.TokenRequest) (sendim.Token, error) {
		// Yours would ask request.AuthorizationURI for a token for request.Origin.
		answer, err := sandbox.Request("POST", "tokens/tosh@contoso.com", nil)
		if err != nil {
			return sendim.Token{}, err
		}
		var issued struct{ Token string }
		err = json.Unmarshal(answer, &issued)
		return sendim.Token{Value: sendim.Secret(issued.Token)}, err
	}
	receipt, err := sendim.Send(context.Background(), "lenea@contoso.com", "hello world",
		sendim.WithAddress("tosh@contoso.com"), sendim.WithTokens(source), sendim.WithSandbox(sandbox))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(receipt.AcceptedBy)
	// Output: lenea@contoso.com
}
