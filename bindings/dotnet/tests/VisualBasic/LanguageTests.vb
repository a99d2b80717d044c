Imports System.Collections.Concurrent
Imports System.Linq
Imports System.Reflection
Imports System.Text.Json
Imports System.Threading
Imports System.Threading.Tasks
Imports Harness

''' <summary>What is particular to Visual Basic, and the part of the package for .NET Standard 2.0.</summary>
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
    Public Sub Using_signs_out_and_Catch_tells_kinds_apart()
        Using client = ImClient.SignIn(_server.Account(Sender))
            Try
                client.Send("busy@contoso.com", "hello")
                Check.True(False, "it was sent")
            Catch failure As SendImException When failure.Kind = ErrorKind.Busy
            End Try

            Dim results = client.SendAll({New ImMessage(Recipient, "one"), New ImMessage("declines@contoso.com", "two")})
            Check.Equal({True, False}, results.Select(Function(result) result.IsSent))
            Check.Equal(1, OpenApplications())
        End Using

        Check.Equal(0, OpenApplications())
    End Sub

    <Test>
    Public Async Function Cancelling_and_closing_stop_waiting() As Task
        Dim patient As New ImMessage("silent@contoso.com", "hi") With {.Timeout = TimeSpan.FromMinutes(30)}
        Using source As New CancellationTokenSource(), client = Await ImClient.SignInAsync(_server.Account(Sender))
            Dim sending = client.SendAsync(patient, source.Token)
            Check.Eventually(Function() _server.Request("GET", "journal").Contains("messagingInvitations"), "it rings")
            source.Cancel()
            Await Check.ThrowsAsync(Of OperationCanceledException)(Function() sending)
            sending = client.SendAsync(patient)
            Await client.SignOutAsync(TimeSpan.Zero)
            Await Check.ThrowsAsync(Of SendImException)(Function() sending)
        End Using
    End Function

    <Test>
    Public Sub Steps_lines_of_the_log_and_tokens_are_lambdas()
        Dim steps As New ConcurrentQueue(Of [Step])
        Dim lines As New ConcurrentQueue(Of String)
        Dim account As New Account(Sender) With {
            .Server = _server.Url,
            .OnStep = Sub(finished) steps.Enqueue(finished),
            .Log = Sub(level, failure, line) lines.Enqueue($"{level} {line}"),
            .TokenProvider = Function(request, cancelled) Task.FromResult(New Token(IssuedToken()))
        }
        Im.Send(Recipient, "hello", account)
        Check.Equal(StepName.Discover, steps.First().Name)
        Check.Equal(steps.Select(Function(finished) $"Debug {finished}"), lines)
        Check.Equal("0.50", Format(0.5, "0.00"), "the function of Visual Basic")
    End Sub

    <Test>
    Public Sub The_package_for_NET_Standard_2_0_is_the_one_under_test()
        Dim name = GetType(Im).Assembly.GetCustomAttribute(Of Runtime.Versioning.TargetFrameworkAttribute)().FrameworkName
        Check.Equal(".NETStandard,Version=v2.0", name)
    End Sub

    Private Function OpenApplications() As Integer
        Return Asked("GET", "state").GetProperty("open_applications").GetInt32()
    End Function

    Private Function IssuedToken() As String
        Return Asked("POST", "tokens/" & Sender).GetProperty("token").GetString()
    End Function

    Private Function Asked(method As String, path As String) As JsonElement
        Return JsonSerializer.Deserialize(Of JsonElement)(_server.Request(method, path))
    End Function
End Class
