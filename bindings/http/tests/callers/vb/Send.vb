Imports System
Imports System.IO
Imports System.Net
Imports System.Text
Imports System.Text.RegularExpressions

''' <summary>Send URL RECIPIENT</summary>
Public Module Send
    Private Const UserName As String = "tosh@contoso.com"
    Private Const Password As String = "s3cret-of-tosh"
    Private Const Form As String = "application/x-www-form-urlencoded"

    Public Sub Main(arguments As String())
        Dim page = arguments(0) & "index.html", recipient = arguments(1)
        Dim who = "&username=" & Uri.EscapeDataString(UserName) & "&password=" & Uri.EscapeDataString(Password)
        Ask("get", page & "?" & Fields(recipient, Text("get")))
        Ask("credentials", page & "?" & Fields(recipient, Text("credentials")) & who)
        Ask("form", page, Form, Fields(recipient, Text("form")))
        Dim json = $"{{""recipient"": ""{recipient}"", ""message"": ""{Text("json")}"", " &
            $"""username"": ""{UserName}"", ""password"": ""{Password}""}}"
        Ask("json", page, "application/json", json)
        Ask("busy", page, Form, Fields("busy@contoso.com", "hello"))
    End Sub

    Private Function Text(shape As String) As String
        Return shape & " from VB: grüße, 50% & mehr 😀"
    End Function

    Private Function Fields(recipient As String, message As String) As String
        Return "recipient=" & Uri.EscapeDataString(recipient) & "&message=" & Uri.EscapeDataString(message)
    End Function

    ''' <summary>Prints the status, and the kind of a problem.</summary>
    Private Sub Ask(name As String, url As String, Optional type As String = Nothing, Optional body As String = Nothing)
        Dim request = WebRequest.Create(url)
        If body IsNot Nothing Then
            Dim bytes = Encoding.UTF8.GetBytes(body)
            request.Method = "POST"
            request.ContentType = type
            request.ContentLength = bytes.Length
            Using stream = request.GetRequestStream()
                stream.Write(bytes, 0, bytes.Length)
            End Using
        End If
        Using response = DirectCast(Answer(request), HttpWebResponse), reader = New StreamReader(response.GetResponseStream())
            Dim kind = Regex.Match(reader.ReadToEnd(), """kind"":""(\w+)""")
            Console.WriteLine($"{name} {CInt(response.StatusCode)} {kind.Groups(1).Value}".TrimEnd())
        End Using
    End Sub

    Private Function Answer(request As WebRequest) As WebResponse
        Try
            Return request.GetResponse()
        Catch problem As WebException When problem.Response IsNot Nothing
            Return problem.Response
        End Try
    End Function
End Module
