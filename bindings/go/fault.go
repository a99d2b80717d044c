package sendim

import (
	"encoding/json"
	"time"
)

// Route is the requests that a [Fault] lies on.
type Route string

// The routes. RouteToken is the sign-in; RouteAny are all requests.
const (
	RouteDiscovery         Route = "discovery"
	RouteUser              Route = "user"
	RouteToken             Route = "token"
	RouteApplications      Route = "applications"
	RouteEvents            Route = "events"
	RouteStartMessaging    Route = "start_messaging"
	RouteSendMessage       Route = "send_message"
	RouteStopMessaging     Route = "stop_messaging"
	RouteDeleteApplication Route = "delete_application"
	RouteAny               Route = "any"
)

// Action is what a [Fault] does: one of the variables and functions that begin with Action. [Sandbox.Request] takes more.
type Action struct{ told any }

// Actions without parameters. The request is not processed:
var (
	// ActionDropBefore closes the connection without an answer, ActionResetBefore with a TCP reset.
	ActionDropBefore, ActionResetBefore = Action{"drop_before"}, Action{"reset_before"}
	// ActionHTMLInstead answers with a web page.
	ActionHTMLInstead = Action{"html_instead"}
)

// The request is processed:
var (
	// ActionDropAfter closes the connection, so that the answer is lost; ActionResetAfter does so with a TCP reset.
	ActionDropAfter, ActionResetAfter = Action{"drop_after"}, Action{"reset_after"}
	// ActionCutBody gives half of the answer.
	ActionCutBody = Action{"cut_body"}
	// ActionWrongContentType declares the answer as plain text.
	ActionWrongContentType = Action{"wrong_content_type"}
)

// About events: they come twice, without what they are about, before the answer that they belong to, or only the last one.
var (
	ActionDuplicateEvents, ActionBareEvents = Action{"duplicate_events"}, Action{"bare_events"}
	ActionEarlyEvents, ActionSkipStates     = Action{"early_events"}, Action{"skip_states"}
)

// Status is a refusal of the server.
type Status struct {
	// HTTP is its status.
	HTTP int
	// Code and Subcode are those of the body; empty: those that belong to the status.
	Code, Subcode string
	// RetryAfter is when the server says to come again, in whole seconds; 0: it does not say.
	RetryAfter time.Duration
	// Diagnostics is the whole X-Ms-diagnostics header; empty: none.
	Diagnostics string
}

// ActionStatus refuses the request, which is not processed.
func ActionStatus(status Status) Action {
	told := given(map[string]string{"code": status.Code, "subcode": status.Subcode, "diagnostics": status.Diagnostics})
	told["http"] = status.HTTP
	if status.RetryAfter > 0 {
		told["retry_after"] = (ceil(status.RetryAfter) + 999) / 1000
	}
	return with("status", told)
}

// ActionGatewayError has the request processed, and a gateway answer with this HTTP status in the server's place.
func ActionGatewayError(status int) Action {
	return with("gateway_error", map[string]any{"http": status})
}

// ActionDelay has the request processed after this time.
func ActionDelay(delay time.Duration) Action { return with("delay", map[string]any{"ms": ceil(delay)}) }

// ActionDelayEvents has the events of the request come so much later.
func ActionDelayEvents(delay time.Duration) Action {
	return with("delay_events", map[string]any{"ms": ceil(delay)})
}

// ActionOversized grows the answer to so many bytes.
func ActionOversized(bytes int) Action { return with("oversized", map[string]any{"bytes": bytes}) }

func with(name string, parameters map[string]any) Action {
	return Action{map[string]any{name: parameters}}
}

// Fault is something that goes wrong in a [Sandbox].
type Fault struct {
	// Route is the requests it lies on.
	Route Route
	// Action is what happens.
	Action Action
	// Skip: so many requests pass unharmed first.
	Skip int
	// Times: so many requests are hit. 0: one. Always: all, until ClearFaults.
	Times int
}

// Always is the number of times of a fault that stays.
const Always = -1

// MarshalJSON is the fault as the sandbox's own interface takes it.
func (f Fault) MarshalJSON() ([]byte, error) {
	times := max(f.Times, 0)
	if f.Times == 0 {
		times = 1
	}
	return json.Marshal(map[string]any{"route": f.Route, "action": f.Action.told, "skip": f.Skip, "times": times})
}

// AddFault makes something go wrong. ErrInvalidInput: it has no route or no action.
func (s *Sandbox) AddFault(fault Fault) error {
	_, err := s.Request("POST", "faults", fault)
	return err
}

// ClearFaults takes every fault away.
func (s *Sandbox) ClearFaults() error {
	_, err := s.Request("DELETE", "faults", nil)
	return err
}
