using System;
using SendIm.Native;

namespace SendIm
{
    /// <summary>The requests of a sandbox that a fault can lie on.</summary>
    public enum Route
    {
        /// <summary>Every request.</summary>
        Any,

        /// <summary>GET of the discovery root.</summary>
        Discovery,

        /// <summary>GET of the user resource, with or without a token.</summary>
        User,

        /// <summary>POST to a token service.</summary>
        Token,

        /// <summary>Any request to the applications resource.</summary>
        Applications,

        /// <summary>GET of the event channel.</summary>
        Events,

        /// <summary>POST of an invitation.</summary>
        StartMessaging,

        /// <summary>POST of a message.</summary>
        SendMessage,

        /// <summary>POST that ends messaging or withdraws an invitation.</summary>
        StopMessaging,

        /// <summary>DELETE of a session.</summary>
        DeleteApplication,
    }

    /// <summary>What goes wrong in a <see cref="Sandbox"/>.</summary>
    public sealed class Fault
    {
        private Fault(string json)
        {
            Json = json;
        }

        /// <summary>The connection is closed without an answer; the request is not processed.</summary>
        public static Fault DropBefore { get; } = Named("drop_before");

        /// <summary>The request is processed, and its answer is lost.</summary>
        public static Fault DropAfter { get; } = Named("drop_after");

        /// <summary>The request is processed, and half of the answer's body is sent.</summary>
        public static Fault CutBody { get; } = Named("cut_body");

        /// <summary>The answer is 200 and a page, as of a captive portal; the request is not processed.</summary>
        public static Fault HtmlInstead { get; } = Named("html_instead");

        /// <summary>The answer says <c>text/plain</c>.</summary>
        public static Fault WrongContentType { get; } = Named("wrong_content_type");

        /// <summary>Every event comes twice.</summary>
        public static Fault DuplicateEvents { get; } = Named("duplicate_events");

        /// <summary>Events carry no content; it has to be fetched.</summary>
        public static Fault BareEvents { get; } = Named("bare_events");

        /// <summary>Events come before the answer to the request.</summary>
        public static Fault EarlyEvents { get; } = Named("early_events");

        /// <summary>Only the last state of everything is told.</summary>
        public static Fault SkipStates { get; } = Named("skip_states");

        internal string Json { get; }

        /// <summary>The request is not processed and answered with an error.</summary>
        /// <param name="http">The HTTP status.</param>
        /// <param name="code">The code in the body; null: the one that belongs to the status.</param>
        /// <param name="subcode">The subcode in the body.</param>
        /// <param name="retryAfter">The header <c>Retry-After</c>, in whole seconds.</param>
        /// <returns>The fault.</returns>
        public static Fault Status(int http, string? code = null, string? subcode = null, TimeSpan? retryAfter = null) =>
            Nested("status", new JsonText()
                .Add("http", http)
                .Add("code", code)
                .Add("subcode", subcode)
                .Add("retry_after", retryAfter == null ? (long?)null : (long)retryAfter.Value.TotalSeconds));

        /// <summary>The request is processed, and a gateway answers with this status and a page.</summary>
        /// <param name="http">The HTTP status.</param>
        /// <returns>The fault.</returns>
        public static Fault GatewayError(int http) => Nested("gateway_error", new JsonText().Add("http", http));

        /// <summary>The request is processed later.</summary>
        /// <param name="time">How much.</param>
        /// <returns>The fault.</returns>
        public static Fault Delay(TimeSpan time) =>
            Nested("delay", new JsonText().Add("ms", Options.Milliseconds(time)));

        /// <summary>Events come later.</summary>
        /// <param name="time">How much.</param>
        /// <returns>The fault.</returns>
        public static Fault DelayEvents(TimeSpan time) =>
            Nested("delay_events", new JsonText().Add("ms", Options.Milliseconds(time)));

        /// <summary>The body of the answer is very long.</summary>
        /// <param name="bytes">At least so long.</param>
        /// <returns>The fault.</returns>
        public static Fault Oversized(int bytes) => Nested("oversized", new JsonText().Add("bytes", bytes));

        /// <summary>The fault as the sandbox takes it.</summary>
        public override string ToString() => Json;

        private static Fault Named(string name) => new Fault("\"" + name + "\"");

        private static Fault Nested(string name, JsonText inner) =>
            new Fault(new JsonText().AddRaw(name, inner.ToString()).ToString());
    }
}
