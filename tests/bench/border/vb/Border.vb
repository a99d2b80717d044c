Imports System
Imports System.Diagnostics
Imports System.Globalization
Imports System.Linq
Imports System.Threading
Imports SendIm

''' <summary>What a call costs from Visual Basic: BorderVb REFUSED SENT. Prints one line of JSON, times in milliseconds.</summary>
Module Border
    ' The runtime has compiled everything for speed after so many calls.
    Private Const Warm As Integer = 2000

    Sub Main(arguments As String())
        Dim calls = Integer.Parse(arguments(0), CultureInfo.InvariantCulture)
        Dim sends = Integer.Parse(arguments(1), CultureInfo.InvariantCulture)

        ' The first call loads the library. This one ends before any request.
        Dim began = Stopwatch.GetTimestamp()
        RefusedOnce(Function() Im.Send("nobody", "disk full"))
        Dim loaded = Since(began).ToString("F3", CultureInfo.InvariantCulture)

        Using client = SendIm.Client.SignIn()
            Refused(client, Warm)
            Dim alone = Summary(Refused(client, calls))
            Dim eight = Summary(Together(client, calls))
            Dim real = Summary(Sent(client, sends))
            Console.WriteLine($"{{""load_ms"":{loaded},""refused_1"":{alone},""refused_8"":{eight},""sent"":{real}}}")
        End Using
    End Sub

    ' Sends that are refused without a request: the recipient is no address.
    Private Function Refused(client As Client, calls As Integer) As Double()
        Dim times(calls - 1) As Double
        For [call] = 0 To calls - 1
            Dim started = Stopwatch.GetTimestamp()
            RefusedOnce(Function() client.Send("nobody", "disk full"))
            times([call]) = Since(started)
        Next
        Return times
    End Function

    Private Sub RefusedOnce(send As Func(Of Receipt))
        Try
            send()
        Catch failure As SendImException When failure.Kind = ErrorKind.InvalidInput
            Return
        End Try
        Throw New InvalidOperationException("the send to nobody was not refused")
    End Sub

    ' The same from eight threads at once.
    Private Function Together(client As Client, calls As Integer) As Double()
        Dim parts(7)() As Double
        Dim threads = Enumerable.Range(0, 8).
            Select(Function(n) New Thread(Sub() parts(n) = Refused(client, calls \ 8))).
            ToList()
        threads.ForEach(Sub(thread) thread.Start())
        threads.ForEach(Sub(thread) thread.Join())
        Return parts.SelectMany(Function(part) part).ToArray()
    End Function

    Private Function Sent(client As Client, calls As Integer) As Double()
        Dim times(calls - 1) As Double
        For [call] = 0 To calls - 1
            Dim started = Stopwatch.GetTimestamp()
            client.Send("kept@contoso.com", "disk full")
            times([call]) = Since(started)
        Next
        Return times
    End Function

    Private Function Since(started As Long) As Double
        Return (Stopwatch.GetTimestamp() - started) * 1000.0 / Stopwatch.Frequency
    End Function

    Private Function Summary(times As Double()) As String
        Array.Sort(times)
        Dim p50 = times(times.Length \ 2).ToString("F6", CultureInfo.InvariantCulture)
        Dim p99 = times(CInt(times.Length * 99L \ 100)).ToString("F6", CultureInfo.InvariantCulture)
        Return $"{{""p50"":{p50},""p99"":{p99}}}"
    End Function
End Module
