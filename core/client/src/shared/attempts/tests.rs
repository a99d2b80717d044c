use tokio::time::advance;

use super::*;

fn service(host: &str) -> Url {
    Url::parse(&format!("https://{host}/webticket/oauthtoken")).unwrap()
}

async fn waiting(attempts: Attempts) -> Result<Attempt> {
    attempts.attempt("busy.test", "tosh", "right").await
}

impl Attempts {
    async fn attempt(&self, host: &str, name: &str, password: &str) -> Result<Attempt> {
        self.begin(&service(host), name, &password.into(), PasswordHistory::Unknown).await
    }

    async fn refuse(&self, host: &str, name: &str, password: &str) {
        self.attempt(host, name, password).await.unwrap().refused(&refusal(), true);
    }

    async fn why_not(&self, host: &str, name: &str, password: &str) -> String {
        let error = self.attempt(host, name, password).await.err().expect("the attempt was permitted");
        assert_eq!((error.kind(), error.step()), (ErrorKind::SignInRefused, Some(Step::SignIn)));
        error.detail().to_owned()
    }
}

fn refusal() -> Error {
    Error::new(ErrorKind::SignInRefused, "No.").with_status(400)
}

#[tokio::test(start_paused = true)]
async fn a_refused_password_is_not_tried_for_a_minute_and_others_are() {
    let attempts = Attempts::default();
    let at = "minute.test";
    attempts.attempt(at, "tosh", "wrong").await.unwrap().refused(&refusal().at(Step::SignIn), true);
    advance(Duration::from_millis(29_900)).await;
    assert!(attempts.why_not(at, "tosh", "wrong").await.starts_with("No. That was less than a minute ago;"));
    for (host, name, password) in
        [(at, "tosh", "right"), (at, "lenea", "wrong"), ("other.test", "tosh", "wrong")]
    {
        attempts.attempt(host, name, password).await.unwrap();
    }
    advance(Duration::from_millis(30_100)).await;
    attempts.attempt(at, "tosh", "wrong").await.unwrap();
    attempts.refuse("127.0.0.1", "tosh", "wrong").await;
    attempts.attempt("127.0.0.1", "tosh", "wrong").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_configured_password_is_stopped_by_its_own_refusal_alone() {
    let attempts = Attempts::default();
    let own = async |password: &str| {
        attempts.begin(&service("own.test"), "tosh", &password.into(), PasswordHistory::Configured).await
    };
    for password in ["1", "2", "3"] {
        attempts.refuse("own.test", "tosh", password).await;
    }
    attempts.why_not("own.test", "tosh", "right").await;
    drop(own("right").await.unwrap());
    own("right").await.unwrap().refused(&refusal(), true);
    assert!(own("right").await.is_err());
}

#[test]
fn names_are_compared_as_a_directory_does() {
    for same in
        ["SMITH", " smith ", "smíth", "smi\u{301}th", "ｓｍｉｔｈ", "sm\u{ad}ith", "smith\u{200b}", "ſmith"]
    {
        assert_eq!(comparison_form(same), "smith", "{same}");
    }
    assert_ne!(comparison_form("smyth"), "smith");
    assert_eq!(comparison_form("CONTOSO\\Жук"), "contoso\\жук");
}

#[tokio::test(start_paused = true)]
async fn a_name_is_blocked_after_three_refusals_until_a_minute_after_the_last() {
    let attempts = Attempts::default();
    for at in ["rests.test", "127.0.0.1:7"] {
        for (name, password) in [("tosh", "1"), ("TOSH", "2"), (" Tosh ", "3")] {
            attempts.refuse(at, name, password).await;
            advance(Duration::from_secs(25)).await;
        }
        // 25 s after the last one; the first is 75 s ago.
        let error = attempts.why_not(at, "tosh", "right").await;
        assert!(error.contains("tosh 3 times within a minute;") && error.contains("rests"), "{error}");
        attempts.attempt(at, "lenea", "1").await.unwrap();
        attempts.attempt(&format!("{}1", at), "tosh", "1").await.unwrap();
        // Who had a token goes on.
        attempts.begin(&service(at), "tosh", &"right".into(), PasswordHistory::Accepted).await.unwrap();
        advance(Duration::from_secs(34)).await;
        attempts.why_not(at, "tosh", "right").await;
        advance(Duration::from_secs(1)).await;
        attempts.refuse(at, "tosh", "4").await;
        attempts.attempt(at, "tosh", "right").await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_that_are_far_apart_and_such_with_a_success_between_do_not_add_up() {
    let attempts = Attempts::default();
    for n in 0..10 {
        attempts.refuse("apart.test", "tosh", &n.to_string()).await;
        advance(Duration::from_secs(31)).await;
    }
    for n in 0..10 {
        attempts.refuse("between.test", "tosh", &n.to_string()).await;
        attempts.attempt("between.test", "tosh", "right").await.unwrap().accepted();
    }
}

#[tokio::test(start_paused = true)]
async fn three_at_most_are_in_flight_until_one_is_accepted() {
    let attempts = Attempts::default();
    let at = "busy.test";
    let mut first = Vec::new();
    for n in 0..MAX_REFUSALS {
        first.push(attempts.attempt(at, "tosh", &n.to_string()).await.unwrap());
    }
    let waits = tokio::spawn(waiting(attempts.clone()));
    advance(Duration::from_secs(5)).await;
    assert!(!waits.is_finished());
    // An attempt that ends without an outcome makes room, and so does one that never ends.
    drop(first.pop());
    first.push(waits.await.unwrap().unwrap());
    let waits = tokio::spawn(waiting(attempts.clone()));
    advance(ATTEMPT_TIMEOUT - Duration::from_secs(6)).await;
    assert!(!waits.is_finished());
    waits.await.unwrap().unwrap();
    first.pop().unwrap().accepted();
    let mut all = Vec::new();
    for _ in 0..30 {
        all.push(attempts.attempt(at, "tosh", "right").await.unwrap());
    }
}

#[tokio::test]
async fn what_a_fork_left_locked_is_not_waited_for() {
    let attempts = Attempts::default();
    for password in ["1", "2", "3"] {
        attempts.refuse("fork.test", "tosh", password).await;
    }
    let in_flight = attempts.attempt("fork.test", "lenea", "x").await.unwrap();
    let locked = attempts.0.lock().unwrap();
    in_flight.accepted();
    let uncounted = attempts.clone();
    // In another thread, as this one holds the lock.
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(uncounted.attempt("fork.test", "tosh", "4")).map(|attempt| attempt.0.is_none())
    });
    assert!(thread.join().unwrap().unwrap());
    drop(locked);
    attempts.why_not("fork.test", "tosh", "4").await;
}

#[tokio::test(start_paused = true)]
async fn old_names_are_removed_and_blocked_ones_last() {
    let mut names = UserNames::default();
    let decide = |names: &mut UserNames, name: &str| {
        names.decide(&service("many.test"), name, &"x".into(), PasswordHistory::Unknown)
    };
    let Ok(Decision::Permit(id)) = decide(&mut names, "tosh") else { panic!("not permitted") };
    for _ in 0..MAX_REFUSALS {
        let refusal = Refusal { at: Instant::now(), password: None, error: refusal() };
        names.by_name.get_mut(&id.name).unwrap().refusals.push(refusal);
    }
    for n in 0..MAX_USER_NAMES + 100 {
        assert!(decide(&mut names, &n.to_string()).is_ok());
    }
    assert_eq!(names.by_name.len(), MAX_USER_NAMES);
    assert!(decide(&mut names, "tosh").is_err());
    advance(REFUSAL_LIFETIME).await;
    assert!(decide(&mut names, "another").is_ok());
    assert_eq!(names.by_name.len(), 1);
}
