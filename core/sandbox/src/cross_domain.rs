//! Which pages of elsewhere are answered: the list that an administrator calls CrossDomainAuthorizationList
//! (ConfiguringATopology), and the page through which they ask (the `xframe` link).

use axum::http::{StatusCode, Uri};

use crate::challenge;
use crate::input::Call;
use crate::reply::{self, Reply};
use crate::world::World;

/// The page that asks for others. The `X-Ms-Origin` it sets says for whom.
const XFRAME: &str = include_str!("xframe.html");

/// The headers that name the origin of a page: the browser's, and that of the xframe page.
const ORIGINS: [&str; 2] = ["origin", "x-ms-origin"];

/// Which origins beside the sandbox's own are answered. None: any.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllowedOrigins(Option<Vec<String>>);

impl AllowedOrigins {
    pub(crate) fn add(&mut self, origin: &str) {
        self.0.get_or_insert_default().push(origin.to_owned());
    }

    /// An entry that no page can have as its origin.
    pub(crate) fn mistaken(&self) -> Option<&str> {
        self.0.iter().flatten().map(String::as_str).find(|entry| normal(entry).is_none())
    }
}

/// Refuses what a page asks that is neither the sandbox's own nor on the list. Programs name no origin.
pub(crate) fn check(world: &World, call: &Call) -> Result<(), Reply> {
    let Some(list) = &world.config.allowed_origins.0 else { return Ok(()) };
    let own = own(world, call);
    let allowed = |named: &str| {
        normal(named).is_some_and(|named| {
            own.contains(&named) || list.iter().any(|entry| normal(entry).as_ref() == Some(&named))
        })
    };
    let mut named = ORIGINS.iter().flat_map(|name| call.headers.get_all(*name));
    if named.all(|value| value.to_str().is_ok_and(allowed)) {
        return Ok(());
    }
    let refusal = reply::page(StatusCode::FORBIDDEN, "403 - Forbidden: Access is denied.");
    let reason = "Service does not allow a cross domain request from this origin.";
    Err(challenge::diagnosed(refusal, 28070, call.pool, reason))
}

/// The sandbox's own origins: each as it stands in links, and as this client reaches it unless by a name that somebody else can
/// have made lead here.
fn own(world: &World, call: &Call) -> Vec<String> {
    let pools = 0..world.config.layout.origins();
    let mut own: Vec<_> = pools.clone().map(|pool| world.origin(pool).url().to_owned()).collect();
    if let Some(asked) = call.asked.as_ref().filter(|asked| world.origin(call.pool).answers_to(asked)) {
        own.push(world.origin(call.pool).named(asked));
        own.extend(pools.map(|pool| world.origin_for(call, pool)));
    }
    own.iter().filter_map(|origin| normal(origin)).collect()
}

/// An origin as browsers write it: in lower case, without a slash at the end and without the port that is usual.
fn normal(origin: &str) -> Option<String> {
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

/// The page behind the `xframe` link.
pub(crate) fn xframe() -> Reply {
    reply::typed(StatusCode::OK, "text/html", XFRAME)
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
