package sendim

import (
	"context"
	"strconv"
	"strings"
	"time"

	"send-im.internal/sendim/internal/native"
)

// option is one of the library's. An empty one is not given.
type option struct{ name, value string }

// optionsOf makes the options of the library for an account, a message or both; they have to be freed. byDeadline: the
// time-out is that of the context.
func optionsOf(ctx context.Context, account *Account, message *Message) (options *native.Options, byDeadline bool, failure *Error) {
	if ctx.Err() != nil {
		return nil, false, ended(ctx)
	}
	var given []option
	var limit time.Duration
	if a := account; a != nil {
		given = append(given, option{"address", a.Address}, option{"password", string(a.Password)},
			option{"username", a.Username}, option{"server", a.Server}, option{"ca_file", a.CAFile}, option{"tls", string(a.TLS)},
			option{"trusted_domains", strings.Join(a.TrustedDomains, ",")})
	}
	if m := message; m != nil {
		if failure := withoutNUL("recipient", m.To); failure != nil {
			return nil, false, failure
		}
		if failure := withoutNUL("text", m.Text); failure != nil {
			return nil, false, failure
		}
		given = append(given, option{"subject", m.Subject}, option{"importance", string(m.Importance)}, option{"wait", string(m.Wait)})
		if m.HTML {
			given = append(given, option{"html", "true"})
		}
		limit = m.Timeout
	}
	timeout, byDeadline := timeoutOf(ctx, limit)
	options = native.NewOptions()
	for _, option := range append(given, option{"timeout_ms", timeout}) {
		if option.value == "" {
			continue
		}
		failure := withoutNUL("option "+option.name, option.value)
		if failure == nil {
			failure = failureOf(options.Set(option.name, option.value))
		}
		if failure != nil {
			options.Free()
			return nil, false, failure
		}
	}
	return options, byDeadline, nil
}

// timeoutOf is the earlier of the time-out that was given and the deadline of the context, in whole milliseconds; empty where
// there is neither. One below zero is left to the library to refuse.
func timeoutOf(ctx context.Context, given time.Duration) (text string, byDeadline bool) {
	deadline, has := ctx.Deadline()
	left := time.Until(deadline)
	switch {
	case has && (given == 0 || left < given):
		// Not 0, which would be refused: the context is looked at, too.
		return strconv.FormatInt(max(ceil(left), 1), 10), true
	case given == 0:
		return "", false
	default:
		return strconv.FormatInt(max(ceil(given), 0), 10), false
	}
}

func ceil(span time.Duration) int64 {
	count := span.Milliseconds()
	if span > time.Duration(count)*time.Millisecond {
		count++
	}
	return count
}

// withoutNUL refuses what C would cut off.
func withoutNUL(what, text string) *Error {
	if strings.ContainsRune(text, 0) {
		return invalid("The " + what + " contains a NUL character.")
	}
	return nil
}
