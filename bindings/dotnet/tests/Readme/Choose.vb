Imports System
Imports System.Linq
Imports System.Reflection

''' <summary>Runs the program of README.md whose number is the argument.</summary>
Module Choose
    Sub Main(arguments As String())
        Dim named = Assembly.GetExecutingAssembly().GetTypes().Where(Function(one) one.Namespace = "Snippet" & arguments(0))
        Dim mains = named.Select(Function(one) one.GetMethod("Main")).Where(Function(main) main IsNot Nothing)
        mains.Single().Invoke(Nothing, Nothing)
    End Sub
End Module
