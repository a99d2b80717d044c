package sendim

import (
	"encoding/json"
	"log/slog"
	"time"
)

// StepName is a step of a call.
type StepName string

// The steps.
const (
	StepDiscover    StepName = "discover"
	StepSignIn      StepName = "sign_in"
	StepOpenSession StepName = "open_session"
	StepInvite      StepName = "invite"
	StepSend        StepName = "send"
	StepConfirm     StepName = "confirm"
	StepSignOut     StepName = "sign_out"
)

// Step is one finished step.
type Step struct {
	// Name is which.
	Name StepName `json:"step"`
	// Host is the host that was asked, with its port where it is not the usual one.
	Host string `json:"host"`
	// Status is the HTTP status of the answer; 0 where none came.
	Status int `json:"status"`
	// Elapsed is from the request to the end of the answer.
	Elapsed time.Duration `json:"elapsed_ns"`
}

// Evidence is what a receipt rests on.
type Evidence string

const (
	// EvidenceInvitationAccepted: the text rode in the invitation, and that was accepted. Accepted is not read: some
	// clients accept by themselves.
	EvidenceInvitationAccepted Evidence = "invitation_accepted"
	// EvidenceMessageConfirmed: the recipient's side confirmed the message.
	EvidenceMessageConfirmed Evidence = "message_confirmed"
	// EvidenceSubmitted: the server took the message, and nobody waited for the recipient.
	EvidenceSubmitted Evidence = "submitted"
)

// Format is the form in which a text went.
type Format string

// The formats.
const (
	FormatPlain Format = "plain"
	FormatHTML  Format = "html"
)

// Receipt is the proof of a send.
type Receipt struct {
	// To is the recipient's address as asked, without "sip:".
	To string `json:"to"`
	// AcceptedBy is who accepted: someone else than To after a call-forward; empty when only submitted, or
	// where the server does not say.
	AcceptedBy string `json:"accepted_by"`
	// Evidence is what it rests on.
	Evidence Evidence `json:"evidence"`
	// Format is the form in which the text went.
	Format Format `json:"format"`
	// ThreadID is the server's id of the conversation's thread; empty if it told none.
	ThreadID string `json:"thread_id"`
	// Steps are the steps in order. After Send they begin with discovery.
	Steps []Step `json:"steps"`
}

// LogValue gives the fields to log/slog, without the steps.
func (r *Receipt) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("to", r.To), slog.String("accepted_by", r.AcceptedBy), slog.String("evidence", string(r.Evidence)),
	)
}

// Result is what became of one message of many: a receipt or an error, never both.
type Result struct {
	Receipt *Receipt
	// Err is nil or an [*Error].
	Err error
}

func receiptOf(text string) (*Receipt, error) {
	var told struct {
		Receipt
		Steps []struct {
			Step
			ElapsedMS float64 `json:"elapsed_ms"`
		} `json:"steps"`
	}
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		return nil, &Error{Kind: ErrProtocol, Detail: "The library told a receipt that is not JSON.", Sent: SentMaybe}
	}
	for _, step := range told.Steps {
		step.Elapsed = milliseconds(step.ElapsedMS)
		told.Receipt.Steps = append(told.Receipt.Steps, step.Step)
	}
	return &told.Receipt, nil
}

func milliseconds(count float64) time.Duration {
	return time.Duration(count * float64(time.Millisecond))
}
