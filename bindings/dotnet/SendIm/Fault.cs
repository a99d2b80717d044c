using System;
using SendIm.Native;

namespace SendIm
{
    /// <summary>The requests of a sandbox that a fault can lie on.</summary>
    public enum SandboxRoute
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
        private Fault(object action)
        {
            Action = action;
        }

        /// <summary>The connection is closed without an answer; the request is not processed.</summary>
        public static Fault DropBefore { get; } = new Fault("drop_before");

        /// <summary>The request is processed, and its answer is lost.</summary>
        public static Fault DropAfter { get; } = new Fault("drop_after");

        /// <summary>The request is processed, and half of the answer's body is sent.</summary>
        public static Fault CutBody { get; } = new Fault("cut_body");

        /// <summary>The answer is 200 and a page, as of a captive portal; the request is not processed.</summary>
        public static Fault HtmlInstead { get; } = new Fault("html_instead");

        /// <summary>The answer says <c>text/plain</c>.</summary>
        public static Fault WrongContentType { get; } = new Fault("wrong_content_type");

        /// <summary>Every event comes twice.</summary>
        public static Fault DuplicateEvents { get; } = new Fault("duplicate_events");

        /// <summary>Events carry no content; it has to be fetched.</summary>
        public static Fault BareEvents { get; } = new Fault("bare_events");

        /// <summary>Events come before the answer to the request.</summary>
        public static Fault EarlyEvents { get; } = new Fault("early_events");

        /// <summary>Only the last state of everything is told.</summary>
        public static Fault SkipStates { get; } = new Fault("skip_states");

        /// <summary>The name, or the name and what it takes.</summary>
        internal object Action { get; }

        /// <summary>The request is not processed and answered with an error.</summary>
        /// <param name="http">The HTTP status.</param>
        /// <param name="code">The code in the body; null: the one that belongs to the status.</param>
        /// <param name="subcode">The subcode in the body.</param>
        /// <param name="retryAfter">The header <c>Retry-After</c>, in whole seconds.</param>
        public static Fault Status(int http, string? code = null, string? subcode = null, TimeSpan? retryAfter = null) =>
            Nested(
                "status",
                ("http", http),
                ("code", code),
                ("subcode", subcode),
                ("retry_after", retryAfter == null ? (long?)null : (long)retryAfter.Value.TotalSeconds));

        /// <summary>The request is processed, and a gateway answers with this HTTP status and a page.</summary>
        public static Fault GatewayError(int http) => Nested("gateway_error", ("http", http));

        /// <summary>The request is processed later.</summary>
        public static Fault Delay(TimeSpan time) => Nested("delay", ("ms", Options.Milliseconds(time)));

        /// <summary>Events come later.</summary>
        public static Fault DelayEvents(TimeSpan time) => Nested("delay_events", ("ms", Options.Milliseconds(time)));

        /// <summary>The body of the answer is at least so long.</summary>
        public static Fault Oversized(int bytes) => Nested("oversized", ("bytes", bytes));

        /// <summary>The fault as the sandbox takes it.</summary>
        public override string ToString() => Json.Write(Action);

        private static Fault Nested(string name, params (string, object?)[] inner) => new Fault(new[] { (name, (object?)inner) });
    }
}
