Imports System.Text.Json
Imports System.Threading
Imports System.Threading.Tasks
Imports Harness.Driver

''' <summary>Sends what a case of tests/scenarios asks for.</summary>
Friend Module ScenarioDriver
    Async Function Run(given As JsonElement) As Task(Of IEnumerable(Of Object))
        Dim messages = given.GetProperty("messages").EnumerateArray().Select(AddressOf MessageOf).ToArray()
        Dim account = AccountOf(given.GetProperty("account"))
        Dim action = given.GetProperty("action").GetString()
        If action = "send" Then
            Try
                Return {Await Im.SendAsync(messages.Single(), account)}
            Catch failure As SendImException
                Return {failure}
            End Try
        End If

        Using client = ImClient.SignIn(account)
            If action = "send_all" Then
                Return client.SendAll(messages).Select(Function(one) If(one.Receipt, DirectCast(one.Error, Object)))
            End If

            Return InThreads(client, messages)
        End Using
    End Function

    Private Function InThreads(client As ImClient, messages As ImMessage()) As Object()
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
End Module
