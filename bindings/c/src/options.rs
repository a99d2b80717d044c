//! Options by name: who sends, and how a message goes.

use std::collections::BTreeMap;
use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use send_im::bindings::{AccountOptions, TokenSource, option_name, process_environment};
use send_im::{Account, Error, Importance, Message, Result, Sent, Tls, Wait};
use send_im_runtime::{Generation, Mutex, lock};

use crate::error::send_im_error;
use crate::ffi::{catch_panic, error_or_null, free, into_raw, object, optional_text, text};
use crate::host::{Host, send_im_release};
use crate::receipt::send_im_step_record;
use crate::token::{TokenCallback, ask, send_im_on_token};

/// Who sends, and how a message goes. Values are wiped when they are replaced or freed.
pub struct send_im_options(Mutex<Options>);

#[derive(Clone, Default)]
pub(crate) struct Options {
    values: BTreeMap<&'static str, SecretString>,
    steps: Option<Arc<Host<StepCallback>>>,
    tokens: Option<Arc<Host<TokenCallback>>>,
}

type StepCallback = unsafe extern "C" fn(user_data: *mut c_void, step: *const send_im_step_record);

/// Told of every finished step. The step lives until the callback returns. It must return quickly: the send waits for it.
pub type send_im_on_step =
    Option<unsafe extern "C" fn(user_data: *mut c_void, step: *const send_im_step_record)>;

/// Which options a call takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    Account,
    Message,
    Both,
}

/// Each option, by its name.
const ALL: [(&str, Takes); 13] = [
    ("address", Takes::Account),
    ("username", Takes::Account),
    ("password", Takes::Account),
    ("token", Takes::Account),
    ("server", Takes::Account),
    ("ca_file", Takes::Account),
    ("tls", Takes::Account),
    ("trusted_domains", Takes::Account),
    ("timeout_ms", Takes::Both),
    ("subject", Takes::Message),
    ("importance", Takes::Message),
    ("html", Takes::Message),
    ("wait", Takes::Message),
];

fn known(name: &str) -> Result<&'static str> {
    let names = ALL.map(|(known, _)| known);
    names.into_iter().find(|known| *known == name).ok_or_else(|| {
        let named = option_name(name).map_or("of that name".to_owned(), |name| format!("{name:?}"));
        Error::invalid_input(format!("There is no option {named}; there are {}.", names.join(", ")))
    })
}

/// Refuses what can be told to be wrong already.
fn check(name: &str, value: &str) -> Result<()> {
    match name {
        "timeout_ms" => milliseconds(value).map(drop),
        "html" => boolean(value).map(drop),
        "tls" => value.parse::<Tls>().map(drop),
        "importance" => value.parse::<Importance>().map(drop),
        "wait" => value.parse::<Wait>().map(drop),
        _ => Ok(()),
    }
}

fn milliseconds(value: &str) -> Result<Duration> {
    let refused = |_| Error::invalid_input("The option timeout_ms is not a whole number of milliseconds.");
    value.parse().map(Duration::from_millis).map_err(refused)
}

fn boolean(value: &str) -> Result<bool> {
    match value {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(Error::invalid_input("The option html is true or false.")),
    }
}

impl Options {
    /// What the host gave, none for NULL.
    ///
    /// # Errors
    /// `invalid_input` for an option that this call would ignore.
    ///
    /// # Safety
    /// `options` is NULL or living.
    pub(crate) unsafe fn of(options: *const send_im_options, takes: Takes) -> Result<Self> {
        // SAFETY: what this function asks for.
        let Some(options) = (unsafe { options.as_ref() }) else { return Ok(Self::default()) };
        let options = lock(&options.0).clone();
        for (name, kind) in ALL {
            let fits = takes == Takes::Both || kind == Takes::Both || kind == takes;
            if !fits && options.values.contains_key(name) {
                let place = match kind {
                    Takes::Message => "of a message; give it to the send",
                    _ => "of an account; give it to the sign-in",
                };
                return Err(Error::invalid_input(format!("The option {name} is one {place}.")));
            }
        }
        if takes == Takes::Message && (options.steps.is_some() || options.tokens.is_some()) {
            return Err(Error::invalid_input("The callbacks for steps and tokens belong to the sign-in."));
        }
        Ok(options)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(ExposeSecret::expose_secret)
    }

    /// The account these options describe; without any of its own, the stored one.
    pub(crate) fn account(&self) -> Result<Account> {
        let text = |name| self.get(name).map(str::to_owned);
        let secret = |name| self.values.get(name).cloned();
        let source = |callback: Arc<Host<TokenCallback>>| {
            TokenSource::new(move |request| ask(callback.clone(), request))
        };
        let domains = self.get("trusted_domains").unwrap_or_default().split([',', ' ']);
        let given = AccountOptions {
            address: text("address"),
            username: text("username"),
            password: secret("password"),
            token: secret("token"),
            token_source: self.tokens.clone().map(source),
            server: text("server"),
            ca_file: text("ca_file").map(Into::into),
            tls: self.get("tls").map(str::parse).transpose()?,
            trusted_domains: domains.filter(|domain| !domain.is_empty()).map(str::to_owned).collect(),
            timeout: self.get("timeout_ms").map(milliseconds).transpose()?,
        };
        let mut account = given.resolve(process_environment)?;
        if let Some(steps) = self.steps.clone() {
            account = account.on_step(move |record| {
                let step = send_im_step_record::from(record);
                // SAFETY: the host gave this function for this; the step lives until it returns.
                unsafe { (steps.function())(steps.user_data(), &step) }
            });
        }
        Ok(account.background(Generation::current().background.clone()))
    }

