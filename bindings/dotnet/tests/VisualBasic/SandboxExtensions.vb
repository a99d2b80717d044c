Imports System.Runtime.CompilerServices
Imports System.Text.Json

''' <summary>What tests ask a sandbox by its own interface.</summary>
Friend Module SandboxExtensions
    ''' <summary>How many sessions are open on the server.</summary>
    <Extension>
    Public Function OpenApplications(sandbox As Sandbox) As Integer
        Return Asked(sandbox, "GET", "state").GetProperty("open_applications").GetInt32()
    End Function

    ''' <summary>A bearer token that the sandbox accepts for this address.</summary>
    <Extension>
    Public Function IssueToken(sandbox As Sandbox, address As String) As String
        Return Asked(sandbox, "POST", "tokens/" & address).GetProperty("token").GetString()
    End Function

    Private Function Asked(sandbox As Sandbox, method As String, path As String) As JsonElement
        Return JsonSerializer.Deserialize(Of JsonElement)(sandbox.Request(method, path))
    End Function
End Module
