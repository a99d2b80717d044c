//! Finds recorded traffic and reads it.
//!
//! A recording is a JSON file. It holds one exchange (`request`, `response` and remarks), or a list of them under
//! `exchanges`. Either side may be null. The folder is not part of this repository.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use url::Url;

/// Names the folder with the recordings.
pub(crate) const FOLDER_VARIABLE: &str = "UCWA_RECORDINGS";

/// Where the recordings lie when nothing names their folder, seen from the folder that holds the workspace.
const BESIDE_THE_WORKSPACE: &str = "shared/ucwa";

/// A header line. Values that came on several lines are several headers here.
pub(crate) type Header = (String, String);

/// What one side said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Request {
    /// The method in upper case; empty when the recording has none.
    pub(crate) method: String,
    /// The URL as recorded. It may be no valid one.
    pub(crate) url: String,
    /// The header lines.
    pub(crate) headers: Vec<Header>,
    /// The body, if one is shown.
    pub(crate) body: Option<Vec<u8>>,
}

/// What the other side answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Response {
    /// The HTTP status; absent when the capture lacks the status line.
    pub(crate) status: Option<u16>,
    /// The header lines.
    pub(crate) headers: Vec<Header>,
    /// The body, if one is shown.
    pub(crate) body: Option<Vec<u8>>,
}

impl Response {
    /// The values of a header, in order.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str()).collect()
    }
}

/// One request with its answer, as somebody recorded it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exchange {
    /// The folder below the recordings, such as `traces`; empty for a file that lies directly there.
    pub(crate) folder: String,
    /// The file's name without its extension.
    pub(crate) file: String,
    /// The place in the file, from 1; absent when the file holds one exchange.
    pub(crate) number: Option<usize>,
    /// What the recorder called it. A hint, not a fact.
    pub(crate) kind: String,
    /// The recorder says the body is whole JSON, or that it is not.
    pub(crate) body_is_json: Option<bool>,
    /// Something was cut off.
    pub(crate) truncated: bool,
    /// The status was concluded, not seen.
    pub(crate) status_inferred: bool,
    /// The request, if it was recorded.
    pub(crate) request: Option<Request>,
    /// The answer, if it was recorded.
    pub(crate) response: Option<Response>,
}

impl Exchange {
    /// `traces/token_ok` or `transcripts/send-an-im#2`.
    pub(crate) fn name(&self) -> String {
        let slash = if self.folder.is_empty() { "" } else { "/" };
        let number = self.number.map(|n| format!("#{n}")).unwrap_or_default();
        format!("{}{slash}{}{number}", self.folder, self.file)
    }

    /// The answer, empty where none was recorded.
    pub(crate) fn answer(&self) -> Response {
        self.response.clone().unwrap_or_default()
    }

    /// The URL that hrefs of the answer are resolved against. A recording without a usable one gets an example host.
    pub(crate) fn base(&self) -> Url {
        let recorded = self.request.as_ref().and_then(|r| Url::parse(&r.url).ok()).filter(Url::has_host);
        recorded.unwrap_or_else(example_url)
    }

    fn read(folder: &str, file: &str, number: Option<usize>, value: &Value) -> Self {
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let flag = |name: &str| value.get(name).and_then(Value::as_bool);
        Self {
            folder: folder.to_owned(),
            file: file.to_owned(),
            number,
            kind: text("kind"),
            body_is_json: flag("body_is_json"),
            truncated: flag("truncated").unwrap_or_default(),
            status_inferred: flag("status_inferred").unwrap_or_default(),
            request: value.get("request").filter(|r| r.is_object()).map(|r| Request {
                method: r.get("method").and_then(Value::as_str).unwrap_or_default().to_ascii_uppercase(),
                url: r.get("url").and_then(Value::as_str).unwrap_or_default().to_owned(),
                headers: headers(r.get("headers")),
                body: body(r.get("body")),
            }),
            response: value.get("response").filter(|r| r.is_object()).map(|r| Response {
                status: r.get("status").and_then(Value::as_u64).and_then(|s| s.try_into().ok()),
                headers: headers(r.get("headers")),
                body: body(r.get("body")),
            }),
        }
    }
}

fn example_url() -> Url {
    Url::parse("https://pool.contoso.com/ucwa/oauth/v1/applications/1")
        .unwrap_or_else(|_| unreachable!("a constant"))
}

/// A header is a text, or a list of texts where it came on several lines.
fn headers(value: Option<&Value>) -> Vec<Header> {
    let mut all = Vec::new();
    for (name, value) in value.and_then(Value::as_object).into_iter().flatten() {
        match value {
            Value::Array(lines) => {
                all.extend(
                    lines.iter().filter_map(Value::as_str).map(|line| (name.clone(), line.to_owned())),
                );
            }
            Value::String(line) => all.push((name.clone(), line.clone())),
            Value::Null => {}
            other => all.push((name.clone(), other.to_string())),
        }
    }
    all
}

/// A body is a text as it went over the wire, or JSON that the recorder has parsed already.
fn body(value: Option<&Value>) -> Option<Vec<u8>> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone().into_bytes()),
        parsed => Some(parsed.to_string().into_bytes()),
    }
}

