Imports System.Text.Json
Imports System.Threading
Imports System.Threading.Tasks
Imports Harness
Imports Harness.ScenarioFile

''' <summary>The cases that every language must pass, from tests/scenarios.</summary>
Friend Module Scenarios
    ' Shorter words may occur by chance.
    Private Const Telling = 10

    Function All() As IEnumerable(Of [Case])
        Return From given In Cases()
               Select New [Case](given.GetProperty("name").GetString(), Function() RunCase(given), isScenario:=True)
    End Function

    Private Async Function RunCase(given As JsonElement) As Task
        Dim spec = given.GetProperty("sandbox")
        Dim options As New SandboxOptions With {
            .Layout = Word(Of SandboxLayout)(spec.GetProperty("layout")),
            .Https = spec.GetProperty("https").GetBoolean(),
            .Ring = Milliseconds(spec.GetProperty("ring_ms"))
        }
        Using server = Sandbox.Start(options)
            For Each fault In spec.GetProperty("faults").EnumerateArray()
                server.AddFault(fault.GetRawText())
            Next

            Dim count = given.GetProperty("count").GetInt32()
            Dim outcomes = Await Act(given, server, count)
            Dim expect = given.GetProperty("expect")
            Dim entries = Entry(expect, "inbox")
            Dim wanted = If(entries Is Nothing, 0, entries.Value.GetArrayLength() * count)
            Check.Eventually(Function() server.Messages().Count >= wanted, $"{wanted} messages arrive")
            Check.Eventually(Function() server.OpenApplications = 0, "the account has signed out")
            Check.Equal(count, outcomes.Length)
            For number = 1 To count
                CheckOutcome(given, expect, outcomes(number - 1), number)
            Next

            CheckServer(expect, outcomes, server, count)
        End Using
    End Function

    Private Async Function Act(given As JsonElement, server As Sandbox, count As Integer) As Task(Of Object())
        Dim messages = Enumerable.Range(1, count).Select(Function(n) MessageOf(given.GetProperty("message"), n)).ToArray()
        Dim account = AccountOf(given.GetProperty("account"), server)
        If given.GetProperty("action").GetString() = "send" Then
            Try
                Return {Await Im.SendAsync(messages.Single(), account)}
            Catch failure As SendImException
                Return {failure}
            End Try
        End If

        account.SignInTimeout = messages(0).Timeout
        Using client = SendIm.Client.SignIn(account)
            If given.GetProperty("action").GetString() = "send_all" Then
                Return client.SendAll(messages).Select(Function(one) If(one.Receipt, DirectCast(one.Error, Object))).ToArray()
            End If

            Return InThreads(client, messages)
        End Using
    End Function

    Private Function InThreads(client As Client, messages As Message()) As Object()
        Dim outcomes(messages.Length - 1) As Object
        Dim threads As New List(Of Thread)
        For at = 0 To messages.Length - 1
            Dim mine = at
            Dim thread As New Thread(
                Sub()
                    Try
                        outcomes(mine) = client.Send(messages(mine))
                    Catch failure As SendImException
                        outcomes(mine) = failure
                    End Try
                End Sub)
            thread.Start()
            threads.Add(thread)
        Next

        threads.ForEach(Sub(thread) thread.Join())
        Return outcomes
    End Function

    Private Function AccountOf(spec As JsonElement, server As Sandbox) As Account
        Dim where = spec.GetProperty("server").GetString()
        Return New Account(spec.GetProperty("address").GetString(), spec.GetProperty("password").GetString()) With {
            .Username = spec.GetProperty("username").GetString(),
            .Server = If(where = "sandbox", server.Url, where.Replace("{root}", server.Url)),
            .CaFile = If(spec.GetProperty("ca").GetString() = "right", server.CaFile, Nothing)
        }
    End Function

    Private Function MessageOf(spec As JsonElement, number As Integer) As Message
        Return New Message(Text(spec, "to", number), Text(spec, "text", number)) With {
            .IsHtml = spec.GetProperty("html").GetBoolean(),
            .Subject = Text(spec, "subject", number),
            .Importance = Word(Of Importance)(spec.GetProperty("importance")),
            .Timeout = Milliseconds(spec.GetProperty("timeout_ms")),
            .WaitFor = Word(Of WaitFor)(spec.GetProperty("wait"))
        }
    End Function

    Private Sub CheckOutcome(given As JsonElement, expect As JsonElement, outcome As Object, number As Integer)
        Dim failure = TryCast(outcome, SendImException)
        Check.Equal(Entry(expect, "receipt").HasValue, failure Is Nothing, outcome.ToString())
        Dim shown = If(failure Is Nothing, ShownReceipt(DirectCast(outcome, Receipt)), ShownError(failure))
        For Each wanted In expect.GetProperty(If(failure Is Nothing, "receipt", "error")).EnumerateObject()
            Check.Equal(Plain(wanted.Value, number), shown(wanted.Name), $"{wanted.Name} of {outcome}")
        Next

        Check.Equal(If(Entry(expect, "exit_code")?.GetInt32(), 0), If(failure?.ExitCode, 0))
        Dim everything = outcome.ToString() & String.Join(" ", shown.Values)
        Dim password = given.GetProperty("account").GetProperty("password").GetString()
        If password.Length >= Telling Then Check.ContainsNot(password, everything)

        Dim message = Text(given.GetProperty("message"), "text", number)
        If failure IsNot Nothing AndAlso message.Length >= Telling Then Check.ContainsNot(message, everything)
    End Sub

    Private Sub CheckServer(expect As JsonElement, outcomes As Object(), server As Sandbox, count As Integer)
        Dim delivered = server.Messages()
        Dim inboxCount = Entry(expect, "inbox_count")
        If inboxCount.HasValue Then Check.Equal(inboxCount.Value.GetInt32(), delivered.Count)

        Dim none = outcomes.OfType(Of SendImException)().Count(Function(failure) failure.Sent = Sent.No) = outcomes.Length
        Dim entries = Entry(expect, "inbox")
        If entries.HasValue OrElse none Then
            CheckInbox(If(entries?.EnumerateArray().ToArray(), {}), count, delivered)
        End If

        If outcomes.Length = 1 AndAlso delivered.Count = 1 AndAlso TypeOf outcomes(0) Is Receipt Then
            Check.Equal(DirectCast(outcomes(0), Receipt).Format, delivered(0).Format)
        End If

        Dim journal = server.Journal()
        Dim requests = Entry(expect, "requests")
        If requests.HasValue Then Check.Equal(requests.Value.GetInt32(), journal.Count)

        Dim most = Entry(expect, "requests_before_accept")
        If most.HasValue Then
            Dim way = journal.Where(Function(one) Not one.Path.Contains("/events")).ToList()
            Dim invitation = way.FindIndex(
                Function(one) one.Method = "POST" AndAlso one.Path.ToLowerInvariant().EndsWith("/messaginginvitations"))
            Check.True(invitation >= 0, "there was no invitation")

            ' The invitation itself, and the event channel's answer.
            Check.True(invitation + 2 <= most.Value.GetInt32(), String.Join(vbLf, way))
        End If

        Check.Equal(0, server.OpenApplications)
    End Sub

    Private Sub CheckInbox(entries As JsonElement(), count As Integer, delivered As IEnumerable(Of Delivered))
        Dim left = delivered.Select(Function(one) ShownMessage(one)).ToList()
        For Each wanted In entries
            For number = 1 To count
                Dim n = number
                Dim at = left.FindIndex(
                    Function(one) wanted.EnumerateObject().All(Function(member) Equals(Plain(member.Value, n), one(member.Name))))
                Check.True(at >= 0, $"nothing like {wanted} among {left.Count} messages")
                left.RemoveAt(at)
            Next
        Next

        Check.Equal(0, left.Count, "messages that nobody sent")
    End Sub

    Private Function ShownReceipt(receipt As Receipt) As Dictionary(Of String, Object)
        Return New Dictionary(Of String, Object) From {
            {"to", receipt.To}, {"accepted_by", receipt.AcceptedBy}, {"evidence", Snake(receipt.Evidence)},
            {"format", Snake(receipt.Format)}, {"thread_id", receipt.ThreadId}
        }
    End Function

    Private Function ShownError(failure As SendImException) As Dictionary(Of String, Object)
        Return New Dictionary(Of String, Object) From {
            {"kind", Snake(failure.Kind)}, {"step", Snake(failure.Step)}, {"detail", failure.Detail},
            {"sent", Snake(failure.Sent)}, {"http_status", CType(failure.HttpStatus, Double?)}, {"code", failure.Code},
            {"subcode", failure.Subcode}, {"diagnostics", failure.Diagnostics},
            {"retry_after", failure.RetryAfter?.TotalSeconds}, {"hops", String.Join(" ", failure.Hops)}
        }
    End Function

    ''' <summary>In the names and words of the sandbox's own interface.</summary>
    Private Function ShownMessage(message As Delivered) As Dictionary(Of String, Object)
        Return New Dictionary(Of String, Object) From {
            {"from", message.From}, {"to", message.To}, {"accepted_by", message.AcceptedBy}, {"subject", message.Subject},
            {"importance", message.Importance.ToString()}, {"format", "text/" & Snake(message.Format)},
            {"text", message.Text}, {"via", Snake(message.Via)}
        }
    End Function

    Private Function Entry(expect As JsonElement, name As String) As JsonElement?
        Dim found As JsonElement
        Return If(expect.TryGetProperty(name, found), found, CType(Nothing, JsonElement?))
    End Function

    Private Function Text(spec As JsonElement, name As String, number As Integer) As String
        Return TryCast(Plain(spec.GetProperty(name), number), String)
    End Function

    Private Function Milliseconds(value As JsonElement) As TimeSpan
        Return TimeSpan.FromMilliseconds(value.GetDouble())
    End Function

    Private Function Word(Of T As Structure)(value As JsonElement) As T
        Return [Enum].Parse(Of T)(value.GetString().Replace("-", ""), ignoreCase:=True)
    End Function
End Module