    pub(crate) fn message(&self, to: &str, text: &str) -> Result<Message> {
        let html = self.get("html").map_or(Ok(false), boolean)?;
        let mut message = if html { Message::html(to, text) } else { Message::text(to, text) };
        if let Some(subject) = self.get("subject") {
            message = message.subject(subject);
        }
        if let Some(importance) = self.get("importance") {
            message = message.importance(importance.parse()?);
        }
        if let Some(wait) = self.get("wait") {
            message = message.wait(wait.parse()?);
        }
        if let Some(timeout) = self.get("timeout_ms") {
            message = message.timeout(milliseconds(timeout)?);
        }
        Ok(message)
    }
}

/// Makes options without a value. NULL only where the library fails inside; `send_im_options_set` refuses that.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_options_new() -> *mut send_im_options {
    catch_panic(std::ptr::null_mut(), || into_raw(send_im_options(Mutex::default())))
}

/// Sets an option; a value of NULL takes it away. An unknown name and an unusable value are `invalid_input`.
///
/// Of an account, for `send_im` and `send_im_client_sign_in`: `address` (`user@domain`), `username` (where it is not the
/// address), `password` (without: SEND_IM_PASSWORD), `token` (in the place of a password: a bearer token, without the word
/// `Bearer`, for every origin that asks; once it is rejected the call fails with `sign_in_refused`), `server` (URL of the
/// discovery root; without: found by the domain), `ca_file` (file with further certificate authorities, PEM or DER),
/// `tls` (`current`, or `compatible`: also AES-CBC, for Windows Server 2012 R2), `trusted_domains` (separated by commas).
///
/// Of a message, for `send_im`, `send_im_client_send` and `send_im_messages_add`: `subject` (at most 250 UTF-16 units),
/// `importance` (`normal`, `urgent`, `emergency`), `html` (`true`: the text is html), `wait` (`delivered`, or `submitted`: do
/// not wait for the recipient).
///
/// Of both: `timeout_ms`, how long the message has to be delivered, or signing in may take (60000; 0 is refused). An
/// invitation rings until then. After it a send takes at most 2 s more to withdraw the invitation and learn what came of
/// it; `send_im` at most another 3 s to close its session.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_options_set(
    options: *mut send_im_options,
    name: *const c_char,
    value: *const c_char,
) -> *mut send_im_error {
    error_or_null(Sent::No, || {
        // SAFETY: the caller keeps to the header.
        let (options, name) = unsafe { (object(options, "options")?, text(name, "name of the option")?) };
        let key = known(name)?;
        // SAFETY: the caller keeps to the header.
        let value = unsafe { optional_text(value, &format!("option {name}"))? };
        let mut options = lock(&options.0);
        match value {
            Some(value) => {
                check(key, value)?;
                options.values.insert(key, SecretString::from(value));
            }
            None => {
                options.values.remove(key);
            }
        }
        Ok(())
    })
}

/// Calls `callback` at the end of each step of what is done with these options, also from several threads at a time. NULL
/// takes it away. `release`, if given, is called with `user_data` once it is not needed any more: after the options are
/// freed or get another callback, and the sends or the client that use it have ended; at once where this call fails.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_options_on_step(
    options: *mut send_im_options,
    callback: send_im_on_step,
    user_data: *mut c_void,
    release: send_im_release,
) -> *mut send_im_error {
    error_or_null(Sent::No, || {
        let host = callback.map(|callback| Arc::new(Host::new(callback as StepCallback, user_data, release)));
        // SAFETY: the caller keeps to the header.
        let options = unsafe { object(options, "options")? };
        let before = std::mem::replace(&mut lock(&options.0).steps, host);
        drop(before);
        Ok(())
    })
}

/// Signs in with tokens that `callback` gives, in the place of a password. NULL takes it away. `release` as with
/// `send_im_options_on_step`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_options_on_token(
    options: *mut send_im_options,
    callback: send_im_on_token,
    user_data: *mut c_void,
    release: send_im_release,
) -> *mut send_im_error {
    error_or_null(Sent::No, || {
        let host =
            callback.map(|callback| Arc::new(Host::new(callback as TokenCallback, user_data, release)));
        // SAFETY: the caller keeps to the header.
        let options = unsafe { object(options, "options")? };
        let before = std::mem::replace(&mut lock(&options.0).tokens, host);
        drop(before);
        Ok(())
    })
}

/// Wipes and frees options. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_options_free(options: *mut send_im_options) {
    free!(options);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Options {
        let set = |(name, value): &(&str, &str)| (known(name).unwrap(), SecretString::from(*value));
        Options { values: pairs.iter().map(set).collect(), ..Options::default() }
    }

    #[test]
    fn an_unknown_name_is_told_where_it_is_plainly_one() {
        let told = |name: &str| known(name).expect_err(name).to_string();
        assert!(told("adress").starts_with("There is no option \"adress\"; there are address, "));
        for name in ["s3cret", "my s3cret", "\u{202e}s3cret", &"s3cret".repeat(10_000)] {
            let told = told(name);
            assert!(told.starts_with("There is no option of that name; there are address, "), "{told}");
            assert!(!told.contains("s3cret"), "{told}");
        }
    }

    #[test]
    fn tls_reaches_the_account() {
        let who = [("address", "tosh@contoso.com"), ("password", "x"), ("tls", "compatible")];
        assert!(format!("{:?}", with(&who).account().unwrap()).contains("Compatible"));
    }

    #[test]
    fn values_are_wiped() {
        fn wiped<T: secrecy::zeroize::ZeroizeOnDrop>(_: &T) {}
        wiped(&with(&[("password", "s3cret")]).values["password"]);
    }
}
