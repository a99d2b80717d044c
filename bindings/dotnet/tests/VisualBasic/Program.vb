Imports System.Reflection
Imports Harness

Module Program
    Function Main(arguments As String()) As Integer
        If arguments.Length = 3 AndAlso arguments(0) = "child" Then
            Return If(arguments(1) = "at-exit", SendsAtExit(arguments(2)), EndsWhileSending(arguments(2)))
        End If

        If arguments.FirstOrDefault() = "driver" Then
            Return Driver.Serve(AddressOf ScenarioDriver.Run).GetAwaiter().GetResult()
        End If

        Return Runner.Run(Assembly.GetExecutingAssembly(), arguments)
    End Function

    ''' <summary>Ends with its own exit code while a send is under way.</summary>
    Private Function EndsWhileSending(url As String) As Integer
        Dim account = New Account("tosh@contoso.com", "x") With {.Server = url}
        Dim sending = Im.SendAsync(New Message("silent@contoso.com", "hi"), account)
        Console.WriteLine("sending")
        Console.ReadLine()
        Return If(sending.IsCompleted, 1, 17)
    End Function

    ''' <summary>Sends at its end, before and after the library's own handler.</summary>
    Private Function SendsAtExit(url As String) As Integer
        Dim client As Client = Nothing
        AddHandler AppDomain.CurrentDomain.ProcessExit, Sub() client.Send("lenea@contoso.com", "first")
        client = SendIm.Client.SignIn(New Account("tosh@contoso.com", "x") With {.Server = url})
        AddHandler AppDomain.CurrentDomain.ProcessExit, Sub() client.Send("lenea@contoso.com", "last")
        Return 17
    End Function
End Module
