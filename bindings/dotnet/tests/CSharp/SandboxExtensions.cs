using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace SendIm.Tests
{
    /// <summary>What tests ask a sandbox by its own interface.</summary>
    public static class SandboxExtensions
    {
        /// <summary>Every request received, oldest first.</summary>
        public static IReadOnlyList<(string Method, string Path)> Journal(this Sandbox sandbox) =>
            Asked(sandbox, "GET", "journal").EnumerateArray()
                .Select(one => (one.GetProperty("method").GetString()!, one.GetProperty("path").GetString()!))
                .ToList();

        /// <summary>Whether it invites somebody.</summary>
        public static bool IsInvitation(this (string Method, string Path) request) =>
            request.Method == "POST" && request.Path.EndsWith("/messagingInvitations");

        /// <summary>How many sessions are open on the server.</summary>
        public static int OpenApplications(this Sandbox sandbox) =>
            Asked(sandbox, "GET", "state").GetProperty("open_applications").GetInt32();

        /// <summary>A bearer token that the sandbox accepts for this address.</summary>
        public static string IssueToken(this Sandbox sandbox, string address) =>
            Asked(sandbox, "POST", "tokens/" + address).GetProperty("token").GetString()!;

        private static JsonElement Asked(Sandbox sandbox, string method, string path) =>
            JsonSerializer.Deserialize<JsonElement>(sandbox.Request(method, path));
    }
}
