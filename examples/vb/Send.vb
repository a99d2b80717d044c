Imports System
Imports SendIm

''' <summary>Sends one message: SendVb lenea@contoso.com "disk full on db7".</summary>
''' <remarks>
''' Who sends comes from SEND_IM_ADDRESS and SEND_IM_PASSWORD, or from ~/.config/send-im/config.toml
''' (on Windows %APPDATA%\send-im\config.toml).
''' </remarks>
Module Send
    Function Main(arguments As String()) As Integer
        If arguments.Length <> 2 Then
            Console.Error.WriteLine("usage: SendVb RECIPIENT TEXT")
            Return 2
        End If

        Try
            Dim receipt = Im.Send(arguments(0), arguments(1))
            Console.WriteLine($"{If(receipt.AcceptedBy, receipt.To)} accepted the message ({receipt.Evidence}).")
            Return 0
        Catch failure As SendImException
            Console.Error.WriteLine(failure.Message)
            Return failure.ExitCode
        End Try
    End Function
End Module
