package sendim_test

import (
	"fmt"
	"strings"

	"send-im.internal/sendim"
)

type object = map[string]any

// scenario is a case that every language must pass, from tests/scenarios/scenarios.json; its README tells the format.
type scenario struct {
	Name    string
	Sandbox struct {
		Layout sendim.Layout
		HTTPS  bool
		RingMS int64 `json:"ring_ms"`
		Faults []struct {
			Route  string
			Action any
			Skip   int
			Times  *int
		}
	}
	Account struct {
		Address, Password, CA, Server string
		Username                      *string
	}
	Action  string
	Count   int
	Message struct {
		To, Text   string
		HTML       bool
		Subject    *string
		Importance sendim.Importance
		TimeoutMS  int64 `json:"timeout_ms"`
		Wait       sendim.Wait
	}
	Expect struct {
		Receipt, Error       object
		ExitCode             int `json:"exit_code"`
		Inbox                []object
		InboxCount           *int `json:"inbox_count"`
		Requests             *int
		RequestsBeforeAccept *int `json:"requests_before_accept"`
	}
	// An empty inbox is expected, where the case names one.
	namesInbox bool
}

func merged(base, given any) any {
	old, isObject := base.(object)
	new, both := given.(object)
	if _, long := new["repeat"]; !isObject || !both || long {
		return given
	}
	all := object{}
	for name, value := range old {
		all[name] = value
	}
	for name, value := range new {
		all[name] = merged(all[name], value)
	}
	return all
}

func expanded(value any) any {
	switch value := value.(type) {
	case object:
		if text, long := value["repeat"].(string); long {
			return strings.Repeat(text, int(value["times"].(float64)))
		}
		all := object{}
		for name, inner := range value {
			all[name] = expanded(inner)
		}
		return all
	case []any:
		all := make([]any, len(value))
		for i, inner := range value {
			all[i] = expanded(inner)
		}
		return all
	}
	return value
}

func numbered(value any, n int) any {
	switch value := value.(type) {
	case string:
		return strings.ReplaceAll(value, "{n}", fmt.Sprint(n))
	case object:
		all := object{}
		for name, inner := range value {
			all[name] = numbered(inner, n)
		}
		return all
	}
	return value
}
