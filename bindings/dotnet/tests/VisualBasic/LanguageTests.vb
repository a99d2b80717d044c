Imports System.Collections.Concurrent
Imports System.Diagnostics
Imports System.IO
Imports System.Linq
Imports System.Reflection
Imports System.Threading
Imports System.Threading.Tasks
Imports Harness

''' <summary>What is particular to Visual Basic, and what .NET Standard 2.0 has to get right.</summary>
Public Class LanguageTests
    Implements IDisposable

    Private Const Sender = "tosh@contoso.com"
    Private Const Recipient = "lenea@contoso.com"

    Private ReadOnly _server As Sandbox = Sandbox.Start(New SandboxOptions With {.Ring = TimeSpan.FromMinutes(30)})

    Public Sub Dispose() Implements IDisposable.Dispose
        _server.Dispose()
    End Sub

    <Test>
    Public Sub Sends_with_named_arguments()
        Dim receipt = Im.Send([to]:=Recipient, text:="hello world", account:=_server.Account(Sender))
        Check.Equal(Evidence.InvitationAccepted, receipt.Evidence)
        Check.Equal("hello world", _server.Inbox(Recipient).Single().Text)
    End Sub

    <Test>
    Public Async Function Awaits_a_send() As Task
        Dim message As New Message(Recipient, "disk full") With {.Subject = "db7", .Importance = Importance.Urgent}
        Dim receipt = Await Im.SendAsync(message, _server.Account(Sender))
        Check.Equal(Recipient, receipt.AcceptedBy)
        Check.Equal(Importance.Urgent, _server.Messages()(0).Importance)
    End Function

    <Test>
    Public Sub Catches_by_kind()
        Dim caught = ""
        Try
            Im.Send("busy@contoso.com", "hello", _server.Account(Sender))
        Catch failure As SendImException When failure.Kind = ErrorKind.Busy
            caught = failure.KindName
        End Try

        Check.Equal("busy", caught)
    End Sub

    <Test>
    Public Sub A_NUL_is_refused_and_cuts_nothing()
        Dim failure = Check.Throws(Of SendImException)(
            Sub() Im.Send(Recipient, "disk" & vbNullChar & "full", _server.Account(Sender)))
        Check.Equal(ErrorKind.InvalidInput, failure.Kind)
        Check.Equal(0, _server.RequestedPaths().Length)
    End Sub

    <Test>
    Public Sub Using_signs_out()
        Using client = SendIm.Client.SignIn(_server.Account(Sender))
            Dim results = client.SendAll({New Message(Recipient, "one"), New Message("declines@contoso.com", "two")})
            Check.Equal({True, False}, results.Select(Function(result) result.IsSent))
            Check.Equal(ErrorKind.Declined, results(1).Error.Kind)
            Check.Equal(1, _server.OpenApplications())
        End Using

        Check.Equal(0, _server.OpenApplications())
    End Sub

    <Test>
    Public Async Function Fifty_tasks_share_a_client_and_each_of_a_thousand_messages_arrives_once() As Task
        Using client = Await SendIm.Client.SignInAsync(_server.Account(Sender))
            Await Task.WhenAll(Enumerable.Range(0, 50).Select(
                Async Function(one)
                    For n = 1 To 20
                        Await client.SendAsync($"user{one}@contoso.com", $"{one}/{n}")
                    Next
                End Function))
            Await client.SignOutAsync()
        End Using

        Check.Equal(1000, _server.Messages().Select(Function(message) message.Text).Distinct().Count())
        Check.Equal(1000, _server.Messages().Count)
    End Function

    <Test>
    Public Async Function Cancelling_stops_waiting() As Task
        Using source As New CancellationTokenSource()
            Dim sending = Im.SendAsync(
                New Message("silent@contoso.com", "hi") With {.Timeout = TimeSpan.FromMinutes(30)},
                _server.Account(Sender),
                source.Token)
            Check.Eventually(AddressOf Rings, "it rings")
            source.Cancel()
            Await Check.ThrowsAsync(Of OperationCanceledException)(Function() sending)
            Check.Eventually(Function() _server.OpenApplications() = 0, "the account signs out")
        End Using
    End Function

    <Test>
    Public Sub Steps_and_tokens_are_lambdas()
        Dim steps As New ConcurrentQueue(Of SendStep)
        Dim account As New Account(Sender) With {
            .Server = _server.Url,
            .OnStep = Sub(finished) steps.Enqueue(finished.Step),
            .TokenProvider = Function(request, cancelled) Task.FromResult(New Token(_server.IssueToken(Sender)))
        }
        Im.Send(Recipient, "hello", account)
        Check.Equal(SendStep.Discover, steps.First())
        Check.True(steps.Contains(SendStep.Invite), "no invitation was told")
    End Sub

    <Test>
    Public Sub The_trace_tells_steps()
        Using written As New StringWriter()
            Dim listener As New TextWriterTraceListener(TextWriter.Synchronized(written))
            Im.TraceSource.Listeners.Add(listener)
            Im.TraceSource.Switch.Level = SourceLevels.Verbose
            Try
                Im.Send(Recipient, "nobody logs this", _server.Account(Sender))
            Finally
                Im.TraceSource.Switch.Level = SourceLevels.Off
                Im.TraceSource.Listeners.Remove(listener)
            End Try

            Check.Contains("Invite: ", written.ToString())
            Check.ContainsNot("nobody logs this", written.ToString())
        End Using
    End Sub

    <Test>
    Public Sub The_exit_code_is_kept_with_a_send_in_flight()
        Using program = Child.Start(Assembly.GetExecutingAssembly().Location, {"child", "ending", _server.Url})
            Check.Equal("sending", program.Output.ReadLine())
            Check.Eventually(AddressOf Rings, "it rings")
            program.Input.WriteLine()
            Check.Equal((17, "", ""), program.End())
        End Using
    End Sub

    <Test>
    Public Sub A_handler_of_ProcessExit_sends_and_finishes()
        Using program = Child.Start(Assembly.GetExecutingAssembly().Location, {"child", "at-exit", _server.Url})
            Check.Equal((17, "", ""), program.End())
        End Using

        Check.Equal({"first", "last"}, _server.Inbox(Recipient).Select(Function(message) message.Text))
        Check.Equal(0, _server.OpenApplications())
    End Sub

    <Test>
    Public Async Function Closing_waits_until_its_bound_and_cancels_the_rest() As Task
        Dim patient As New Message("silent@contoso.com", "hi") With {.Timeout = TimeSpan.FromMinutes(30)}
        Using client = SendIm.Client.SignIn(_server.Account(Sender))
            Dim sending = client.SendAsync(patient)
            Check.Eventually(AddressOf Rings, "it rings")
            client.SignOut(TimeSpan.FromMilliseconds(300))
            Dim failure = Await Check.ThrowsAsync(Of SendImException)(Function() sending)
            Check.Equal((ErrorKind.Cancelled, Sent.Maybe), (failure.Kind, failure.Sent))
            Check.Equal(0, _server.OpenApplications())
            Dim late = Check.Throws(Of SendImException)(Sub() client.Send(patient))
            Check.Equal(ErrorKind.Closed, late.Kind)
        End Using
    End Function

    <Test>
    Public Async Function CancelAll_ends_what_is_under_way() As Task
        Dim patient As New Message("silent@contoso.com", "hi") With {.Timeout = TimeSpan.FromMinutes(30)}
        Using client = SendIm.Client.SignIn(_server.Account(Sender))
            Dim sending = client.SendAsync(patient)
            Check.Eventually(AddressOf Rings, "it rings")
            client.CancelAll()
            Dim failure = Await Check.ThrowsAsync(Of SendImException)(Function() sending)
            Check.Equal((ErrorKind.Cancelled, Sent.Maybe), (failure.Kind, failure.Sent))
        End Using

        Check.Equal(0, _server.OpenApplications())
    End Function

    <Test>
    Public Sub What_a_token_provider_throws_is_the_inner_exception()
        Dim cause As New InvalidOperationException("The vault is sealed.")
        Dim account As New Account(Sender) With {.Server = _server.Url, .TokenProvider = Function(request, cancelled)
                                                                                               Throw cause
                                                                                           End Function}
        Dim failure = Check.Throws(Of SendImException)(Sub() Im.Send(Recipient, "hi", account))
        Check.Equal(ErrorKind.CredentialUnavailable, failure.Kind)
        Check.Same(cause, failure.InnerException)
    End Sub

    <Test>
    Public Sub Errors_and_receipts_are_made_in_tests()
        Dim failure As New SendImException(ErrorKind.OutcomeUnknown, "Who knows.", httpStatus:=504)
        Check.Equal((Sent.Maybe, 6, 504), (failure.Sent, failure.ExitCode, failure.HttpStatus.Value))
        Check.Equal(Recipient, New Receipt(Recipient).AcceptedBy)
        Check.Equal(CType(Nothing, String), New Receipt(Recipient, Evidence.Submitted).AcceptedBy)
    End Sub

    <Test>
    Public Sub The_package_for_NET_Standard_2_0_is_the_one_under_test()
        Dim name = GetType(Im).Assembly.GetCustomAttribute(Of Runtime.Versioning.TargetFrameworkAttribute)().FrameworkName
        Check.Equal(".NETStandard,Version=v2.0", name)
    End Sub

    Private Function Rings() As Boolean
        Return _server.RequestedPaths().Any(Function(path) path.EndsWith("/messagingInvitations"))
    End Function
End Class
