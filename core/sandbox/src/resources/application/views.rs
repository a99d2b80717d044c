//! The application resource and what is embedded in it (CreateAnApplication).

use serde_json::{Value, json};

use crate::state::application::{Application, ApplicationState};
use crate::values::address;

impl Application {
    /// The whole resource.
    pub(crate) fn view(&self, state: &ApplicationState) -> Value {
        let href = &self.href;
        let mut view = json!({
            "culture": self.identity.culture,
            "userAgent": self.identity.user_agent,
            "_links": {
                "self": { "href": href },
                "policies": { "href": format!("{href}/policies") },
                "events": { "href": format!("{href}/events?ack=1") },
            },
            "_embedded": {
                "me": self.me_view(state),
                "people": self.people_view(),
                "onlineMeetings": self.online_meetings_view(),
                "communication": self.communication_view(state),
            },
            "rel": "application",
        });
        if let Some(kind) = &self.identity.kind {
            view["type"] = json!(kind);
            view["endpointId"] = json!(self.identity.endpoint_id);
        }
        view
    }

    /// The user. Presence comes with makeMeAvailable, which then is no longer offered.
    pub(crate) fn me_view(&self, state: &ApplicationState) -> Value {
        let me = format!("{}/me", self.href);
        let mut links = json!({
            "self": { "href": me },
            "callForwardingSettings": { "href": format!("{me}/callForwardingSettings") },
            "phones": { "href": format!("{me}/phones") },
        });
        if state.presence.is_some() {
            for rel in ["note", "presence", "location", "reportMyActivity"] {
                links[rel] = json!({ "href": format!("{me}/{rel}") });
            }
        } else {
            links["makeMeAvailable"] = json!({ "href": format!("{me}/makeMeAvailable") });
        }
        let mut view = json!({
            "name": address::display_name(&self.user),
            "uri": format!("sip:{}", self.user),
            "_links": links,
            "rel": "me",
        });
        if state.presence.is_some() {
            view["emailAddresses"] = json!([self.user]);
        }
        view
    }

    /// The communication resource, with the member that a PUT has to pass back.
    pub(crate) fn communication_view(&self, state: &ApplicationState) -> Value {
        let href = format!("{}/communication", self.href);
        let communication = &state.communication;
        let mut view = json!({
            "supportedModalities": communication.modalities,
            "supportedMessageFormats": communication.formats,
            "_links": {
                "self": { "href": href },
                "conversations": { "href": format!("{href}/conversations?filter=active") },
                "startMessaging": { "href": format!("{href}/messagingInvitations") },
            },
            "rel": "communication",
            "etag": communication.etag.to_string(),
        });
        view[communication.pass_back.as_str()] = json!("please pass this in a PUT request");
        view
    }

    /// The links to other users. Resources that do not exist are not linked.
    pub(crate) fn people_view(&self) -> Value {
        let people = format!("{}/people", self.href);
        let at = |path: &str| json!({ "href": format!("{people}/{path}") });
        json!({
            "_links": {
                "self": { "href": people },
                "myGroups": at("groups"),
                "myContacts": at("contacts"),
                "search": at("search"),
            },
            "rel": "people",
        })
    }

    /// There are no meetings: the resource exists, as in every application, and links to nothing.
    pub(crate) fn online_meetings_view(&self) -> Value {
        let href = format!("{}/onlineMeetings", self.href);
        json!({ "_links": { "self": { "href": href } }, "rel": "onlineMeetings" })
    }

    /// The policies of the server.
    pub(crate) fn policies_view(&self) -> Value {
        json!({
            "emergencyDialMask": "",
            "exchangeUnifiedMessaging": "Disabled",
            "logging": "Disabled",
            "loggingLevel": "Off",
            "messageArchiving": "Disabled",
            "multiViewJoin": "Disabled",
            "photos": "Disabled",
            "saveMessagingHistory": "Disabled",
            "telephonyMode": "None",
            "_links": { "self": { "href": format!("{}/policies", self.href) } },
            "rel": "policies",
        })
    }

    /// Another user, as a contact.
    pub(crate) fn contact_view(&self, user: &str) -> Value {
        let href = format!("{}/people/{}", self.href, address::segment(user));
        json!({
            "uri": format!("sip:{user}"),
            "sourceNetwork": "SameEnterprise",
            "emailAddresses": [user],
            "type": "User",
            "name": address::display_name(user),
            "_links": {
                "self": { "href": href },
                "contactPresence": { "href": format!("{href}/presence") },
            },
            "rel": "contact",
        })
    }
}
