//! Answers that do not end as they should, what the ledger says of them, and bounds.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use spec_tests::model::{
    Dialect, Key, ModelOptions, Outcome, Refusal, Script, ScriptedModel, Tokens, Turn,
};

use super::client::{DIALECTS, ask, body, events, path, send};

const TOKENS: Tokens = Tokens {
    input: 1000,
    cached: 200,
    cache_write: 30,
    output: 4,
};

/// What the beginning of an answer of [`TOKENS`] says that it costs.
fn begun(dialect: Dialect) -> Tokens {
    match dialect {
        Dialect::AnthropicMessages => Tokens {
            output: 1,
            ..TOKENS
        },
        Dialect::OpenAiResponses => Tokens::default(),
    }
}

#[tokio::test]
async fn every_refusal_has_the_status_and_the_words_of_its_dialect() {
    let refusals = [
        (Refusal::Unauthorized, [401, 401]),
        (Refusal::RateLimited(Duration::from_secs(7)), [429, 429]),
        (Refusal::Invalid("because".to_owned()), [400, 400]),
        (Refusal::ServerError, [500, 500]),
        (Refusal::Overloaded, [529, 503]),
    ];
    let words = [
        ["authentication_error", "invalid_api_key"],
        ["rate_limit_error", "rate_limit_exceeded"],
        ["invalid_request_error", "invalid_value"],
        ["api_error", "server_error"],
        ["overloaded_error", "server_is_overloaded"],
    ];
    for ((refusal, status), words) in refusals.into_iter().zip(words) {
        let limited = matches!(refusal, Refusal::RateLimited(_));
        let model = ScriptedModel::start(Script::always(Turn::refuse(refusal)))
            .await
            .unwrap();
        for (index, dialect) in DIALECTS.into_iter().enumerate() {
            let answer = ask(&model, dialect, "c", "x").await;
            assert_eq!(answer.status, status[index]);
            assert_eq!(answer.retry_after.as_deref(), limited.then_some("7"));
            let name = ["type", "code"][index];
            assert_eq!(answer.body["error"][name], words[index]);
            let served = &model.served()[index];
            assert_eq!(served.status, Some(status[index]));
            assert_eq!(
                (&served.message_id, served.outcome),
                (&None, Outcome::Refused)
            );
        }
        assert_eq!(model.totals(), Tokens::default());
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_ends_after_its_steps_and_costs_what_was_told() {
    let turn = Turn::new().say("I begin.").costing(TOKENS).then_cut();
    let model = ScriptedModel::start(Script::always(turn)).await.unwrap();
    for dialect in DIALECTS {
        let answer = ask(&model, dialect, "c", "x").await;
        assert!(answer.cut);
        let last = &answer.events.last().unwrap()["type"];
        assert!(
            last == "content_block_stop" || last == "response.output_item.done",
            "{last}"
        );
        let served = model.served().pop().unwrap();
        assert_eq!(
            (served.tokens, served.outcome),
            (begun(dialect), Outcome::Cut)
        );
        assert_eq!(served.status, Some(200));
    }
}

#[tokio::test]
async fn a_hang_in_the_middle_begins_after_its_steps_have_arrived_and_ends_with_the_agent() {
    for dialect in DIALECTS {
        let turn = Turn::new().say("I begin.").costing(TOKENS).then_hang();
        let model = ScriptedModel::start(Script::always(turn)).await.unwrap();
        let request = reqwest::Client::new()
            .post(model.url() + path(dialect))
            .json(&body(dialect, "c", "x"));
        let response = request.send().await.unwrap();
        model.wait_for_hangs(1).await.unwrap();
        let mut received = String::new();
        let mut chunks = response.bytes_stream();
        let last = ["content_block_stop", "response.output_item.done"];
        while !last
            .iter()
            .any(|kind| received.contains(&format!("event: {kind}")))
            || !received.ends_with("\n\n")
        {
            received += std::str::from_utf8(&chunks.next().await.unwrap().unwrap()).unwrap();
        }
        assert!(last.contains(&events(&received).last().unwrap()["type"].as_str().unwrap()));
        let served = &model.served()[0];
        assert_eq!(
            (served.tokens, served.outcome),
            (begun(dialect), Outcome::Open)
        );
        drop(chunks);
        model.settled().await.unwrap();
        let served = &model.served()[0];
        assert_eq!(
            (served.tokens, served.outcome),
            (begun(dialect), Outcome::Abandoned)
        );
        model.shutdown().await;
    }
}

#[tokio::test]
async fn a_hang_before_the_first_byte_has_no_status_and_costs_nothing() {
    for dialect in DIALECTS {
        let model = ScriptedModel::start(Script::always(Turn::hang()))
            .await
            .unwrap();
        tokio::select! {
            answer = ask(&model, dialect, "c", "x") => panic!("{answer:?}"),
            hung = model.wait_for_hangs(1) => hung.unwrap(),
        }
        model.settled().await.unwrap();
        let served = model.served().pop().unwrap();
        assert_eq!((served.status, served.message_id), (None, None));
        assert_eq!(
            (served.tokens, served.outcome),
            (Tokens::default(), Outcome::Abandoned)
        );
    }
}

#[tokio::test]
async fn every_hang_ends_when_its_bound_is_over() {
    let options = ModelOptions {
        longest_hang: Duration::from_millis(1),
        ..ModelOptions::default()
    };
    let script = Script::turns([Turn::hang(), Turn::new().then_hang()]);
    let model = ScriptedModel::start_with(options, script).await.unwrap();
    let before = ask(&model, Dialect::AnthropicMessages, "c", "x").await;
    assert_eq!(before.status, 504);
    let within = ask(&model, Dialect::AnthropicMessages, "c", "x").await;
    assert!(within.cut);
    assert_eq!(within.of("message_start").len(), 1);
}

#[tokio::test]
async fn every_hang_ends_with_the_server() {
    let script = Script::turns([Turn::hang(), Turn::new().then_hang()]);
    let model = ScriptedModel::start(script).await.unwrap();
    let request = || {
        let client = reqwest::Client::new();
        send(
            client
                .post(model.url() + path(Dialect::AnthropicMessages))
                .json(&body(Dialect::AnthropicMessages, "c", "x")),
        )
    };
    let (first, second) = (request(), request());
    let ending = async {
        model.wait_for_hangs(2).await.unwrap();
        drop(model);
    };
    let (first, second, ()) = tokio::join!(first, second, ending);
    let mut both = [first, second];
    both.sort_by_key(|answer| answer.status);
    assert!(both[0].status == 200 && both[0].cut, "{both:?}");
    assert_eq!(both[1].status, 504);
}

#[tokio::test(start_paused = true)]
async fn waiting_in_vain_ends_and_says_what_there_was() {
    let model = ScriptedModel::start(Script::always(Turn::hang()))
        .await
        .unwrap();
    let overdue = model.wait_for_requests(1).await.unwrap_err();
    assert_eq!(
        overdue.to_string(),
        "no request 1 within 60s: 0 requests came, 0 hung, 0 are open"
    );
}

#[tokio::test]
async fn a_body_that_is_too_long_or_no_json_is_refused_and_not_written_down() {
    let model = ScriptedModel::start(Script::always(Turn::new().say("x")))
        .await
        .unwrap();
    for dialect in DIALECTS {
        let url = model.url() + path(dialect);
        let client = reqwest::Client::new();
        let long = vec![b' '; 32 * 1024 * 1024 + 1];
        assert_eq!(send(client.post(&url).body(long)).await.status, 413);
        assert_eq!(send(client.post(&url).body("{")).await.status, 400);
    }
    assert_eq!((model.served().len(), model.requests().len()), (0, 0));
}

#[tokio::test]
async fn of_a_key_only_is_known_whether_it_is_the_expected_one() {
    let options = ModelOptions {
        expected_key: Some("sk-right".to_owned()),
        ..ModelOptions::default()
    };
    let script = Script::always(Turn::new().say("x"));
    let model = ScriptedModel::start_with(options, script).await.unwrap();
    let headers = [
        ("x-api-key", "sk-right", Key::Expected),
        ("authorization", "Bearer sk-right", Key::Expected),
        ("x-api-key", "sk-wrong", Key::Other),
        ("authorization", "Bearer sk-wrong", Key::Other),
        ("x-unrelated", "sk-right", Key::Absent),
    ];
    for (name, value, _) in headers {
        let request = reqwest::Client::new()
            .post(model.url() + path(Dialect::AnthropicMessages))
            .header(name, value)
            .json(&body(Dialect::AnthropicMessages, "c", "x"));
        assert_eq!(send(request).await.status, 200);
    }
    let keys: Vec<_> = model.requests().iter().map(|request| request.key).collect();
    assert_eq!(keys, headers.map(|(_, _, key)| key));
    assert!(!format!("{:?}", model.requests()).contains("sk-"));
}

#[tokio::test]
async fn what_agents_ask_besides_is_answered_and_is_no_request() {
    let model = ScriptedModel::start(Script::always(Turn::hang()))
        .await
        .unwrap();
    let client = reqwest::Client::new();
    let url = |path: &str| model.url() + path;
    assert_eq!(send(client.head(url("/"))).await.status, 200);
    let models = send(client.get(url("/v1/models"))).await;
    assert_eq!((models.status, &models.body["data"]), (200, &json!([])));
    let counted = send(
        client
            .post(url("/v1/messages/count_tokens"))
            .body("12345678"),
    )
    .await;
    assert_eq!(counted.body, json!({ "input_tokens": 2 }));
    let unknown = send(client.get(url("/api/hello"))).await;
    assert_eq!(unknown.status, 404);
    assert_ne!(unknown.body, Value::Null);
    let others = [
        "HEAD /",
        "GET /v1/models",
        "POST /v1/messages/count_tokens",
        "GET /api/hello",
    ];
    assert_eq!(model.others(), others);
    assert!(model.served().is_empty());
}
