extension Sandbox {
    /// The requests a fault can lie on.
    public enum Route: String, Sendable, CaseIterable {
        /// The discovery root.
        case discovery
        /// The user resource, with or without a token.
        case user
        /// A token service.
        case token
        /// The `applications` resource.
        case applications
        /// The event channel.
        case events
        /// startMessaging or addMessaging: the invitation.
        case startMessaging = "start_messaging"
        /// sendMessage.
        case sendMessage = "send_message"
        /// stopMessaging, which is also the `cancel` of an invitation.
        case stopMessaging = "stop_messaging"
        /// DELETE of the application: signing out.
        case deleteApplication = "delete_application"
        /// Every request.
        case any
    }

    /// What goes wrong.
    public struct Fault: Sendable {
        let action: any Sendable

        private init(_ name: String) { action = name }

        private init(_ name: String, _ members: [String: (any Sendable)?]) {
            action = [name: members.compactMapValues { $0 }]
        }

        private init(_ name: String, ms time: Duration) { self.init(name, ["ms": time.wholeMilliseconds]) }

        /// The request is not processed and answered with this error; `retryAfter` is in whole seconds.
        public static func status(
            _ http: Int, code: String? = nil, subcode: String? = nil, retryAfter: Duration? = nil
        ) -> Fault {
            Fault(
                "status",
                ["http": http, "code": code, "subcode": subcode, "retry_after": retryAfter?.components.seconds])
        }

        /// The request is processed after this time.
        public static func delay(_ time: Duration) -> Fault { Fault("delay", ms: time) }
        /// The request is processed at once and answered after this time.
        public static func delayAnswer(_ time: Duration) -> Fault { Fault("delay_answer", ms: time) }
        /// The request is processed, then a gateway answers with this status and a page.
        public static func gatewayError(_ http: Int) -> Fault { Fault("gateway_error", ["http": http]) }
        /// The connection is closed without an answer; the request is not processed.
        public static let dropBefore = Fault("drop_before")
        /// The request is processed, then the connection is closed: the answer is lost.
        public static let dropAfter = Fault("drop_after")
        /// The connection is broken off with a TCP reset; the request is not processed.
        public static let resetBefore = Fault("reset_before")
        /// The request is processed, then the connection is broken off with a TCP reset.
        public static let resetAfter = Fault("reset_after")
        /// Over HTTP/2 the stream is reset with this code, 7 for REFUSED_STREAM; the request is not processed.
        public static func resetStream(error: Int) -> Fault { Fault("reset_stream", ["error": error]) }
        /// Over HTTP/2 the server goes away with this code; the request is not processed.
        public static func goAway(error: Int) -> Fault { Fault("go_away", ["error": error]) }
        /// The request is processed and answered; then its server refuses connections for this time.
        public static func thenRefuse(_ time: Duration) -> Fault { Fault("then_refuse", ms: time) }
        /// The request is processed and answered; then so many connections get a certificate that nobody trusts.
        public static func thenDistrust(connections: Int) -> Fault {
            Fault("then_distrust", ["connections": connections])
        }

        /// The request is processed; half of the answer is sent.
        public static let cutBody = Fault("cut_body")
        /// The request is not processed and answered with a page, as a captive portal does.
        public static let htmlInstead = Fault("html_instead")
        /// The request is processed; the answer says `text/plain`.
        public static let wrongContentType = Fault("wrong_content_type")
        /// The request is processed; the answer is at least so many bytes long.
        public static func oversized(bytes: Int) -> Fault { Fault("oversized", ["bytes": bytes]) }
        /// Every event comes twice.
        public static let duplicateEvents = Fault("duplicate_events")
        /// The events come later.
        public static func delayEvents(_ time: Duration) -> Fault { Fault("delay_events", ms: time) }
        /// The events carry no content; it has to be fetched.
        public static let bareEvents = Fault("bare_events")
        /// The events can be fetched before the answer to the request is written.
        public static let earlyEvents = Fault("early_events")
        /// Only the last event of each kind comes.
        public static let skipStates = Fault("skip_states")
    }
}
