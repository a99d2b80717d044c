// Package sendim delivers an instant message to a Skype for Business or Lync user and tells the truth about it: who
// accepted, or what failed and what to do.
//
// [Send] signs in, sends one message and signs out. [SignIn] gives a [Client], one session for any number of messages from
// any number of goroutines. [StartSandbox] starts a server on this machine in which every outcome can be tried.
//
// # Who sends
//
// The account is given with [WithAddress], [WithPassword] and so on. Without, it comes from the environment
// (SEND_IM_ADDRESS, SEND_IM_PASSWORD and, where needed, SEND_IM_USERNAME, SEND_IM_SERVER and SEND_IM_CA_FILE), then from
// the file send-im/config.toml in the user's configuration folder.
//
// # Contexts
//
// A context that is cancelled ends the call at once, and an invitation that still rings is withdrawn. Its deadline is the
// time-out of the call. Either way the error says whether the message may have arrived: see [Error.Sent].
//
// # Errors
//
// Every error is an [*Error]. errors.Is compares it with a [Kind], for example [ErrBusy], or with a family of kinds such as
// [ErrNotDelivered]. A message whose outcome is unknown is never sent a second time.
//
// # The end of a program
//
// Go runs nothing when a program ends. A program that ends with a session open leaves it to the server, which ends it after
// some minutes. Close clients before: defer client.Close().
//
// No password, token or text of a message is in an error or a log, or shown by the fmt and log/slog packages.
package sendim

import "send-im.internal/sendim/internal/native"

// Version is the version of the library this program was built with, for example "0.1.0".
func Version() string { return native.Version() }
