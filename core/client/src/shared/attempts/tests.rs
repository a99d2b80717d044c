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
        self.begin(&service(host), name, &password.into(), Known::Nothing).await
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
async fn a_refused_password_is_remembered_for_a_minute_and_for_itself_alone() {
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
async fn the_programs_own_password_is_kept_out_by_its_own_refusal_alone() {
    let attempts = Attempts::default();
    let own = async |password: &str| {
        attempts.begin(&service("own.test"), "tosh", &password.into(), Known::NotGuessed).await
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
fn names_are_the_same_that_a_directory_takes_for_the_same() {
    for same in
        ["SMITH", " smith ", "smíth", "smi\u{301}th", "ｓｍｉｔｈ", "sm\u{ad}ith", "smith\u{200b}", "ſmith"]
    {
        assert_eq!(as_compared(same), "smith", "{same}");
    }
    assert_ne!(as_compared("smyth"), "smith");
    assert_eq!(as_compared("CONTOSO\\Жук"), "contoso\\жук");
}

#[tokio::test(start_paused = true)]
async fn a_name_rests_after_three_refusals_until_a_minute_after_the_last() {
    let attempts = Attempts::default();
    for at in ["rests.test", "127.0.0.1:7"] {
        for (name, password) in [("tosh", "1"), ("TOSH", "2"), (" Tosh ", "3")] {
            attempts.refuse(at, name, password).await;
            advance(Duration::from_secs(25)).await;
        }
        // 25 s after the last one; the first is 75 s ago.
        let told = attempts.why_not(at, "tosh", "right").await;
        assert!(told.contains("tosh 3 times within a minute;") && told.contains("rests"), "{told}");
        attempts.attempt(at, "lenea", "1").await.unwrap();
        attempts.attempt(&format!("{}1", at), "tosh", "1").await.unwrap();
        // Who had a token goes on.
        attempts.begin(&service(at), "tosh", &"right".into(), Known::Good).await.unwrap();
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
async fn three_at_most_are_under_way_until_one_is_accepted() {
    let attempts = Attempts::default();
    let at = "busy.test";
    let mut first = Vec::new();
    for n in 0..MAX_REFUSALS {
        first.push(attempts.attempt(at, "tosh", &n.to_string()).await.unwrap());
    }
    let waits = tokio::spawn(waiting(attempts.clone()));
    advance(Duration::from_secs(5)).await;
    assert!(!waits.is_finished());
    // One that ends without a word makes room, and so does one that is never heard of again.
    drop(first.pop());
    first.push(waits.await.unwrap().unwrap());
    let waits = tokio::spawn(waiting(attempts.clone()));
    advance(MAX_ATTEMPT - Duration::from_secs(6)).await;
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
    let under_way = attempts.attempt("fork.test", "lenea", "x").await.unwrap();
    let locked = attempts.0.lock().unwrap();
    under_way.accepted();
    let uncounted = attempts.clone();
    // In a thread of its own: one that waited would wait for this one.
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(uncounted.attempt("fork.test", "tosh", "4")).map(|attempt| attempt.0.is_none())
    });
    assert!(thread.join().unwrap().unwrap());
    drop(locked);
    attempts.why_not("fork.test", "tosh", "4").await;
}

#[tokio::test(start_paused = true)]
async fn many_names_are_not_remembered_for_ever_and_those_that_rest_the_longest() {
    let mut names = Names::default();
    let decide = |names: &mut Names, name: &str| {
        names.decide(&service("many.test"), name, &"x".into(), Known::Nothing)
    };
    let Ok(Decision::Try(which)) = decide(&mut names, "tosh") else { panic!("not permitted") };
    for _ in 0..MAX_REFUSALS {
        let refusal = Refusal { when: Instant::now(), password: None, error: refusal() };
        names.tried.get_mut(&which.name).unwrap().refusals.push(refusal);
    }
    for n in 0..MAX_NAMES + 100 {
        assert!(decide(&mut names, &n.to_string()).is_ok());
    }
    assert_eq!(names.tried.len(), MAX_NAMES);
    assert!(decide(&mut names, "tosh").is_err());
    advance(REFUSED_FOR).await;
    assert!(decide(&mut names, "another").is_ok());
    assert_eq!(names.tried.len(), 1);
}
