Imports System
Imports System.Collections.Generic
Imports System.Diagnostics
Imports System.Linq
Imports System.Text.Json
Imports SendIm

''' <summary>Sends from Visual Basic: SendsVb SENDS MANY. Prints one line of JSON, times in milliseconds.</summary>
Module Sends
    Sub Main(arguments As String())
        Dim count = Integer.Parse(arguments(0))
        Dim many = Integer.Parse(arguments(1))
        Dim load = Milliseconds(AddressOf LoadLibrary)

        Using client = ImClient.SignIn()
            Dim send = Function() Milliseconds(Sub() client.Send("lenea@contoso.com", "disk full"))
            For n = 1 To count \ 10
                send()
            Next
            Dim times = Enumerable.Range(0, count).Select(Function(n) send()).OrderBy(Function(time) time).ToList()

            Dim messages = Enumerable.Range(0, many).
                Select(Function(n) New ImMessage($"user{n Mod 100}@contoso.com", "disk full")).
                ToList()
            Dim results As IReadOnlyList(Of SendResult) = Nothing
            Dim elapsed = Milliseconds(Sub() results = client.SendAll(messages))
            Dim failed = results.FirstOrDefault(Function(result) Not result.IsSent)
            If failed IsNot Nothing Then Throw failed.Error

            Console.WriteLine(JsonSerializer.Serialize(New With {
                .load_ms = load,
                .send = New With {.p50 = times(count \ 2), .p99 = times(count * 99 \ 100)},
                .send_all_per_second = many * 1000 / elapsed
            }))
        End Using
    End Sub

    ' The first call loads the library. This one ends before any request: the recipient is no address.
    Private Sub LoadLibrary()
        Try
            Im.Send("nobody", "disk full")
        Catch refused As SendImException When refused.Kind = ErrorKind.InvalidInput
        End Try
    End Sub

    Private Function Milliseconds(work As Action) As Double
        Dim watch = Stopwatch.StartNew()
        work()
        Return watch.Elapsed.TotalMilliseconds
    End Function
End Module
