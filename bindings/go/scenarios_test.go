package sendim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"send-im.internal/sendim"
)

// Shorter words may occur by chance.
const telling = 10

func TestScenarios(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "tests", "scenarios", "scenarios.json"))
	check(t, err)
	var document struct {
		Defaults object
		Cases    []object
	}
	check(t, json.Unmarshal(text, &document))
	if len(document.Cases) < 50 {
		t.Fatal("there are too few cases")
	}
	for _, given := range document.Cases {
		whole := expanded(merged(document.Defaults, given)).(object)
		_, names := whole["expect"].(object)["inbox"]
		one := scenario{namesInbox: names}
		again, err := json.Marshal(whole)
		check(t, err)
		check(t, json.Unmarshal(again, &one))
		t.Run(one.Name, func(t *testing.T) {
			t.Parallel()
			one.run(t)
		})
	}
}

func (s scenario) run(t *testing.T) {
	sandbox := start(t, &sendim.SandboxOptions{
		Layout: s.Sandbox.Layout, HTTPS: s.Sandbox.HTTPS, Ring: time.Duration(s.Sandbox.RingMS) * time.Millisecond,
	})
	for _, fault := range s.Sandbox.Faults {
		set := sendim.Fault{Route: fault.Route, Action: fault.Action, Skip: fault.Skip}
		if fault.Times != nil {
			set.Times = *fault.Times
			if set.Times == 0 {
				set.Times = sendim.Always
			}
		}
		check(t, sandbox.AddFault(set))
	}
	results := s.act(t, sandbox)
	wanted := len(s.Expect.Inbox) * s.Count
	eventually(t, "all is delivered", func() bool {
		return len(must[[]sendim.Delivery](t)(sandbox.Messages())) >= wanted
	})
	signedOut(t, sandbox)
	same(t, len(results), s.Count)
	for n, result := range results {
		s.checkResult(t, n+1, result)
	}
	s.checkServer(t, results, sandbox)
}

func (s scenario) act(t *testing.T, sandbox *sendim.Sandbox) []sendim.Result {
	messages := make([]sendim.Message, s.Count)
	for i := range messages {
		messages[i] = s.message(i + 1)
	}
	if s.Action == "send" {
		results := make([]sendim.Result, s.Count)
		for i, message := range messages {
			options := []sendim.Option{
				s.account(sandbox), sendim.WithImportance(message.Importance), sendim.WithWait(message.Wait),
				// Zero, too.
				sendim.WithTimeout(message.Timeout),
			}
			if s.Message.Subject != nil {
				options = append(options, sendim.WithSubject(message.Subject))
			}
			if message.HTML {
				options = append(options, sendim.WithHTML())
			}
			results[i].Receipt, results[i].Err = sendim.Send(background(t), message.To, message.Text, options...)
		}
		return results
	}
	client, err := sendim.SignIn(background(t), s.account(sandbox))
	check(t, err)
	defer func() { check(t, client.Close()) }()
	if s.Action == "send_all" {
		return client.SendAll(background(t), messages)
	}
	results := make([]sendim.Result, s.Count)
	inParallel(s.Count, func(i int) {
		results[i].Receipt, results[i].Err = client.Send(background(t), messages[i])
	})
	return results
}

func (s scenario) account(sandbox *sendim.Sandbox) sendim.Option {
	server := sandbox.URL()
	if s.Account.Server != "sandbox" {
		server = strings.ReplaceAll(s.Account.Server, "{root}", sandbox.URL())
	}
	options := []sendim.Option{
		sendim.WithAddress(s.Account.Address), sendim.WithPassword(s.Account.Password), sendim.WithServer(server),
	}
	if s.Account.Username != nil {
		options = append(options, sendim.WithUsername(*s.Account.Username))
	}
	if file := sandbox.CAFile(); file != "" && s.Account.CA == "right" {
		options = append(options, sendim.WithCAFile(file))
	}
	return sendim.WithOptions(options...)
}

func (s scenario) message(n int) sendim.Message {
	given := s.Message
	message := sendim.Message{
		To: numbered(given.To, n).(string), Text: numbered(given.Text, n).(string), HTML: given.HTML,
		Importance: given.Importance, Timeout: time.Duration(given.TimeoutMS) * time.Millisecond, Wait: given.Wait,
	}
	if given.Subject != nil {
		message.Subject = *given.Subject
	}
	return message
}

