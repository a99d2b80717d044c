//! Which recorded requests the sandbox can be asked.

use super::probes::json;
use super::rules::asks;
use crate::recordings::Exchange;

/// A request that the sandbox can be brought to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probe {
    Root,
    Redirected,
    User,
    Token,
    Preflight,
    CreateApplication,
    Application,
    EndApplication,
    Events,
    StartMessaging,
    Cancel,
    Invitation,
    Conversations,
    Conversation,
    LeaveConversation,
    Messaging,
    AddMessaging,
    SendMessage,
    Message,
    StopMessaging,
    Typing,
    ParticipantMessaging,
    Participant,
    LocalParticipant,
    Me,
    Communication,
    WriteCommunication,
    MakeMeAvailable,
    ReportMyActivity,
    Contact,
    Contacts,
    Search,
    Presence,
    Policies,
    AlreadyExists,
}

/// Requests by method and end of path, each with the name that the allowances know it by. The first fit counts.
const TABLE: &[(&str, Probe, &str)] = &[
    ("GET /", Probe::Root, "root"),
    ("GET root/user/redirect", Probe::Redirected, "redirect"),
    ("GET root/oauth/user", Probe::User, "user"),
    ("GET root/user", Probe::User, "user"),
    ("GET autodiscoverservice.svc/root", Probe::Root, "root"),
    ("POST webticket/oauthtoken", Probe::Token, "token"),
    ("OPTIONS webticket/oauthtoken", Probe::Preflight, "preflight"),
    ("POST applications", Probe::CreateApplication, "create application"),
    ("GET applications/{}", Probe::Application, "application"),
    ("DELETE applications/{}", Probe::EndApplication, "end application"),
    ("GET applications/{}/events", Probe::Events, "events"),
    ("GET applications/{}/me", Probe::Me, "me"),
    ("GET applications/{}/policies", Probe::Policies, "policies"),
    ("POST {}/makeMeAvailable", Probe::MakeMeAvailable, "makeMeAvailable"),
    ("POST {}/reportMyActivity", Probe::ReportMyActivity, "reportMyActivity"),
    ("GET people/contacts", Probe::Contacts, "contacts"),
    ("GET people/search", Probe::Search, "search"),
    ("GET applications/{}/search", Probe::Search, "search"),
    ("GET people/{}/presence", Probe::Presence, "presence"),
    ("GET people/{}/contactPresence", Probe::Presence, "presence"),
    ("GET people/{}", Probe::Contact, "contact"),
    ("GET applications/{}/communication", Probe::Communication, "communication"),
    ("PUT applications/{}/communication", Probe::WriteCommunication, "write communication"),
    ("POST communication/startMessaging", Probe::StartMessaging, "startMessaging"),
    ("POST communication/messagingInvitations", Probe::StartMessaging, "startMessaging"),
    ("GET communication/messagingInvitations/{}", Probe::Invitation, "invitation"),
    ("GET communication/invitations/{}", Probe::Invitation, "invitation"),
    ("POST invitations/{}/cancel", Probe::Cancel, "cancel"),
    ("POST messagingInvitations/{}/cancel", Probe::Cancel, "cancel"),
    ("GET communication/conversations", Probe::Conversations, "conversations"),
    ("GET conversations/{}", Probe::Conversation, "conversation"),
    ("DELETE conversations/{}", Probe::LeaveConversation, "leave conversation"),
    ("GET conversations/{}/messaging", Probe::Messaging, "messaging"),
    ("POST conversations/{}/messaging/addMessaging", Probe::AddMessaging, "addMessaging"),
    ("POST conversations/{}/messaging/messages", Probe::SendMessage, "sendMessage"),
    ("POST conversations/{}/messaging/sendMessage", Probe::SendMessage, "sendMessage"),
    ("GET conversations/{}/messaging/messages/{}", Probe::Message, "message"),
    ("POST conversations/{}/messaging/terminate", Probe::StopMessaging, "stopMessaging"),
    ("POST conversations/{}/messaging/stopMessaging", Probe::StopMessaging, "stopMessaging"),
    ("POST conversations/{}/messaging/typing", Probe::Typing, "typing"),
    ("POST conversations/{}/messaging/setIsTyping", Probe::Typing, "typing"),
    ("GET participants/{}/messaging", Probe::ParticipantMessaging, "participantMessaging"),
    ("GET participants/{}/participantMessaging", Probe::ParticipantMessaging, "participantMessaging"),
    ("GET conversations/{}/participants/{}", Probe::Participant, "participant"),
    ("GET conversations/{}/onlineMeeting/{}", Probe::LocalParticipant, "localParticipant"),
];

/// The probe for an exchange, if there is one.
pub(super) fn of(exchange: &Exchange) -> Option<(Probe, &'static str)> {
    if exchange.request.is_none() && json(exchange)["subcode"] == "AlreadyExists" {
        return Some((Probe::AlreadyExists, "already exists"));
    }
    let entry = TABLE.iter().find(|(pattern, ..)| asks(exchange, pattern))?;
    Some((entry.1, entry.2))
}