/// What a folder holds.
#[derive(Debug, Default)]
pub(crate) struct Recordings {
    /// Every exchange, sorted by name.
    pub(crate) exchanges: Vec<Exchange>,
    /// Files that are no JSON, each with the reason.
    pub(crate) broken: Vec<(String, String)>,
    /// JSON files that hold no exchange.
    pub(crate) others: Vec<String>,
}

/// The folder to look into, and what is there; or why there is nothing.
pub(crate) fn find() -> Result<Recordings, String> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let above = |levels| crate_folder.ancestors().nth(levels).unwrap_or(crate_folder);
    let (folder, hint) = match std::env::var_os(FOLDER_VARIABLE) {
        Some(folder) => {
            let folder = PathBuf::from(folder);
            // Cargo runs tests in the crate's folder; who names a folder sits in the workspace.
            let from_workspace = above(2).join(&folder);
            let folder = if folder.exists() { folder } else { from_workspace };
            (folder, format!("{FOLDER_VARIABLE} names it"))
        }
        None => {
            let hint = format!("set {FOLDER_VARIABLE} to the folder that holds traces/ and transcripts/");
            (above(3).join(BESIDE_THE_WORKSPACE), hint)
        }
    };
    let recordings = read_folder(&folder).map_err(|why| format!("{} {why} ({hint})", folder.display()))?;
    if recordings.exchanges.is_empty() && recordings.broken.is_empty() {
        return Err(format!("{} holds no recordings ({hint})", folder.display()));
    }
    Ok(recordings)
}

/// Reads every `.json` file of a folder and of the folders in it.
pub(crate) fn read_folder(folder: &Path) -> Result<Recordings, String> {
    let mut found = Recordings::default();
    read_below(folder, "", &mut found)?;
    found.exchanges.sort_by(|a, b| (&a.folder, &a.file, a.number).cmp(&(&b.folder, &b.file, b.number)));
    Ok(found)
}

fn read_below(folder: &Path, name: &str, found: &mut Recordings) -> Result<(), String> {
    for (path, is_folder) in entries(folder)? {
        if is_folder {
            let own = path.file_name().unwrap_or_default().to_string_lossy();
            if own.starts_with('.') {
                continue;
            }
            let name = if name.is_empty() { own.into_owned() } else { format!("{name}/{own}") };
            read_below(&path, &name, found)?;
        } else {
            read_file(name, &path, found);
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<(PathBuf, bool)>, String> {
    let listing = fs::read_dir(folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("cannot be read: {error}"),
    })?;
    let mut all: Vec<_> =
        listing.flatten().map(|entry| entry.path()).map(|path| (path.clone(), path.is_dir())).collect();
    all.sort();
    Ok(all)
}

fn read_file(folder: &str, path: &Path, found: &mut Recordings) {
    if path.extension().is_none_or(|extension| extension != "json") {
        return;
    }
    let file = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = format!("{folder}/{file}");
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) => return found.broken.push((name, error.to_string())),
    };
    let value: Value = match serde_json::from_slice(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text)) {
        Ok(value) => value,
        Err(error) => return found.broken.push((name, format!("no JSON: {error}"))),
    };
    let list = value.get("exchanges").or(Some(&value)).and_then(Value::as_array);
    match list {
        Some(list) => {
            let numbered = list.iter().enumerate();
            found
                .exchanges
                .extend(numbered.map(|(at, one)| Exchange::read(folder, &file, Some(at + 1), one)));
        }
        None if value.get("request").is_some() || value.get("response").is_some() => {
            found.exchanges.push(Exchange::read(folder, &file, None, &value));
        }
        None => found.others.push(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_recording_are_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("any/deep")).unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write(
            "any/one.json",
            r#"{"kind":"k","truncated":true,"request":null,"response":{"status":401,"headers":{"A":["x","y"]},"body":"<p>"}}"#,
        );
        write(
            "many.json",
            r#"{"exchanges":[{"request":{"method":"get","url":"u"},"response":null},{"response":{"status":null,"body":{"a":1}}}]}"#,
        );
        write("any/deep/two.json", r#"{"response":null}"#);
        write("any/notes.json", r#"{"title":"about"}"#);
        write("any/cut.json", r#"{"response":{"status":200,"#);
        write("any/readme.md", "no recording");

        let found = read_folder(folder.path()).unwrap();
        let names: Vec<_> = found.exchanges.iter().map(Exchange::name).collect();
        assert_eq!(names, ["many#1", "many#2", "any/one", "any/deep/two"]);
        assert_eq!(found.exchanges[2].answer().header("a"), ["x", "y"]);
        assert!(found.exchanges[2].truncated);
        assert_eq!(found.exchanges[1].answer().body.unwrap(), br#"{"a":1}"#);
        assert_eq!((found.broken.len(), found.others.as_slice()), (1, &["any/notes".to_owned()][..]));
    }

    #[test]
    fn a_missing_folder_says_so() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_folder(&folder.path().join("none")).unwrap_err(), "does not exist");
        assert!(read_folder(folder.path()).unwrap().exchanges.is_empty());
    }
}
