//! `POST /hooks/NAME`: what monitoring systems post, made into a message.
//!
//! The bodies of Alertmanager, Grafana and Apprise are known; an operator's file says what becomes of any other, or gives a
//! known one another text. What the URL says goes before what the file says, and that before what the body suggests.

mod alerts;
mod apprise;
mod body;
mod template;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use send_im::{Error, Receipt, Result};
use serde_json::Value;

use self::alerts::System;
use self::template::Templates;
use crate::guard::Peer;
use crate::order::Order;
use crate::parameters::{Parameters, Source};
use crate::problem::Problem;
use crate::sending;
use crate::service::Shared;

/// True for `/hooks/NAME`.
pub(crate) fn is_one(path: &str) -> bool {
    path.strip_prefix("/hooks/").is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

/// The parameters of a message, as a body or a file gives them.
pub(crate) type Fields = Vec<(&'static str, String)>;

/// Makes a message of a body, or says why the body does not fit.
type ReadBody = fn(Value) -> Result<Fields, String>;

/// The hooks of a service by their names.
pub(crate) struct Hooks(BTreeMap<String, Hook>);

/// How a body becomes a message: as that of a known system, by an operator's file, or by both. Then the file goes first.
#[derive(Default)]
struct Hook {
    built_in: Option<ReadBody>,
    file: Option<Templates>,
}

impl Hooks {
    /// The built-in ones, and those of the operator's files.
    ///
    /// # Errors
    /// `invalid_input` for a name that cannot stand in a URL or stands twice, and for a file that is not usable.
    pub(crate) fn new(files: &[(String, PathBuf)]) -> Result<Self> {
        let mut hooks = BTreeMap::new();
        let built_in: [(&str, ReadBody); 3] = [
            ("alertmanager", |body| alerts::fields(body, System::Alertmanager)),
            ("grafana", |body| alerts::fields(body, System::Grafana)),
            ("apprise", apprise::fields),
        ];
        for (name, read) in built_in {
            hooks.insert(name.to_owned(), Hook { built_in: Some(read), file: None });
        }
        for (name, path) in files {
            let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            if name.is_empty() || !name.chars().all(usable) {
                return Err(Error::invalid_input(
                    "The name of a hook is not usable: it is made of letters and digits of ASCII, - and _.",
                ));
            }
            let hook: &mut Hook = hooks.entry(name.clone()).or_default();
            if hook.file.is_some() {
                return Err(Error::invalid_input(format!("There are two files for the hook {name}.")));
            }
            let templates = Templates::from_file(path)?;
            if hook.built_in.is_none() && !templates.has("message") {
                let path = path.display();
                let detail = format!(
                    "The hook file {path} has no message, and the service knows no bodies by the name {name}."
                );
                return Err(Error::invalid_input(detail));
            }
            hook.file = Some(templates);
        }
        Ok(Self(hooks))
    }

    /// The name of the hook that this path leads to; `None` where there is no such hook.
    pub(crate) fn named_by(&self, path: &str) -> Option<&str> {
        self.0.get_key_value(path.strip_prefix("/hooks/")?).map(|(name, _)| name.as_str())
    }

    fn get(&self, name: &str) -> Result<&Hook, Problem> {
        self.0.get(name).ok_or_else(|| {
            let names: Vec<_> = self.0.keys().map(String::as_str).collect();
            let detail = format!(
                "There is no such hook; there are {}. Start the service with --hook for another one.",
                names.join(", ")
            );
            Problem::wrong(StatusCode::NOT_FOUND, &detail)
        })
    }
}

impl Hook {
    /// What the body, and the file, say of the message.
    ///
    /// # Errors
    /// Why the body does not fit.
    fn fields(&self, body: Value) -> Result<Fields, String> {
        let mut fields = match &self.file {
            Some(file) => file.render(&body)?,
            None => Fields::new(),
        };
        if let Some(read) = self.built_in {
            let suggested = read(body)?;
            let new = |name: &str| !fields.iter().any(|(there, _)| *there == name);
            let new: Fields = suggested.into_iter().filter(|&(name, _)| new(name)).collect();
            fields.extend(new);
        }
        Ok(fields)
    }
}

/// `POST /hooks/NAME`.
pub(crate) async fn hook(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Json<Receipt>, Problem> {
    let order = order(&shared, &name, request).await.map_err(Problem::for_hook);
    let order = order.inspect_err(|problem| log_refusal(&shared, &name, problem))?;
    let (progress, _active) = sending::begin(&shared, &peer, order, false).map_err(Problem::for_hook)?;
    let receipt = progress.outcome().await.map_err(|error| Problem::from(error).for_hook())?;
    Ok(Json(receipt))
}

/// Programs post to hooks, and nobody reads what they are answered.
fn log_refusal(shared: &Shared, name: &str, problem: &Problem) {
    // Nothing that a stranger thought up is logged, nor anything of a body: the sentence has names of members alone.
    if shared.hooks.0.contains_key(name) {
        let status = problem.status.as_u16();
        tracing::warn!(hook = name, status, reason = problem.error.detail(), "a hook has sent nothing");
    }
}

async fn order(shared: &Shared, name: &str, request: Request) -> Result<Order, Problem> {
    let hook = shared.hooks.get(name)?;
    let mut parameters = Parameters::of_query(request.uri())?;
    // Markup in a text from elsewhere shall not become the message's, nor a text in the URL take the place of an alert.
    for (name, why) in [("html", "A hook sends plain text"), ("message", "A hook makes the text of the body")]
    {
        if parameters.given(name).is_some() {
            return Err(Error::invalid_input(format!("{why}: leave out the parameter {name}.")).into());
        }
    }
    let body = body::read(request, shared).await?;
    let unfit = |why: String| Problem::wrong(StatusCode::UNPROCESSABLE_ENTITY, &why);
    for (name, value) in hook.fields(body).map_err(unfit)? {
        if !parameters.has(name) {
            parameters.add(name, &value, Source::Body)?;
        }
    }
    Ok(Order::new(parameters, &shared.options)?)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::json;

    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn hooks(files: &[(&str, &str)]) -> Result<Hooks> {
        let kept: Vec<_> = files.iter().map(|(name, text)| ((*name).to_owned(), file(text))).collect();
        let named: Vec<_> = kept.iter().map(|(name, file)| (name.clone(), file.path().to_owned())).collect();
        Hooks::new(&named)
    }

    #[test]
    fn a_file_goes_before_what_a_known_body_suggests() {
        let body = json!({"title": "Backup", "message": "failed", "type": "failure"});
        let fields = |text: &str| {
            let mut fields = hooks(&[("apprise", text)]).unwrap().0["apprise"].fields(body.clone()).unwrap();
            fields.sort_unstable();
            fields
        };
        let pair = |name: &'static str, value: &str| (name, value.to_owned());
        let all = |message| {
            vec![
                pair("importance", "urgent"),
                pair("message", message),
                pair("recipient", "lenea@contoso.com"),
            ]
        };
        assert_eq!(fields("recipient = 'lenea@contoso.com'"), all("Backup\nfailed"));
        assert_eq!(
            fields("recipient = 'lenea@contoso.com'\nmessage = '{{ title }} {{ message }}!'"),
            all("Backup failed!")
        );
    }

    #[test]
    fn names_and_files_that_are_not_usable_are_found_at_the_start() {
        let why = |files: &[(&str, &str)]| hooks(files).err().unwrap().detail().to_owned();
        for name in ["", "a/b", "a b", "ä", "a.b", "{x}"] {
            assert!(why(&[(name, "message = 'x'")]).contains("name of a hook"), "{name}");
        }
        assert!(why(&[("disk", "message = 'x'"), ("disk", "message = 'x'")]).contains("two files"));
        assert!(why(&[("disk", "recipient = 'lenea@contoso.com'")]).contains("has no message"));
        assert!(hooks(&[("grafana", "recipient = 'lenea@contoso.com'")]).is_ok());
    }
}
