// Package sendim delivers an instant message to a Skype for Business or Lync user and tells the truth about it: who
// accepted, or what failed and what to do.
//
// [Send] signs in, sends one message and signs out. [SignIn] gives a [Client], one session for any number of messages from
// any number of goroutines. [StartSandbox] starts a server on this machine in which every outcome can be tried.
//
// # Who sends
//
// The [Account] says it. The zero Account comes from the environment (SEND_IM_ADDRESS, SEND_IM_PASSWORD and, where needed,
// SEND_IM_USERNAME, SEND_IM_SERVER, SEND_IM_CA_FILE and SEND_IM_TLS), then from the file send-im/config.toml in the user's
// configuration folder.
//
// # Contexts and time-outs
//
// A context that is cancelled ends the call at once, and an invitation that still rings is withdrawn. Its deadline is the
// time-out of the call, where none is given that is earlier. A time-out is how long the message has to be delivered; an
// invitation rings until then. After it the call takes at most 2 s more to withdraw the invitation and learn what came of it,
// and [Send] at most another 3 s to close its session. The error says whether the message may have arrived: see [Error.Sent].
//
// # Closing
//
// [Client.Close] waits for the sends under way, each of which ends with its own time-out at the latest. [Client.SignOut] gives
// a bound: what has not ended when its context ends is cancelled. Then the session is closed on the server, in at most 3 s.
// Sends that begin after it fail with ErrClosed. [Client.CancelAll] ends every send under way at once.
//
// # Errors
//
// Every error is an [*Error], whose text reads well in the middle of a line. errors.Is compares it with a [Kind], for example [ErrBusy], or with a family of kinds such as
// [ErrNotDelivered]. A message whose outcome is unknown is never sent a second time.
//
// # The end of a program
//
// os.Exit, log.Fatal and the end of main wait for nothing, so this package does nothing then: sends under way die with the
// process, and a session that is open is left to the server, which ends it after some minutes. Close clients before.
//
// No password, token or text of a message is in an error or a log, or shown by the fmt and log/slog packages.
package sendim

import "send-im.internal/sendim/internal/native"

// Version is the version of the library this program was built with, for example "0.1.0".
func Version() string { return native.Version() }
