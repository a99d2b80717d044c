Imports System.Reflection
Imports Harness

Module Program
    Function Main(arguments As String()) As Integer
        If arguments.FirstOrDefault() = "driver" Then
            Return Driver.Serve(AddressOf ScenarioDriver.Run).GetAwaiter().GetResult()
        End If

        Return Runner.Run(Assembly.GetExecutingAssembly(), arguments)
    End Function
End Module
