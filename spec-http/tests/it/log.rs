//! What is told to the operator and not to the caller.

use std::io;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::http::request::Parts;
use spec_http::{AuthError, Authenticator, HttpConfig, Principal};

use crate::harness::{App, Call};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(ToOwned::to_owned).collect()
    }
}

#[derive(Debug)]
struct Unreachable;

#[async_trait]
impl Authenticator for Unreachable {
    async fn authenticate(&self, _parts: &mut Parts) -> Result<Principal, AuthError> {
        let cause = io::Error::other("the directory does not answer");
        Err(AuthError::Unavailable(cause.into()))
    }
}

#[tokio::test]
async fn what_goes_wrong_on_this_side_is_logged_once_with_its_causes() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // The runtime of this test has one thread, so this covers all of it.
    let _guard = tracing::subscriber::set_default(subscriber);

    let app = App::with(HttpConfig::new(Unreachable));
    let call = Call::get("/specs").header("x-request-id", "r-1");
    let answer = app.send(call).await;
    answer.problem(503);
    assert!(!answer.text.contains("directory"), "{}", answer.text);

    let lines = log.lines();
    let [line] = lines.as_slice() else {
        panic!("not one line: {lines:?}");
    };
    for part in [
        "ERROR",
        "http.path=\"/specs\"",
        "http.status=503",
        "http.request_id=\"r-1\"",
        "the caller cannot be authenticated at the moment: the directory does not answer",
    ] {
        assert!(line.contains(part), "{part} is not in {line}");
    }

    app.get("/nowhere").await.problem(404);
    assert_eq!(log.lines().len(), 1, "a caller's mistake is not ours");
}
