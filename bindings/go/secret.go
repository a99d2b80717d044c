package sendim

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Secret is a text that fmt, log/slog and the encoders of JSON and XML do not show. string(secret) is the text.
type Secret string

const hidden = "***"

// String does not show it.
func (Secret) String() string { return hidden }

// Format does not show it, whatever the verb.
func (Secret) Format(state fmt.State, _ rune) { show(state, hidden) }

// LogValue does not show it.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText is an error: what it gave would be read back as a wrong password.
func (Secret) MarshalText() ([]byte, error) {
	return nil, errors.New("sendim: a Secret is not encoded; string(secret) is its text")
}

// String shows neither text nor subject.
func (m Message) String() string { return "message to " + m.To }

// Format shows neither text nor subject, whatever the verb.
func (m Message) Format(state fmt.State, _ rune) { show(state, m.String()) }

// LogValue shows neither text nor subject.
func (m Message) LogValue() slog.Value { return slog.StringValue(m.String()) }

// MarshalText is an error: a handler of log/slog would make JSON of a list of messages.
func (m Message) MarshalText() ([]byte, error) {
	return nil, errors.New("sendim: a Message is not encoded, so that its text is in no log")
}

// String shows neither text nor subject.
func (d Delivered) String() string {
	return fmt.Sprintf("delivered message %d from %s to %s", d.Number, d.From, d.To)
}

// GoString shows neither text nor subject.
func (d Delivered) GoString() string { return d.String() }

// LogValue shows neither text nor subject.
func (d Delivered) LogValue() slog.Value { return slog.StringValue(d.String()) }

func show(state fmt.State, text string) {
	// fmt takes no error from here.
	_, _ = io.WriteString(state, text)
}
