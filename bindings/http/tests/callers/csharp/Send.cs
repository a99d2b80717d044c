using System;
using System.IO;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

/// <summary>Send URL RECIPIENT</summary>
public static class Send
{
    private const string UserName = "tosh@contoso.com";
    private const string Password = "s3cret-of-tosh";
    private const string Form = "application/x-www-form-urlencoded";

    public static void Main(string[] arguments)
    {
        string page = arguments[0] + "index.html", recipient = arguments[1];
        string who = "&username=" + Uri.EscapeDataString(UserName) + "&password=" + Uri.EscapeDataString(Password);
        Ask("get", page + "?" + Fields(recipient, Text("get")));
        Ask("credentials", page + "?" + Fields(recipient, Text("credentials")) + who);
        Ask("form", page, Form, Fields(recipient, Text("form")));
        Ask("json", page, "application/json",
            $"{{\"recipient\": \"{recipient}\", \"message\": \"{Text("json")}\", "
            + $"\"username\": \"{UserName}\", \"password\": \"{Password}\"}}");
        Ask("busy", page, Form, Fields("busy@contoso.com", "hello"));
    }

    private static string Text(string shape) => shape + " from C#: grüße, 50% & mehr 😀";

    private static string Fields(string recipient, string message) =>
        "recipient=" + Uri.EscapeDataString(recipient) + "&message=" + Uri.EscapeDataString(message);

    /// <summary>Prints the status, and the kind of a problem.</summary>
    private static void Ask(string name, string url, string? type = null, string? body = null)
    {
        WebRequest request = WebRequest.Create(url);
        if (body != null)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(body);
            request.Method = "POST";
            request.ContentType = type;
            request.ContentLength = bytes.Length;
            using (Stream stream = request.GetRequestStream())
            {
                stream.Write(bytes, 0, bytes.Length);
            }
        }
        using (var answer = (HttpWebResponse)Answer(request))
        using (var reader = new StreamReader(answer.GetResponseStream()))
        {
            Match kind = Regex.Match(reader.ReadToEnd(), "\"kind\":\"(\\w+)\"");
            Console.WriteLine($"{name} {(int)answer.StatusCode} {kind.Groups[1].Value}".TrimEnd());
        }
    }

    private static WebResponse Answer(WebRequest request)
    {
        try
        {
            return request.GetResponse();
        }
        catch (WebException problem) when (problem.Response != null)
        {
            return problem.Response;
        }
    }
}
