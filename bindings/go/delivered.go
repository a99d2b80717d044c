package sendim

import (
	"encoding/json"
	"strings"
	"time"
)

// Delivered is a message that reached a recipient of a [Sandbox]. fmt and log/slog show neither text nor subject.
type Delivered struct {
	// Number counts what was delivered, from 1.
	Number int `json:"number"`
	// From is the sender's address, To the one that the sender asked for.
	From string `json:"from"`
	To   string `json:"to"`
	// AcceptedBy is the address that took it: another one than To after a call-forward.
	AcceptedBy string `json:"accepted_by"`
	// Subject is empty where there is none.
	Subject string `json:"subject"`
	// Importance is how urgent it was shown.
	Importance Importance `json:"importance"`
	// Format is the form in which the text came.
	Format Format `json:"format"`
	// Text is the text as it was sent.
	Text string `json:"text"`
	// Via is "invitation" if the text came with the invitation, else "message".
	Via string `json:"via"`
	// Conversation is the conversation it belongs to, ThreadID the thread of that.
	Conversation string `json:"conversation"`
	ThreadID     string `json:"thread_id"`
	// ReceivedAt is when the recipient got it.
	ReceivedAt time.Time `json:"received_at"`
}

// deliveredOf reads a list of the sandbox.
func deliveredOf(text string, err error) ([]Delivered, error) {
	if failure := failureOf(err); failure != nil {
		return nil, failure
	}
	var told []struct {
		Delivered
		ReceivedAt int64 `json:"received_at"`
	}
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		return nil, &Error{Kind: ErrProtocol, Detail: "The sandbox told a list that is not JSON.", Sent: SentNo}
	}
	list := make([]Delivered, len(told))
	for i, one := range told {
		list[i] = one.Delivered
		// The words of the wire become those of a message and a receipt.
		list[i].Importance = Importance(strings.ToLower(string(one.Importance)))
		list[i].Format = Format(strings.TrimPrefix(string(one.Format), "text/"))
		list[i].ReceivedAt = time.UnixMilli(one.ReceivedAt).UTC()
	}
	return list, nil
}
