package sendim

import "time"

// Importance is how urgent a message is shown to the recipient. Empty is normal.
type Importance string

// The importances.
const (
	ImportanceNormal    Importance = "normal"
	ImportanceUrgent    Importance = "urgent"
	ImportanceEmergency Importance = "emergency"
)

// Wait says when a send is done. Empty is WaitDelivered.
type Wait string

const (
	// WaitDelivered: when the recipient's side has accepted or confirmed.
	WaitDelivered Wait = "delivered"
	// WaitSubmitted: when the server has taken the message. The session then stays open in the background until the
	// recipient has answered; a program that ends before may withdraw its own invitation.
	WaitSubmitted Wait = "submitted"
)

// Message is a message to one recipient. fmt and log/slog show neither text nor subject, encoding/json refuses it.
type Message struct {
	// To is the recipient's address, user@domain; "sip:" in front is optional.
	To string
	// Text is the text, or html where HTML is true.
	Text string
	// HTML: Text is html. A recipient whose side takes none gets its plain-text rendering.
	HTML bool
	// Subject is at most 250 UTF-16 units on one line. Empty: none.
	Subject string
	// Importance is how urgent it is shown.
	Importance Importance
	// Timeout is how long the message has to be delivered; 0: 60 s. An earlier deadline of the context comes first.
	//
	// An invitation rings until then, or until the server ends it, after about 30 s. After the time-out a call takes at most
	// 2 s more to withdraw it and learn what came of it, and [Send] at most another 3 s to close its session.
	Timeout time.Duration
	// Wait says when the send is done.
	Wait Wait
}
