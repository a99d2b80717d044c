public import Foundation
internal import SendImNative

/// A message that reached a recipient of a ``Sandbox``. Neither its description nor a dump shows the text or the subject.
public struct Delivered: Sendable, Hashable, Discreet {
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
    public let format: Format
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
        format = Format(rawValue: record.format)
        text = record.text
        via = record.via
        conversation = record.conversation
        threadID = record.threadId
        receivedAt = Date(timeIntervalSince1970: Double(record.receivedAtMs) / 1000)
    }

    var shown: KeyValuePairs<String, Any> {
        ["number": number, "sender": sender, "to": to, "acceptedBy": acceptedBy, "via": via]
    }
}
