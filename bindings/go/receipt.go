package sendim

import (
	"encoding/json"
	"log/slog"
	"time"
)

// Step is a step of a call.
type Step string

// The steps.
const (
	StepDiscover    Step = "discover"
	StepSignIn      Step = "sign_in"
	StepOpenSession Step = "open_session"
	StepInvite      Step = "invite"
	StepSend        Step = "send"
	StepConfirm     Step = "confirm"
	StepSignOut     Step = "sign_out"
)

// StepRecord is one finished step.
type StepRecord struct {
	// Step is which.
	Step Step
	// Host is the host that was asked, with its port where it is not the usual one.
	Host string
	// Status is the HTTP status of the answer; 0 where none came.
	Status int
	// Elapsed is from the request to the end of the answer.
	Elapsed time.Duration
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
	To string
	// AcceptedBy is who accepted: someone else than To after a call-forward, empty when only submitted.
	AcceptedBy string
	// Evidence is what it rests on.
	Evidence Evidence
	// Format is the form in which the text went.
	Format Format
	// ThreadID is the server's id of the conversation's thread; empty if it told none.
	ThreadID string
	// Steps are the steps in order. After Send they begin with discovery.
	Steps []StepRecord
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
		To         string
		AcceptedBy string `json:"accepted_by"`
		Evidence   Evidence
		Format     Format
		ThreadID   string `json:"thread_id"`
		Steps      []struct {
			Step      Step
			Host      string
			Status    int
			ElapsedMS float64 `json:"elapsed_ms"`
		}
	}
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		return nil, &Error{Kind: ErrProtocol, Detail: "The library told a receipt that is not JSON.", Sent: SentMaybe}
	}
	receipt := &Receipt{
		To: told.To, AcceptedBy: told.AcceptedBy, Evidence: told.Evidence, Format: told.Format, ThreadID: told.ThreadID,
		Steps: make([]StepRecord, len(told.Steps)),
	}
	for i, step := range told.Steps {
		receipt.Steps[i] = StepRecord{step.Step, step.Host, step.Status, milliseconds(step.ElapsedMS)}
	}
	return receipt, nil
}

func milliseconds(count float64) time.Duration {
	return time.Duration(count * float64(time.Millisecond))
}
