//! An operator's file: TOML whose values are templates over the body.

use std::io;
use std::ops::Range;
use std::path::Path;

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};
use send_im::bindings::{decode_text, read};
use send_im::{Error, Result};
use serde::Deserialize;

use super::Fields;

mod filters;

/// What a rendering may take, in instructions of the engine.
const FUEL: u64 = 100_000;
/// The longest value that is rendered, in bytes.
const MAX_TEXT: usize = 64 << 10;

/// The templates of a file, each by the parameter that it gives.
pub(super) struct Templates {
    engine: Environment<'static>,
    sources: Vec<(&'static str, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    recipient: Option<String>,
    message: Option<String>,
    subject: Option<String>,
    importance: Option<String>,
}

impl Templates {
    /// Reads a file, and tries its templates as far as that goes without a body.
    ///
    /// # Errors
    /// `invalid_input` where it cannot be read or is not usable, with the line.
    pub(super) fn from_file(path: &Path) -> Result<Self> {
        let wrong = |why: String| {
            Error::invalid_input(format!("The hook file {} cannot be used: {why}.", path.display()))
        };
        let bytes = read(path, "hook file")?;
        let text = decode_text(&bytes).ok_or_else(|| wrong("it is not UTF-8 text".to_owned()))?;
        let file: File = toml::from_str(&text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
            wrong(format!("line {line}: {}", error.message().lines().collect::<Vec<_>>().join(", ")))
        })?;
        let members = [
            ("recipient", file.recipient),
            ("message", file.message),
            ("subject", file.subject),
            ("importance", file.importance),
        ];
        let sources = members.into_iter().filter_map(|(name, source)| Some((name, source?))).collect();
        let templates = Self { engine: engine(), sources };
        templates.tried().map_err(wrong)?;
        Ok(templates)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.sources.iter().any(|(given, _)| *given == name)
    }

    /// The values for this body.
    ///
    /// # Errors
    /// Which member the body lacks, or what else keeps the template from being rendered.
    pub(super) fn render(&self, body: &serde_json::Value) -> Result<Fields, String> {
        let body = context(body);
        let render = |(name, source): &(&'static str, String)| {
            let mut value = Limited(Vec::new());
            let rendered = self.engine.template_from_named_str(name, source);
            let rendered =
                rendered.and_then(|template| template.render_captured_to(&body, &mut value).map(drop));
            rendered.map_err(|error| failure(name, source, &error))?;
            // The engine writes text.
            let value = String::from_utf8_lossy(&value.0).trim().to_owned();
            Ok((*name, value))
        };
        self.sources.iter().map(render).collect()
    }

    /// Finds errors of syntax, and names of filters and the like that there are not as far as it comes without a body.
    fn tried(&self) -> Result<(), String> {
        let mut engine = self.engine.clone();
        engine.set_undefined_behavior(UndefinedBehavior::Chainable);
        for (name, source) in &self.sources {
            let template = engine.template_from_named_str(name, source);
            let tried = template.and_then(|template| template.render_captured_to((), io::sink()).map(drop));
            let Err(error) = tried else { continue };
            if is_wrong(&error) {
                let line = error.line().unwrap_or(1);
                let detail = error.detail().unwrap_or_default();
                return Err(format!("{}, line {line} of its template {name}: {detail}", error.kind()));
            }
        }
        Ok(())
    }
}

/// True for what no body could mend.
fn is_wrong(error: &minijinja::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::SyntaxError
            | ErrorKind::BadEscape
            | ErrorKind::UnknownFilter
            | ErrorKind::UnknownTest
            | ErrorKind::UnknownFunction
    )
}

/// Plain text, no more than there is, and an end.
fn engine() -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_trim_blocks(true);
    engine.set_lstrip_blocks(true);
    engine.set_fuel(Some(FUEL));
    filters::bound(&mut engine);
    // So that an error has the place in the template.
    engine.set_debug(true);
    engine
}

/// The members of the body by their names, and the whole of it as `body`.
fn context(body: &serde_json::Value) -> Value {
    let whole = ("body".to_owned(), Value::from_serialize(body));
    let members = body.as_object().into_iter().flatten();
    let members = members.map(|(name, value)| (name.clone(), Value::from_serialize(value)));
    [whole].into_iter().chain(members).collect()
}

/// A sentence without a value of the body, which the engine's own words may quote.
fn failure(name: &str, source: &str, error: &minijinja::Error) -> String {
    let line = error.line().unwrap_or(1);
    match error.kind() {
        ErrorKind::UndefinedError => {
            let member =
                error.range().and_then(|range| member_at(source, range)).unwrap_or("which one is not known");
            format!(
                "The body does not fit this hook: line {line} of the template {name} refers to a member that the body does not have: {member}."
            )
        }
        ErrorKind::OutOfFuel => {
            format!(
                "The body is too much for this hook: the template {name} asks for too much time or memory."
            )
        }
        ErrorKind::WriteFailure => format!(
            "The body is too much for this hook: the template {name} makes more than {MAX_TEXT} bytes of it."
        ),
        kind if is_wrong(error) => {
            format!("The template {name} of this hook is wrong in line {line}: {kind}.")
        }
        kind => {
            format!("The body does not fit this hook: line {line} of the template {name} fails, {kind}.")
        }
    }
}

