public import Foundation
internal import SendImNative

extension Sandbox {
    /// A message that reached a recipient. Neither its description nor a dump shows the text or the subject.
    public struct Delivered: Sendable, Hashable {
        /// Counts deliveries, from 1.
        public let number: Int
        /// The sender's address.
        public let sender: String
        /// The address the sender asked for.
        public let to: String
        /// The address that took it; another one than ``to`` after a call-forward.
        public let acceptedBy: String
        /// The subject, if there is one.
        public let subject: String?
        /// How urgent it was marked; nil for a word the sandbox was not asked for.
        public let importance: Importance?
        /// The form in which it came.
        public let format: Receipt.Format
        /// The text as it was sent.
        public let text: String
        /// `invitation` if the text came with the invitation, else `message`.
        public let via: String
        /// The conversation it belongs to.
        public let conversation: String
        /// The thread of that conversation.
        public let threadID: String
        /// When the recipient got it.
        public let receivedAt: Date

        init(_ record: DeliveredMessage) {
            number = Int(record.number)
            sender = record.sender
            to = record.to
            acceptedBy = record.acceptedBy
            subject = record.subject
            importance = Importance(rawValue: record.importance)
            format = Receipt.Format(rawValue: record.format)
            text = record.text
            via = record.via
            conversation = record.conversation
            threadID = record.threadId
            receivedAt = Date(timeIntervalSince1970: Double(record.receivedAtMs) / 1000)
        }
    }

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
    public enum Fault: Sendable, Hashable {
        /// The request is not processed and answered with this error; `retryAfter` is in seconds.
        case status(_ http: Int, code: String? = nil, subcode: String? = nil, retryAfter: Int? = nil)
        /// The request is processed after this time.
        case delay(Duration)
        /// The request is processed at once and answered after this time.
        case delayAnswer(Duration)
        /// The request is processed, then a gateway answers with this status and a page.
        case gatewayError(_ http: Int)
        /// The connection is closed without an answer; the request is not processed.
        case dropBefore
        /// The request is processed, then the connection is closed: the answer is lost.
        case dropAfter
        /// The connection is broken off with a TCP reset; the request is not processed.
        case resetBefore
        /// The request is processed, then the connection is broken off with a TCP reset.
        case resetAfter
        /// Over HTTP/2 the stream is reset with this code, 7 for REFUSED_STREAM; the request is not processed.
        case resetStream(error: Int)
        /// Over HTTP/2 the server goes away with this code; the request is not processed.
        case goAway(error: Int)
        /// The request is processed and answered; then its server refuses connections for this time.
        case thenRefuse(Duration)
        /// The request is processed and answered; then so many connections get a certificate that nobody trusts.
        case thenDistrust(connections: Int)
        /// The request is processed; half of the answer is sent.
        case cutBody
        /// The request is not processed and answered with a page, as a captive portal does.
        case htmlInstead
        /// The request is processed; the answer says `text/plain`.
        case wrongContentType
        /// The request is processed; the answer is at least so many bytes long.
        case oversized(bytes: Int)
        /// Every event comes twice.
        case duplicateEvents
        /// The events come later.
        case delayEvents(Duration)
        /// The events carry no content; it has to be fetched.
        case bareEvents
        /// The events can be fetched before the answer to the request is written.
        case earlyEvents
        /// Only the last event of each kind comes.
        case skipStates

        var json: Any {
            switch self {
            case .status(let http, let code, let subcode, let retryAfter):
                let members: [String: Any?] = [
                    "http": http, "code": code, "subcode": subcode, "retry_after": retryAfter,
                ]
                return ["status": members.compactMapValues { $0 }]
            case .delay(let time): return ["delay": ["ms": time.wholeMilliseconds]]
            case .delayAnswer(let time): return ["delay_answer": ["ms": time.wholeMilliseconds]]
            case .gatewayError(let http): return ["gateway_error": ["http": http]]
            case .dropBefore: return "drop_before"
            case .dropAfter: return "drop_after"
            case .resetBefore: return "reset_before"
            case .resetAfter: return "reset_after"
            case .resetStream(let error): return ["reset_stream": ["error": error]]
            case .goAway(let error): return ["go_away": ["error": error]]
            case .thenRefuse(let time): return ["then_refuse": ["ms": time.wholeMilliseconds]]
            case .thenDistrust(let connections): return ["then_distrust": ["connections": connections]]
            case .cutBody: return "cut_body"
            case .htmlInstead: return "html_instead"
            case .wrongContentType: return "wrong_content_type"
            case .oversized(let bytes): return ["oversized": ["bytes": bytes]]
            case .duplicateEvents: return "duplicate_events"
            case .delayEvents(let time): return ["delay_events": ["ms": time.wholeMilliseconds]]
            case .bareEvents: return "bare_events"
            case .earlyEvents: return "early_events"
            case .skipStates: return "skip_states"
            }
        }
    }
}

extension Sandbox.Delivered: CustomStringConvertible, CustomReflectable {
    public var description: String { "Delivered(\(number) to: \(acceptedBy))" }

    public var customMirror: Mirror {
        Mirror(
            self,
            children: ["number": number, "sender": sender, "to": to, "acceptedBy": acceptedBy, "via": via]
                as KeyValuePairs<String, Any>,
            displayStyle: .struct)
    }
}
