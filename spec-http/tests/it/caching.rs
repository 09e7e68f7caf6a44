//! What is for one caller is kept by nobody for another.

use crate::harness::{App, Call};

#[tokio::test]
async fn no_answer_may_be_shown_to_another_caller_or_later_without_a_question() {
    let app = App::idle();
    let id = app.draft().await;
    for path in [
        "/specs".to_owned(),
        "/projects".to_owned(),
        "/capabilities".to_owned(),
        "/healthz".to_owned(),
        "/readyz".to_owned(),
        "/openapi.json".to_owned(),
        "/nothing".to_owned(),
        "/specs/x".to_owned(),
        format!("/specs/{id}"),
        format!("/specs/{id}/usage"),
        format!("/specs/{id}/trace"),
        format!("/specs/{id}/export"),
        format!("/specs/{id}/events"),
        format!("/specs/{id}/phases/explore"),
        format!("/specs/{id}/phases/explore/versions"),
        format!("/specs/{id}/ws"),
    ] {
        let answer = app.get(&path).await;
        assert_eq!(
            answer.header("cache-control"),
            "private, no-cache",
            "{path}"
        );
    }
    let stream = Call::get(&format!("/specs/{id}/events/stream"));
    let stream = app.open(stream).await;
    assert_eq!(stream.headers()["cache-control"], "no-cache, no-transform");
}
