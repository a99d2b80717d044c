//! A group of alerts, as Alertmanager (webhook body 4) and Grafana (unified alerting, webhook body 1) post it.
//!
//! The text fits into an invitation, so that the recipient's notification shows it: which alerts, how many, one line for each
//! as far as there is room, how many more there are, and where to look.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Fields, body};

/// Seconds. Grafana hangs up after 30 s, and notifies again. Source: grafana/grafana issue 73657.
const GRAFANA_TIMEOUT: &str = "25";
/// How much of a text rides in an invitation, in UTF-16 units.
const ROOM: usize = 800;
/// The most that one alert of several may take of it, and the name of the group.
const MAX_LINE: usize = 160;
/// What "and 12345 more" takes.
const REST: usize = 24;

/// Who posted it: they differ in where they say to look.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    Alertmanager,
    Grafana,
}

/// Labels or annotations.
type Texts = BTreeMap<String, String>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Group {
    status: Status,
    alerts: Vec<Alert>,
    receiver: Option<String>,
    #[serde(default, deserialize_with = "optional_texts")]
    group_labels: Option<Texts>,
    #[serde(default, deserialize_with = "optional_texts")]
    common_labels: Option<Texts>,
    #[serde(rename = "externalURL")]
    external_url: Option<String>,
    /// How many more there are than `alerts` has.
    truncated_alerts: Option<u64>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Alert {
    status: Status,
    #[serde(deserialize_with = "texts")]
    labels: Texts,
    #[serde(default, deserialize_with = "optional_texts")]
    annotations: Option<Texts>,
    #[serde(rename = "panelURL")]
    panel_url: Option<String>,
    #[serde(rename = "dashboardURL")]
    dashboard_url: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Firing,
    Resolved,
}

/// The message of a group.
///
/// # Errors
/// Why the body is none.
pub(super) fn fields(body: Value, system: System) -> Result<Fields, String> {
    let mut missing = body::missing(&body, "", &["status", "alerts"]);
    for (n, alert) in body["alerts"].as_array().into_iter().flatten().enumerate() {
        missing.extend(body::missing(alert, &format!("alerts[{n}]."), &["status", "labels"]));
    }
    let group: Group = body::fit(body, &missing)?;
    let mut fields = vec![("message", group.text(system)), ("importance", group.importance().to_owned())];
    if system == System::Grafana {
        fields.push(("timeout", GRAFANA_TIMEOUT.to_owned()));
    }
    Ok(fields)
}

/// Texts by name. An error names the object and not its member, whose name is the sender's own.
fn texts<'de, D: Deserializer<'de>>(input: D) -> Result<Texts, D::Error> {
    let value = Value::deserialize(input)?;
    serde_json::from_value(value).map_err(|_| D::Error::custom("no texts, expected an object of strings"))
}

fn optional_texts<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Texts>, D::Error> {
    let value = Value::deserialize(input)?;
    if value.is_null() { Ok(None) } else { texts(value).map(Some).map_err(D::Error::custom) }
}

impl Group {
    fn text(&self, system: System) -> String {
        let (head, link) = (self.head(), self.link(system));
        let link = link.map_or_else(String::new, |link| format!("\n{link}"));
        let room = ROOM.saturating_sub(units(&head) + units(&link));
        let name = self.name();
        // Those that need somebody come first.
        let mut alerts: Vec<&Alert> = self.alerts.iter().collect();
        alerts.sort_by_key(|alert| alert.status == Status::Resolved);
        let mixed = alerts.iter().any(|alert| alert.status != alerts[0].status);
        let longest = if alerts.len() > 1 { MAX_LINE } else { room.saturating_sub(REST + 1) };
        let line = |alert: &&Alert| {
            let what = alert.line(name, self.common_labels.as_ref());
            let resolved = if mixed && alert.status == Status::Resolved { "resolved: " } else { "" };
            format!("\n{}", cut(&format!("{resolved}{what}"), longest))
        };
        let (mut text, mut taken, mut told) = (head, REST, 0);
        for line in alerts.iter().map(line) {
            taken += units(&line);
            if taken > room {
                break;
            }
            text += &line;
            told += 1;
        }
        let more = ((alerts.len() - told) as u64).saturating_add(self.truncated_alerts.unwrap_or(0));
        if more > 0 {
            text += &format!("\nand {more} more");
        }
        text + &link
    }

    /// What has happened, how often, and what the alerts have in common.
    fn head(&self) -> String {
        let count = |status| self.alerts.iter().filter(|alert| alert.status == status).count();
        let word = |status, word: &str| match count(status) {
            0 => None,
            1 if self.alerts.len() == 1 => Some(word.to_owned()),
            n => Some(format!("{word} ({n})")),
        };
        let words: Vec<String> = [word(Status::Firing, "FIRING"), word(Status::Resolved, "RESOLVED")]
            .into_iter()
            .flatten()
            .collect();
        let words = match (words.is_empty(), self.status) {
            (false, _) => words.join(", "),
            (true, Status::Firing) => "FIRING".to_owned(),
            (true, Status::Resolved) => "RESOLVED".to_owned(),
        };
        let grouped = || joined(self.group_labels.iter().flatten().map(|(_, value)| value.clone()));
        let name = self.name().map(str::to_owned).or_else(grouped).unwrap_or_else(|| "alerts".to_owned());
        format!("{words}: {}", cut(&name, MAX_LINE))
    }

    /// The name that all of these alerts have.
    fn name(&self) -> Option<&str> {
        let mut names = self.alerts.iter().map(|alert| alert.labels.get("alertname"));
        let first = names.next()??;
        names.all(|name| name == Some(first)).then_some(first)
    }

    fn link(&self, system: System) -> Option<String> {
        let url = self.external_url.as_deref().filter(|url| !url.is_empty());
        if system == System::Alertmanager {
            let receiver = form_urlencoded::byte_serialize(self.receiver.as_deref()?.as_bytes());
            let receiver: String = receiver.collect();
            return Some(format!("{}/#/alerts?receiver={receiver}", url?.trim_end_matches('/')));
        }
        let of_alert = |alert: &Alert| {
            [&alert.panel_url, &alert.dashboard_url]
                .into_iter()
                .flatten()
                .find(|url| !url.is_empty())
                .cloned()
        };
        self.alerts.first().and_then(of_alert).or_else(|| url.map(str::to_owned))
    }

    /// How urgent the worst of those that fire is.
    fn importance(&self) -> &'static str {
        let firing = self.alerts.iter().filter(|alert| alert.status == Status::Firing);
        let severities = firing.filter_map(|alert| alert.labels.get("severity"));
        let urgent = severities.map(|severity| match severity.to_ascii_lowercase().as_str() {
            "emergency" | "disaster" | "fatal" => 2,
            "critical" | "crit" | "page" | "high" | "error" | "major" => 1,
            _ => 0,
        });
        ["normal", "urgent", "emergency"][urgent.max().unwrap_or(0)]
    }
}

