package sendim

import (
	"strings"
	"time"
)

// Delivery is a message that reached a recipient of a [Sandbox]. fmt and log/slog show neither text nor
// subject.
type Delivery struct {
	// Number counts deliveries, from 1.
	Number int
	// From is the sender's address.
	From string
	// To is the address that the sender asked for.
	To string
	// AcceptedBy is the address that took it: another one than To after a call-forward.
	AcceptedBy string
	// Subject is empty where there is none.
	Subject string
	// Importance is how urgent it was shown.
	Importance Importance
	// Format is the form in which the text came.
	Format Format
	// Text is the text as it was sent.
	Text string
	// Via is "invitation" if the text came with the invitation, else "message".
	Via string
	// Conversation is the conversation it belongs to, ThreadID the thread of that.
	Conversation, ThreadID string
	// ReceivedAt is when the recipient got it.
	ReceivedAt time.Time
}

// delivered is a delivery as the sandbox tells it.
type delivered struct {
	Number       int
	From, To     string
	AcceptedBy   string `json:"accepted_by"`
	Subject      string
	Importance   string
	Format       string
	Text         string
	Via          string
	Conversation string
	ThreadID     string `json:"thread_id"`
	ReceivedAt   int64  `json:"received_at"`
}

func deliveries(told []delivered, err error) ([]Delivery, error) {
	if err != nil {
		return nil, err
	}
	list := make([]Delivery, len(told))
	for i, one := range told {
		list[i] = Delivery{
			Number: one.Number, From: one.From, To: one.To, AcceptedBy: one.AcceptedBy, Subject: one.Subject,
			// The words of the wire become those of a message and a receipt.
			Importance: Importance(strings.ToLower(one.Importance)),
			Format:     Format(strings.TrimPrefix(one.Format, "text/")),
			Text:       one.Text, Via: one.Via, Conversation: one.Conversation, ThreadID: one.ThreadID,
			ReceivedAt: time.UnixMilli(one.ReceivedAt).UTC(),
		}
	}
	return list, nil
}
