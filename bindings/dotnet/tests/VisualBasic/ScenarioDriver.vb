Imports System.Text.Json
Imports System.Threading
Imports System.Threading.Tasks
Imports Harness.Driver

''' <summary>Sends what a case of tests/scenarios asks for.</summary>
Friend Module ScenarioDriver
    Async Function Run(given As JsonElement) As Task(Of IEnumerable(Of Dictionary(Of String, Object)))
        Dim messages = given.GetProperty("messages").EnumerateArray().Select(AddressOf MessageOf).ToArray()
        Dim account = AccountOf(given.GetProperty("account"))
        Dim action = given.GetProperty("action").GetString()
        If action = "send" Then
            Try
                Return {ShownReceipt(Await Im.SendAsync(messages.Single(), account))}
            Catch failure As SendImException
                Return {ShownError(failure)}
            End Try
        End If

        Using client = ImClient.SignIn(account)
            If action = "send_all" Then
                Return client.SendAll(messages).Select(
                    Function(one) If(one.Error Is Nothing, ShownReceipt(one.Receipt), ShownError(one.Error)))
            End If

            Return InThreads(client, messages)
        End Using
    End Function

    Private Function InThreads(client As ImClient, messages As ImMessage()) As Dictionary(Of String, Object)()
        Dim outcomes(messages.Length - 1) As Dictionary(Of String, Object)
        Dim threads As New List(Of Thread)
        For at = 0 To messages.Length - 1
            Dim mine = at
            Dim thread As New Thread(
                Sub()
                    Try
                        outcomes(mine) = ShownReceipt(client.Send(messages(mine)))
                    Catch failure As SendImException
                        outcomes(mine) = ShownError(failure)
                    End Try
                End Sub)
            thread.Start()
            threads.Add(thread)
        Next

        threads.ForEach(Sub(thread) thread.Join())
        Return outcomes
    End Function

    Private Function AccountOf(given As JsonElement) As Account
        Return New Account(given.GetProperty("address").GetString(), given.GetProperty("password").GetString()) With {
            .Username = given.GetProperty("username").GetString(),
            .Server = given.GetProperty("server").GetString(),
            .CaFile = given.GetProperty("ca_file").GetString(),
            .SignInTimeout = Milliseconds(given.GetProperty("timeout_ms"))
        }
    End Function

    Private Function MessageOf(given As JsonElement) As ImMessage
        Return New ImMessage(given.GetProperty("to").GetString(), given.GetProperty("text").GetString()) With {
            .IsHtml = given.GetProperty("html").GetBoolean(),
            .Subject = given.GetProperty("subject").GetString(),
            .Importance = Word(Of Importance)(given.GetProperty("importance")),
            .Timeout = Milliseconds(given.GetProperty("timeout_ms")),
            .Wait = Word(Of Wait)(given.GetProperty("wait"))
        }
    End Function

    Private Function ShownReceipt(receipt As Receipt) As Dictionary(Of String, Object)
        Return New Dictionary(Of String, Object) From {
            {"to", receipt.To}, {"accepted_by", receipt.AcceptedBy}, {"evidence", Snake(receipt.Evidence)},
            {"format", Snake(receipt.Format)}, {"thread_id", receipt.ThreadId}, {"printed", receipt.ToString()}
        }
    End Function

    Private Function ShownError(failure As SendImException) As Dictionary(Of String, Object)
        Return New Dictionary(Of String, Object) From {
            {"kind", Snake(failure.Kind)}, {"step", Snake(failure.Step)}, {"detail", failure.Detail},
            {"sent", Snake(failure.Sent)}, {"http_status", failure.HttpStatus}, {"code", failure.Code},
            {"subcode", failure.Subcode}, {"diagnostics", failure.Diagnostics},
            {"retry_after", failure.RetryAfter?.TotalSeconds}, {"hops", failure.Hops.Select(Function(hop) hop.ToString())},
            {"exit_code", failure.ExitCode}, {"printed", failure.ToString()}
        }
    End Function
End Module
