package sendim

import "encoding/json"

// Fault is something that goes wrong in a [Sandbox].
type Fault struct {
	// Route are the requests it lies on: discovery, user, token, applications, events, start_messaging, send_message,
	// stop_messaging, delete_application or any.
	Route string
	// Action is what happens: the name of one without parameters, such as "drop_after", or what encoding/json makes an
	// object of, such as map[string]any{"status": map[string]any{"http": 503, "retry_after": 1}}.
	//
	// The request is not processed: status (http, code, subcode, retry_after, body, diagnostics), drop_before, html_instead.
	// The request is processed: delay (ms), gateway_error (http), drop_after (the answer is lost), cut_body,
	// wrong_content_type, oversized (bytes). About events: duplicate_events, delay_events (ms), bare_events, early_events,
	// skip_states.
	Action any
	// Skip: so many requests pass unharmed first.
	Skip int
	// Times: so many requests are hit. 0: one. Always: all, until ClearFaults.
	Times int
}

// Always is the number of times of a fault that stays.
const Always = -1

// AddFault makes something go wrong. ErrInvalidInput: there is no such route or action.
func (s *Sandbox) AddFault(fault Fault) error {
	told := struct {
		Route  string `json:"route"`
		Action any    `json:"action"`
		Skip   int    `json:"skip"`
		Times  int    `json:"times"`
	}{fault.Route, fault.Action, fault.Skip, fault.Times}
	switch {
	case fault.Times == 0:
		told.Times = 1
	case fault.Times < 0:
		told.Times = 0
	}
	text, err := json.Marshal(told)
	if err != nil {
		return invalid("The action of this fault has no JSON.")
	}
	return stopped(s.server.AddFault(string(text)))
}

// ClearFaults takes every fault away.
func (s *Sandbox) ClearFaults() error {
	_, err := s.Request("DELETE", "faults", nil)
	return err
}