impl Alert {
    /// What is wrong, and where.
    fn line(&self, common_name: Option<&str>, common: Option<&Texts>) -> String {
        let own_name = self.labels.get("alertname").filter(|name| common_name != Some(name));
        let what = ["summary", "description", "message"].iter().find_map(|name| {
            self.annotations.as_ref()?.get(*name).map(|text| one_line(text)).filter(|text| !text.is_empty())
        });
        let others = || {
            let said =
                |name: &str| name == "alertname" || common.is_some_and(|common| common.contains_key(name));
            let others = self.labels.iter().filter(|(name, _)| !said(name));
            joined(others.map(|(name, value)| format!("{name}={value}")))
        };
        let place = self.labels.get("instance").cloned().or_else(others);
        let place = place.filter(|place| !what.as_ref().is_some_and(|what| what.contains(place.as_str())));
        let parts: Vec<String> = [own_name.cloned(), place, what].into_iter().flatten().collect();
        match parts.is_empty() {
            true => common_name.unwrap_or("no labels").to_owned(),
            false => one_line(&parts.join(": ")),
        }
    }
}

fn joined(parts: impl Iterator<Item = String>) -> Option<String> {
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// At most so many UTF-16 units of a text, with a sign where it goes on.
fn cut(text: &str, longest: usize) -> String {
    if units(text) <= longest {
        return text.to_owned();
    }
    let mut left = longest.saturating_sub(1);
    let fits = |c: &char| {
        let fits = c.len_utf16() <= left;
        left = left.saturating_sub(c.len_utf16());
        fits
    };
    let begin: String = text.chars().take_while(fits).collect();
    format!("{begin}…")
}

#[cfg(test)]
mod tests;
