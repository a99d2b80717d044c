Imports System.Reflection
Imports Harness

Module Program
    Function Main(arguments As String()) As Integer
        If arguments.Length = 3 AndAlso arguments(0) = "child" Then Return Child(arguments(2))

        Return Runner.Run(Assembly.GetExecutingAssembly(), Scenarios.All(), arguments)
    End Function

    ''' <summary>Ends with its own exit code while a send is under way.</summary>
    Private Function Child(url As String) As Integer
        Dim account = New Account("tosh@contoso.com", "x") With {.Server = url}
        Dim sending = Im.SendAsync(New Message("silent@contoso.com", "hi"), account)
        Console.WriteLine("sending")
        Console.ReadLine()
        Return If(sending.IsCompleted, 1, 17)
    End Function
End Module
