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
	receipt, err := sendim.Send(context.Background(), sandbox.Account("tosh@contoso.com"),
		sendim.Message{To: "lenea@contoso.com", Text: "hello world"})
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
	client, err := sendim.SignIn(context.Background(), sandbox.Account("tosh@contoso.com"))
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
	account := sendim.Account{Address: "tosh@contoso.com", Password: "x"}
	_, err := sendim.Send(context.Background(), account, sendim.Message{To: "lenea", Text: "hello world"})
	var failure *sendim.Error
	if errors.As(err, &failure) {
		fmt.Println(failure.Kind, failure.Sent, sendim.ExitCode(err))
	}
	// Output: invalid_input no 2
}

func ExampleTokenSource() {
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
	account := sendim.Account{Address: "tosh@contoso.com", Tokens: source, Server: sandbox.URL()}
	receipt, err := sendim.Send(context.Background(), account, sendim.Message{To: "lenea@contoso.com", Text: "hello world"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(receipt.AcceptedBy)
	// Output: lenea@contoso.com
}
