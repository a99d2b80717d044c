package sendim_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"send-im.internal/sendim"
)

// shown is everything that fmt, slog and JSON make of a value.
func shown(value any) string {
	written := &buffer{}
	for _, handler := range []slog.Handler{slog.NewTextHandler(written, nil), slog.NewJSONHandler(written, nil)} {
		slog.New(handler).Info("shown", "value", value, "pointer", &value)
	}
	text := written.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		text += fmt.Sprintf(verb, value) + "\n"
	}
	return text
}

func TestNothingSecretIsShown(t *testing.T) {
	const secret = "s3cret"
	token := sendim.Token{Value: secret, Expiry: time.Unix(1, 0)}
	message := sendim.Message{To: "lenea@contoso.com", Text: secret, Subject: secret}
	for _, value := range []any{
		message, []sendim.Message{message}, struct{ Inner sendim.Message }{message}, &message,
		token, struct{ Inner sendim.Token }{token}, &token,
		sendim.Secret(secret), sendim.Account{Password: secret}, &sendim.Account{Password: secret}, []sendim.Account{{Password: secret}},
		sendim.SandboxOptions{Users: map[string]sendim.Secret{sender: secret}},
		&sendim.SandboxOptions{Users: map[string]sendim.Secret{sender: secret}},
	} {
		text := shown(value)
		lacks(t, text, secret)
		lacks(t, text, fmt.Sprintf("%x", secret))
	}
	// Stars would come back as a wrong password.
	for _, value := range []any{sendim.Secret(secret), sendim.Account{Password: secret}, token, message} {
		if text, err := json.Marshal(value); err == nil {
			t.Errorf("it has JSON: %s", text)
		}
		if text, err := xml.Marshal(value); err == nil {
			t.Errorf("it has XML: %s", text)
		}
	}
	contains(t, shown(message), "lenea@contoso.com")
	contains(t, shown(token), "1970")
}

func TestADeliveryShowsNeitherTextNorSubject(t *testing.T) {
	sandbox := start(t, nil)
	sent(t, sandbox, sendim.Message{To: "lenea@contoso.com", Text: secretText, Subject: "a secret subject"})
	delivery := delivered(t, sandbox)[0]
	written := &buffer{}
	slog.New(slog.NewJSONHandler(written, nil)).Info("got", "delivery", delivery)
	text := written.String() + fmt.Sprintf("%v %+v %#v %s", delivery, delivery, delivery, delivery)
	lacks(t, text, "secret")
	contains(t, text, "lenea@contoso.com")
	same(t, delivery.Text, secretText)
}

func TestNoSecretIsLoggedOrInAnError(t *testing.T) {
	sandbox := start(t, nil)
	written, logged := logger(slog.LevelDebug)
	secretly := func(address string) sendim.Message {
		return sendim.Message{To: address, Text: secretText, Subject: "a secret subject", Timeout: 5 * time.Second}
	}
	told := ""
	for _, other := range []change{
		func(*sendim.Account) {}, func(account *sendim.Account) { account.Password = "wrong" },
		func(account *sendim.Account) { account.CAFile = "/nowhere" },
	} {
		for _, address := range []string{"declines@contoso.com", "lenea@contoso.com", "lenea"} {
			receipt, err := sendim.Send(background(t), account(sandbox, other, logged), secretly(address))
			text, _ := json.Marshal(err)
			told += shown(receipt) + shown(err) + fmt.Sprint(err) + string(text)
		}
	}
	for _, failure := range []error{nil, errors.New("vault is sealed, key s3cret")} {
		_, err := sendim.Send(background(t), account(sandbox, logged, func(account *sendim.Account) {
			account.Password = ""
			account.Tokens = func(context.Context, sendim.TokenRequest) (sendim.Token, error) {
				return sendim.Token{Value: "t0ken-of-tosh"}, failure
			}
		}), secretly("lenea@contoso.com"))
		told += err.Error()
	}
	// There, nobody has been refused.
	client := signIn(t, start(t, nil), logged)
	told += shown(client) + shown(sandbox)
	for _, secret := range []string{password, secretText, "a secret subject", "cwt=", "t0ken-of-tosh", "s3cret"} {
		lacks(t, told, secret)
		lacks(t, written.String(), secret)
	}
	contains(t, told, "declined")
	contains(t, written.String(), "step=sign_in")
}
