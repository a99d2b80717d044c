//! The web pages that are answered: the list that an administrator calls CrossDomainAuthorizationList
//! (ConfiguringATopology).

use axum::http::Uri;

/// Which origins are answered besides the sandbox's own. None: any.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllowedOrigins(Option<Vec<String>>);

impl AllowedOrigins {
    pub(crate) fn add(&mut self, origin: &str) {
        self.0.get_or_insert_default().push(origin.to_owned());
    }

    /// True if no list was given.
    pub(crate) fn allows_any(&self) -> bool {
        self.0.is_none()
    }

    /// True if this origin, in its [`normal`] form, is on the list.
    pub(crate) fn contains(&self, origin: &str) -> bool {
        self.0.iter().flatten().any(|entry| normal(entry).as_deref() == Some(origin))
    }

    /// The first entry that is not the origin of a page.
    pub(crate) fn invalid_entry(&self) -> Option<&str> {
        self.0.iter().flatten().map(String::as_str).find(|entry| normal(entry).is_none())
    }
}

/// An origin as browsers write it: in lower case, without a trailing slash and without the default port.
pub(crate) fn normal(origin: &str) -> Option<String> {
    let uri: Uri = origin.trim().parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?.to_lowercase(), uri.authority()?);
    if uri.path().len() > 1 || uri.query().is_some() || authority.as_str().contains('@') {
        return None;
    }
    let host = authority.host().to_lowercase();
    Some(match (scheme.as_str(), authority.port_u16()) {
        (_, None) | ("http", Some(80)) | ("https", Some(443)) => format!("{scheme}://{host}"),
        (_, Some(port)) => format!("{scheme}://{host}:{port}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_compared_as_browsers_write_it() {
        for same in ["HTTPS://App.Contoso.com", "https://app.contoso.com:443", "https://app.contoso.com/"] {
            assert_eq!(normal(same).as_deref(), Some("https://app.contoso.com"), "{same}");
        }
        assert_eq!(normal("http://localhost:8080").as_deref(), Some("http://localhost:8080"));
        for no_origin in ["null", "", "app.contoso.com", "https://a/b", "https://a?b", "https://u@a", "*"] {
            assert_eq!(normal(no_origin), None, "{no_origin}");
        }
    }
}