/// The whole of `a.b.c`, where the engine's range may begin at a dot in it, or be that of the filter it goes through.
fn member_at(source: &str, range: Range<usize>) -> Option<&str> {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let before = source.get(..range.start)?;
    let end = before.trim_end().strip_suffix('|').map_or(range.end, |piped| piped.trim_end().len());
    let begin = source.get(..end.min(range.start))?.trim_end_matches(is_name).len();
    source.get(begin..end).map(str::trim).filter(|member| !member.is_empty())
}

struct Limited(Vec<u8>);

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_TEXT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::json;

    use super::*;

    fn file(text: &str) -> Result<Templates> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Templates::from_file(file.path())
    }

    fn message(template: &str, body: serde_json::Value) -> Result<String, String> {
        let templates = file(&format!("message = '''\n{template}'''")).unwrap();
        Ok(templates.render(&body)?.pop().unwrap().1)
    }

    #[test]
    fn a_body_becomes_text_and_nothing_is_escaped() {
        let template = "{{ host | upper }} is <{{ state }}>\n{% for disk in disks %}\n- {{ disk.name }}: {{ disk.full }} %\n{% endfor %}\n";
        let body = json!({"host": "web1", "state": "a&b", "disks": [{"name": "sda", "full": 93.5}, {"name": "sdb", "full": 9}]});
        assert_eq!(message(template, body).unwrap(), "WEB1 is <a&b>\n- sda: 93.5 %\n- sdb: 9 %");
        assert_eq!(message("{{ body[1] }}", json!(["a", "b"])).unwrap(), "b");
        assert_eq!(
            message("{{ nothing | default('-') }}{% if x is defined %}x{% endif %}", json!({})).unwrap(),
            "-"
        );
    }

    #[test]
    fn a_member_that_is_missing_is_named() {
        let body = json!({"host": {"name": "s3cret"}, "disks": ["s3cret"]});
        for (template, member) in [
            ("{{ hots }}", "hots"),
            ("a\n{{ host.nmae }}", "host.nmae"),
            ("{{ host.nmae.first }}", "host.nmae.first"),
            ("{{ nothing.name }}", "nothing.name"),
            ("{% if urgent %}x{% endif %}", "urgent"),
            ("{% for each in list %}x{% endfor %}", "list"),
            ("{{ disks[7] }}", "disks[7]"),
            ("{{ hots | upper }}", "hots"),
            ("{{ host.nmae|upper|lower }}", "host.nmae"),
            ("{{ 'x' if full > 90 else 'y' }}", "if full > 90"),
            ("{{ 'x' ~ hots }}", "'x' ~ hots"),
        ] {
            let why = message(template, body.clone()).unwrap_err();
            let line = template.lines().count();
            let wanted = format!(
                "line {line} of the template message refers to a member that the body does not have: {member}."
            );
            assert!(why.ends_with(&wanted), "{template}: {why}");
        }
    }

    #[test]
    fn a_template_has_an_end() {
        let endless = "{% for a in l %}{% for b in l %}{% for c in l %}x{% endfor %}{% endfor %}{% endfor %}";
        let list = json!({"l": vec![0; 1000]});
        assert!(message(endless, list).unwrap_err().contains("too much time or memory"));
        let wide = message("{{ l|batch(n) }}", json!({"l": [0], "n": 1_000_000_000_000_u64}));
        assert!(wide.unwrap_err().contains("too much time or memory"));
        let long = json!({"l": vec![0; 100], "text": "x".repeat(1000)});
        assert!(message("{% for a in l %}{{ text }}{% endfor %}", long).unwrap_err().contains("65536 bytes"));
        let wrong = message("{% for a in l %}{{ a | nofilter }}{% endfor %}", json!({"l": [1]}));
        assert_eq!(
            wrong.unwrap_err(),
            "The template message of this hook is wrong in line 1: unknown filter."
        );
        let failing = message("{{ text + 1 }}", json!({"text": "s3cret"})).unwrap_err();
        assert!(failing.contains("fails") && !failing.contains("s3cret"), "{failing}");
    }

    #[test]
    fn errors_of_the_file_are_found_at_the_start() {
        for (text, why) in [
            ("message = '{{ a'", "syntax error, line 1 of its template message"),
            ("message = '''\na\n{% if %}'''", "line 2 of its template message"),
            (
                "message = 'x'\nrecipient = '{{ a | nofilter }}'",
                "unknown filter, line 1 of its template recipient",
            ),
            ("message = '{{ now() }}'", "unknown function"),
            ("message = 'x'\nmesage = 'y'", "line 2: unknown field `mesage`"),
            ("message = x", "line 1"),
            ("message = 1", "line 1: invalid type"),
        ] {
            let error = file(text).err().unwrap();
            assert!(error.detail().contains(why), "{text}: {error}");
        }
    }
}
