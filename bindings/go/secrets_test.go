package sendim_test

import (
	"context"
	"encoding/json"
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
		sendim.Secret(secret), sendim.WithPassword(secret), []sendim.Option{sendim.WithPassword(secret)},
		sendim.SandboxOptions{Users: map[string]sendim.Secret{sender: secret}},
		&sendim.SandboxOptions{Users: map[string]sendim.Secret{sender: secret}},
	} {
		text := shown(value)
		lacks(t, text, secret)
		lacks(t, text, fmt.Sprintf("%x", secret))
	}
	contains(t, shown(message), "lenea@contoso.com")
	contains(t, shown(token), "1970")
}

func TestADeliveryShowsNeitherTextNorSubject(t *testing.T) {
	sandbox := start(t, nil)
	_, err := sendim.Send(background(t), "lenea@contoso.com", secretText, account(sandbox), sendim.WithSubject("a secret subject"))
	check(t, err)
	delivery := must[[]sendim.Delivery](t)(sandbox.Messages())[0]
	written := &buffer{}
	slog.New(slog.NewJSONHandler(written, nil)).Info("got", "delivery", delivery)
	text := written.String() + fmt.Sprintf("%v %+v %#v %s", delivery, delivery, delivery, delivery)
	lacks(t, text, "secret")
	contains(t, text, "lenea@contoso.com")
	same(t, delivery.Text, secretText)
}

func TestNoSecretIsLoggedOrInAnError(t *testing.T) {
	sandbox := start(t, nil)
	written, option := logger(slog.LevelDebug)
	subject := sendim.WithSubject("a secret subject")
	source := func(context.Context, sendim.TokenRequest) (sendim.Token, error) {
		return sendim.Token{Value: "t0ken-of-tosh"}, fmt.Errorf("vault is sealed, key s3cret")
	}
	told := ""
	for _, more := range []sendim.Option{
		subject, sendim.WithPassword("wrong"), sendim.WithTimeout(300 * time.Millisecond), sendim.WithCAFile("/nowhere"),
		sendim.WithOptions(sendim.WithServer("http://127.0.0.1:1/"), sendim.WithTimeout(5*time.Second)),
	} {
		for _, address := range []string{"declines@contoso.com", "lenea@contoso.com", "silent@contoso.com", "lenea"} {
			if address == "silent@contoso.com" {
				more = sendim.WithOptions(more, sendim.WithTimeout(300*time.Millisecond))
			}
			receipt, err := sendim.Send(background(t), address, secretText, account(sandbox), subject, more, option)
			told += shown(receipt) + shown(err) + fmt.Sprint(err)
			if told := asJSON(err); told != "" {
				lacks(t, told, password)
			}
		}
	}
	for _, tokens := range []sendim.Option{
		sendim.WithTokens(source),
		sendim.WithTokens(func(context.Context, sendim.TokenRequest) (sendim.Token, error) {
			return sendim.Token{Value: "t0ken-of-tosh"}, nil
		}),
	} {
		_, err := sendim.Send(background(t), "lenea@contoso.com", secretText, sendim.WithAddress(sender), sendim.WithSandbox(sandbox), tokens, option)
		told += err.Error()
	}
	// There, nobody has been refused.
	client := signIn(t, start(t, nil), option)
	told += shown(client) + shown(sandbox)
	for _, secret := range []string{password, secretText, "a secret subject", "cwt=", "t0ken-of-tosh", "s3cret"} {
		lacks(t, told, secret)
		lacks(t, written.String(), secret)
	}
	contains(t, told, "declined")
}

func asJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(text)
}
