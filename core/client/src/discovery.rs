//! Discovery: from the sign-in domain, or a given root, to the URL where applications are created.

use std::time::Duration;

use reqwest::Method;
use send_im_ucwa::discovery::DiscoveryAnswer;
use send_im_ucwa::verdict::{self, Verdict};
use tokio::time::{Instant, sleep};
use url::Url;

use crate::account::Server;
use crate::error::{Error, ErrorKind, Hop, Result};
use crate::http::{Answer, Request, hop};
use crate::retry::Retry;
use crate::sign_in::AuthenticatedHttp;
use crate::steps::{Step, StepLog, host_of};
use crate::trust;

/// A longer chain of redirects is taken for a loop.
const MAX_HOPS: usize = 10;

/// How long the internal name is asked alone, before the external one is asked too.
const INTERNAL_HEAD_START: Duration = Duration::from_millis(400);

/// The path of the autodiscover service on a pool.
const AUTODISCOVER_PATH: &str = "/Autodiscover/AutodiscoverService.svc/root";

/// The key of an account in the cache of home pools.
pub(crate) fn cache_key(connection: &AuthenticatedHttp) -> String {
    let server = match &connection.account.server {
        Server::Discover => "",
        Server::Root(url) => url,
    };
    format!("{} {server}", connection.address.key())
}

/// Follows discovery to the applications URL, signing in on the way.
pub(crate) async fn locate(
    connection: &AuthenticatedHttp,
    root: Option<&Url>,
    log: &StepLog,
    deadline: Instant,
) -> Result<Url> {
    let mut discovery = Discovery { connection, log, deadline, hops: Vec::new() };
    let found = discovery.run(root).await;
    found.map_err(|error| error.with_hops(discovery.hops))
}

/// The roots of a domain: inside its network, and outside. Source: RootURL.
pub(crate) fn roots_of(domain: &str) -> Result<[Url; 2]> {
    let root = |name: &str| {
        Url::parse(&format!("https://{name}.{domain}/"))
            .map_err(|_| Error::invalid_input("The sender's domain is no host name."))
    };
    Ok([root("lyncdiscoverinternal")?, root("lyncdiscover")?])
}

/// What to return for an answer that is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnRefusal {
    Answer,
    Error,
}

struct Discovery<'a> {
    connection: &'a AuthenticatedHttp,
    log: &'a StepLog,
    deadline: Instant,
    hops: Vec<Hop>,
}