func (s scenario) checkResult(t *testing.T, n int, result sendim.Result) {
	var shown object
	expected := s.Expect.Receipt
	exit := sendim.ExitCode(result.Err)
	if receipt := result.Receipt; receipt != nil {
		same(t, result.Err, nil)
		shown = object{
			"to": receipt.To, "accepted_by": text(receipt.AcceptedBy), "evidence": string(receipt.Evidence),
			"format": string(receipt.Format), "thread_id": text(receipt.ThreadID),
		}
	} else {
		var failure *sendim.Error
		if !errors.As(result.Err, &failure) {
			t.Fatal(result.Err)
		}
		expected = s.Expect.Error
		shown = object{
			"kind": string(failure.Kind), "step": text(string(failure.Step)), "sent": string(failure.Sent),
			"http_status": float64(failure.HTTPStatus), "code": text(failure.Code), "subcode": text(failure.Subcode),
			"detail": failure.Detail, "diagnostics": text(failure.Diagnostics), "retry_after": failure.RetryAfter.Seconds(),
		}
	}
	if expected == nil {
		t.Fatalf("receipt %+v, error %v", result.Receipt, result.Err)
	}
	for name, value := range numbered(expected, n).(object) {
		if !reflect.DeepEqual(shown[name], value) {
			t.Errorf("%s: got %v, wanted %v (%v)", name, shown[name], value, result.Err)
		}
	}
	same(t, exit, s.Expect.ExitCode)
	everything := fmt.Sprintf("%v %+v %+v", shown, result, result.Err)
	if len(s.Account.Password) >= telling {
		lacks(t, everything, s.Account.Password)
	}
	if sent := numbered(s.Message.Text, n).(string); result.Err != nil && len(sent) >= telling {
		lacks(t, everything, sent)
	}
}

// text is what JSON has for a text that is not there.
func text(value string) any {
	if value == "" {
		return nil
	}
	return value
}

func (s scenario) checkServer(t *testing.T, results []sendim.Result, sandbox *sendim.Sandbox) {
	deliveries := must[[]sendim.Delivery](t)(sandbox.Messages())
	delivered := make([]object, len(deliveries))
	for i, one := range deliveries {
		importance := strings.ToUpper(string(one.Importance[:1])) + string(one.Importance[1:])
		delivered[i] = object{
			"from": one.From, "to": one.To, "accepted_by": one.AcceptedBy, "subject": text(one.Subject), "text": one.Text,
			"importance": importance, "format": "text/" + string(one.Format), "via": one.Via,
		}
	}
	if s.Expect.InboxCount != nil {
		same(t, len(delivered), *s.Expect.InboxCount)
	}
	none := true
	for _, result := range results {
		var failure *sendim.Error
		none = none && errors.As(result.Err, &failure) && failure.Sent == sendim.SentNo
	}
	if s.namesInbox || none {
		s.checkInbox(t, delivered)
	}
	if len(results) == 1 && len(delivered) == 1 && results[0].Receipt != nil {
		same(t, deliveries[0].Format, results[0].Receipt.Format)
	}
	s.checkRequests(t, must[[]sendim.Exchange](t)(sandbox.Journal()))
}

func (s scenario) checkInbox(t *testing.T, left []object) {
	for _, entry := range s.Expect.Inbox {
		for n := 1; n <= s.Count; n++ {
			at := indexOf(left, numbered(entry, n).(object))
			if at < 0 {
				t.Fatalf("message %d was not delivered as %v", n, entry)
			}
			left = append(left[:at], left[at+1:]...)
		}
	}
	same(t, len(left), 0)
}

func indexOf(list []object, wanted object) int {
	for at, one := range list {
		fits := true
		for name, value := range wanted {
			fits = fits && reflect.DeepEqual(one[name], value)
		}
		if fits {
			return at
		}
	}
	return -1
}

func (s scenario) checkRequests(t *testing.T, journal []sendim.Exchange) {
	if s.Expect.Requests != nil && len(journal) != *s.Expect.Requests {
		t.Errorf("%d requests, wanted %d: %v", len(journal), *s.Expect.Requests, journal)
	}
	if s.Expect.RequestsBeforeAccept == nil {
		return
	}
	way := 0
	for _, exchange := range journal {
		if strings.Contains(exchange.Path, "/events") {
			continue
		}
		way++
		if exchange.Method == "POST" && strings.HasSuffix(strings.ToLower(exchange.Path), "/messaginginvitations") {
			// The invitation itself is counted, and the event channel's answer.
			if way+1 > *s.Expect.RequestsBeforeAccept {
				t.Errorf("%d requests before the acceptance: %v", way+1, journal)
			}
			return
		}
	}
	t.Error("there is no invitation")
}