impl Discovery<'_> {
    async fn run(&mut self, root: Option<&Url>) -> Result<Url> {
        let mut answer = match root {
            Some(root) => {
                self.connection.add_discovered_host(root);
                self.ask_given_root(root).await?
            }
            None => self.ask_domain().await?,
        };
        let mut at_user = false;
        for _ in 0..MAX_HOPS {
            let content =
                DiscoveryAnswer::parse(&answer.body).map_err(|why| self.not_autodiscover(&answer, &why))?;
            let (href, to_user) = match content {
                DiscoveryAnswer::Applications(href) => return self.resolve(&answer, &href),
                DiscoveryAnswer::Redirect(href) => (href, at_user),
                DiscoveryAnswer::User(href) => (href, true),
                DiscoveryAnswer::NoLink => {
                    return Err(self.not_autodiscover(&answer, &"JSON without a link to go on"));
                }
            };
            let next = self.resolve(&answer, &href)?;
            at_user = to_user;
            answer = if to_user {
                self.ask_user(next).await?
            } else {
                self.ask(next, OnRefusal::Error).await.map_err(as_discovery)?
            };
        }
        let detail = format!(
            "Discovery was redirected more than {MAX_HOPS} times; the pools may point at each other."
        );
        Err(Error::new(ErrorKind::DiscoveryFailed, detail).at(Step::Discover))
    }

    /// Asks the internal name first, and the external one when that fails or is slow. Source: RootURL.
    async fn ask_domain(&mut self) -> Result<Answer> {
        let domain = self.connection.address.domain();
        let [internal, external] = roots_of(domain)?;
        let mut retry = Retry::new(self.deadline);
        let first = loop {
            let ask_internal = self.probe(internal.clone());
            let ask_external = async {
                sleep(INTERNAL_HEAD_START).await;
                self.probe(external.clone()).await
            };
            tokio::pin!(ask_internal, ask_external);
            let first = tokio::select! {
                biased;
                answer = &mut ask_internal => match answer {
                    Ok(answer) => Ok(answer),
                    Err(inside) => self.probe(external.clone()).await.map_err(|outside| (inside, outside)),
                },
                answer = &mut ask_external => match answer {
                    Ok(answer) => Ok(answer),
                    Err(outside) => ask_internal.await.map_err(|inside| (inside, outside)),
                },
            };
            let Some(error) = first.as_ref().err().and_then(overloaded).cloned() else { break first };
            let asked = retry.pause(error.retry_after().unwrap_or_default(), error.clone());
            if asked.await.is_err() || retry.after_any(error).await.is_err() {
                break first;
            }
        };
        match first {
            Ok(answer) => {
                self.hops.push(answer.hop());
                Ok(answer)
            }
            Err(failed) => {
                self.hops.push(hop(&internal, failed.0.detail()));
                self.hops.push(hop(&external, failed.1.detail()));
                Err(self.nothing_found(domain, &failed))
            }
        }
    }

    /// The answer of a root, if it has a link to follow. A name that does not answer is not asked twice.
    async fn probe(&self, mut url: Url) -> Result<Answer> {
        let mut hops = 0;
        let answer = loop {
            let request = Request::new(Method::GET, url, Step::Discover, self.deadline);
            let answer = self.connection.http.call(request, self.log).await.map_err(Error::from)?;
            match self.http_redirect(&answer) {
                Some(next) if hops < MAX_HOPS => (url, hops) = (next, hops + 1),
                _ => break answer,
            }
        };
        if answer.verdict(verdict::Request::Root) != Verdict::Done {
            return Err(answer.refusal(Step::Discover, "tell where the pool is"));
        }
        match DiscoveryAnswer::parse(&answer.body) {
            Ok(DiscoveryAnswer::NoLink) => {
                Err(self.not_autodiscover(&answer, &"JSON without a link to go on"))
            }
            Ok(_) => Ok(answer),
            Err(why) => Err(self.not_autodiscover(&answer, &why)),
        }
    }

    fn nothing_found(&self, domain: &str, failed: &(Error, Error)) -> Error {
        let (inside, outside) = failed;
        if let Some(error) = overloaded(failed) {
            return error.clone();
        }
        let kind = match (inside.kind(), outside.kind()) {
            (ErrorKind::Tls, _) | (_, ErrorKind::Tls) => ErrorKind::Tls,
            (ErrorKind::Timeout, ErrorKind::Timeout) => ErrorKind::Timeout,
            _ => ErrorKind::DiscoveryFailed,
        };
        let detail = format!(
            "No Skype for Business server found for {domain}. Inside: {} Outside: {} If the names are right, give the server's URL.",
            inside.detail(),
            outside.detail()
        );
        Error::new(kind, detail).at(Step::Discover)
    }

    /// Asks the root that the account names or, if that is a pool without a path, the pool's autodiscover service.
    async fn ask_given_root(&mut self, root: &Url) -> Result<Answer> {
        let bare = root.path() == "/" && root.query().is_none();
        let answer = self.ask(root.clone(), if bare { OnRefusal::Answer } else { OnRefusal::Error }).await;
        let leads_nowhere = match &answer {
            Ok(answer) => {
                answer.verdict(verdict::Request::Root) != Verdict::Done
                    || matches!(DiscoveryAnswer::parse(&answer.body), Err(_) | Ok(DiscoveryAnswer::NoLink))
            }
            Err(error) => error.kind() == ErrorKind::Protocol,
        };
        if !bare || !leads_nowhere {
            return answer.map_err(as_discovery);
        }
        let mut service = root.clone();
        service.set_path(AUTODISCOVER_PATH);
        self.ask(service, OnRefusal::Error).await.map_err(as_discovery)
    }

    /// Asks an unprotected resource.
    async fn ask(&mut self, mut url: Url, on_refusal: OnRefusal) -> Result<Answer> {
        let mut retry = Retry::new(self.deadline);
        loop {
            let request = Request::new(Method::GET, url.clone(), Step::Discover, self.deadline);
            match self.connection.http.call(request, self.log).await {
                Ok(answer) if self.http_redirect(&answer).is_some_and(|_| self.hops.len() < MAX_HOPS) => {
                    self.hops.push(answer.hop());
                    url = self.http_redirect(&answer).unwrap_or(url);
                }
                Ok(answer) => match answer.verdict(verdict::Request::Root) {
                    Verdict::Done => {
                        self.hops.push(answer.hop());
                        return Ok(answer);
                    }
                    // The given URL may be that of the user or the applications resource.
                    Verdict::SignIn => return self.ask_user(url).await,
                    verdict => {
                        let error = answer.refusal(Step::Discover, "tell where the pool is");
                        match retry.after_answer(&answer, verdict, error).await {
                            Ok(()) => {}
                            Err(_) if on_refusal == OnRefusal::Answer => return Ok(answer),
                            Err(error) => {
                                self.hops.push(answer.hop());
                                return Err(error);
                            }
                        }
                    }
                },
                Err(failure) => {
                    if let Err(error) = retry.after_failure(failure.error).await {
                        self.hops.push(hop(&url, error.detail()));
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Asks the user resource, signing in on the way.
    async fn ask_user(&mut self, url: Url) -> Result<Answer> {
        let mut retry = Retry::new(self.deadline);
        loop {
            let request = Request::new(Method::GET, url.clone(), Step::SignIn, self.deadline);
            match self.connection.call(request, self.log).await {
                Ok(answer) => {
                    let verdict = answer.verdict(verdict::Request::User);
                    if verdict == Verdict::Done {
                        self.hops.push(answer.hop());
                        return Ok(answer);
                    }
                    let error = self.user_refused(&answer, verdict);
                    if let Err(error) = retry.after_answer(&answer, verdict, error).await {
                        self.hops.push(answer.hop());
                        return Err(error);
                    }
                }
                Err(failure) => {
                    if let Err(error) = retry.after_failure(failure.error).await {
                        self.hops.push(hop(&url, error.detail()));
                        return Err(error);
                    }
                }
            }
        }
    }

    /// The target of a 3xx answer, if it is in the host's own or the sign-in domain. Source: RootURL.
    fn http_redirect(&self, answer: &Answer) -> Option<Url> {
        if !(300..400).contains(&answer.status) {
            return None;
        }
        let next = answer.url.join(&answer.location()?).ok()?;
        let domains = [self.connection.address.domain(), answer.url.host_str()?];
        let is_known =
            next.host_str() == answer.url.host_str() || domains.iter().any(|d| trust::is_within(&next, d));
        (is_known && self.resolve(answer, next.as_str()).is_ok()).then_some(next)
    }

    fn user_refused(&self, answer: &Answer, verdict: Verdict) -> Error {
        let error = answer.refusal(answer.step, "tell where the account is homed");
        if verdict == Verdict::Unknown {
            return self.not_autodiscover(answer, &"HTTP 404 that is not a pool's");
        }
        if answer.status == 404 {
            let detail = format!(
                "{} knows no account {}; check the sender's address.",
                host_of(&answer.url),
                self.connection.address
            );
            return error.with_kind(ErrorKind::SignInRefused, detail);
        }
        error
    }

    fn resolve(&self, answer: &Answer, href: &str) -> Result<Url> {
        let next =
            answer.url.join(href).map_err(|_| self.not_autodiscover(answer, &"a link that is no URL"))?;
        trust::check_redirect(
            &answer.url,
            &next,
            self.connection.address.domain(),
            &self.connection.trusted,
        )?;
        self.connection.add_discovered_host(&next);
        Ok(next)
    }

    fn not_autodiscover(&self, answer: &Answer, why: &dyn std::fmt::Display) -> Error {
        let error = answer.not_understood(Step::Discover, "the pool's address", why);
        let detail = error.detail().to_owned();
        error.with_kind(ErrorKind::DiscoveryFailed, detail)
    }
}

/// The error of a server that is there and can answer no request for now.
fn overloaded((inside, outside): &(Error, Error)) -> Option<&Error> {
    [inside, outside].into_iter().find(|e| matches!(e.kind(), ErrorKind::ServiceError | ErrorKind::Throttled))
}

/// An error that means that there is no autodiscover service becomes `discovery_failed`.
fn as_discovery(error: Error) -> Error {
    match (error.kind(), error.http_status()) {
        (ErrorKind::Network | ErrorKind::Protocol, _) | (_, Some(400 | 404 | 410 | 413)) => {
            let detail = error.detail().to_owned();
            error.with_kind(ErrorKind::DiscoveryFailed, detail)
        }
        _ => error,
    }
}
