//! A script says what is answered to whom.

use serde_json::{Value, json};
use spec_core::Phase;
use spec_tests::model::{Dialect, Refusal, Script, ScriptedModel, Tokens, Turn};

use super::client::{Answer, DIALECTS, ask, body, post};

const ANTHROPIC: Dialect = Dialect::AnthropicMessages;

/// What an answer says and hands in.
fn said(answer: &Answer) -> String {
    let texts = answer.events.iter().filter_map(|event| {
        let text = [
            &event["delta"]["text"],
            &event["delta"]["partial_json"],
            &event["delta"],
        ];
        text.into_iter().find_map(Value::as_str)
    });
    texts.collect()
}

fn say(text: &str) -> Turn {
    Turn::new().say(text)
}

async fn asked(model: &ScriptedModel, conversation: &str, prompt: &str) -> String {
    said(&ask(model, ANTHROPIC, conversation, prompt).await)
}

#[tokio::test]
async fn every_conversation_has_the_list_for_itself_and_no_answer_after_its_end() {
    let model = ScriptedModel::start(Script::turns([say("one"), say("two")]))
        .await
        .unwrap();
    for (conversation, expected) in [("a", "one"), ("b", "one"), ("a", "two"), ("b", "two")] {
        assert_eq!(asked(&model, conversation, "x").await, expected);
    }
    let answer = ask(&model, ANTHROPIC, "a", "# EXPLORE").await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.body["error"]["message"],
        "the script has no answer to request 5 (conversation a, phase Some(Explore))"
    );
}

#[tokio::test]
async fn no_two_requests_cost_the_same_and_the_total_is_their_sum() {
    let model = ScriptedModel::start(Script::always(say("x")))
        .await
        .unwrap();
    for dialect in [DIALECTS, DIALECTS].concat() {
        ask(&model, dialect, "c", "x").await;
    }
    let tokens: Vec<_> = model.served().iter().map(|served| served.tokens).collect();
    let expected: Vec<_> = (1..=4).map(Tokens::of_request).collect();
    assert_eq!(tokens, expected);
    for (index, one) in tokens.iter().enumerate() {
        assert!(
            tokens[index + 1..]
                .iter()
                .all(|other| one.input != other.input
                    && one.cached != other.cached
                    && one.cache_write != other.cache_write
                    && one.output != other.output)
        );
    }
    let sum = |of: fn(&Tokens) -> u64| tokens.iter().map(of).sum::<u64>();
    let totals = model.totals();
    assert_eq!(totals.input, sum(|tokens| tokens.input));
    assert_eq!(totals.cached, sum(|tokens| tokens.cached));
    assert_eq!(totals.cache_write, sum(|tokens| tokens.cache_write));
    assert_eq!(totals.output, sum(|tokens| tokens.output));
}

#[tokio::test]
async fn a_good_script_looks_around_and_hands_in_the_output_of_the_phase() {
    let model = ScriptedModel::start(Script::phases(|phase| json!({ "of": phase })))
        .await
        .unwrap();
    for (conversation, phase) in [("a", "EXPLORE"), ("b", "TASKS")] {
        let prompt = format!("# {phase}\n\nDo it.");
        let first = asked(&model, conversation, &prompt).await;
        assert!(first.contains("git log"), "{first}");
        assert!(
            asked(&model, conversation, &prompt)
                .await
                .contains("README.md")
        );
        // However often it is asked.
        for _ in 0..2 {
            let handed_in = asked(&model, conversation, &prompt).await;
            assert_eq!(handed_in, format!(r#"{{"of":"{}"}}"#, phase.to_lowercase()));
        }
    }
    let unknown = ask(&model, ANTHROPIC, "c", "Explore # EXPLORE").await;
    assert_eq!(unknown.status, 400);
}

#[tokio::test]
async fn the_last_prompt_of_a_conversation_says_its_phase() {
    let model = ScriptedModel::start(Script::always(say("x")))
        .await
        .unwrap();
    let mut request = body(ANTHROPIC, "c", "# DESIGN\n\n# TASKS\n");
    request["messages"].as_array_mut().unwrap().extend([
        json!({ "role": "assistant", "content": [{ "type": "text", "text": "# EXPLORE" }] }),
        json!({ "role": "user", "content": [{ "type": "text", "text": "Go on. # SYNC" }] }),
    ]);
    post(&model, ANTHROPIC, &request).await;
    let request = &model.requests()[0];
    assert_eq!(request.phase(), Some(Phase::Design));
    assert_eq!(request.assistant_turns, 1);
    assert_eq!(request.user_texts.len(), 2);
}

#[tokio::test]
async fn rules_come_before_the_script_and_in_their_order() {
    let script = Script::phases(|_| json!({}))
        .when(|request| (request.number == 2).then(|| say("second")))
        .first(Phase::Explore, [say("one"), say("two"), say("three")])
        .always_in(Phase::Tasks, say("never"))
        .when(|request| {
            let read = request.last_tool_result()?.text.contains("planted");
            read.then(|| say("obeyed"))
        });
    let model = ScriptedModel::start(script).await.unwrap();
    assert_eq!(asked(&model, "a", "# EXPLORE").await, "one");
    assert_eq!(asked(&model, "a", "# EXPLORE").await, "second");
    // Another conversation of the same phase goes on with the list.
    assert_eq!(asked(&model, "b", "# EXPLORE").await, "two");
    assert_eq!(asked(&model, "b", "# EXPLORE").await, "three");
    assert!(asked(&model, "b", "# EXPLORE").await.contains("git log"));
    for conversation in ["c", "c", "d"] {
        assert_eq!(asked(&model, conversation, "# TASKS").await, "never");
    }
    let mut request = body(ANTHROPIC, "b", "# EXPLORE");
    let result = json!({ "type": "tool_result", "tool_use_id": "t", "content": "a planted text" });
    let message = json!({ "role": "user", "content": [result] });
    request["messages"].as_array_mut().unwrap().push(message);
    assert_eq!(said(&post(&model, ANTHROPIC, &request).await), "obeyed");
}

#[tokio::test]
async fn what_is_handed_in_is_encoded_for_its_dialect_and_nothing_else_is() {
    let script = Script::turns([say("{}"), Turn::new().submit(json!({ "a": 1 }))]).encoding(
        |request, result| match request.dialect {
            Dialect::AnthropicMessages => result.clone(),
            Dialect::OpenAiResponses => json!({ "entries": [result], "for": request.schema }),
        },
    );
    let model = ScriptedModel::start(script).await.unwrap();
    let handed_in = [
        r#"{"a":1}"#,
        r#"{"entries":[{"a":1}],"for":{"type":"object"}}"#,
    ];
    for (dialect, expected) in DIALECTS.into_iter().zip(handed_in) {
        let conversation = format!("{dialect:?}");
        assert_eq!(said(&ask(&model, dialect, &conversation, "x").await), "{}");
        assert_eq!(
            said(&ask(&model, dialect, &conversation, "x").await),
            expected
        );
    }
}

#[tokio::test]
async fn a_tool_that_is_not_offered_is_not_used() {
    let script = Script::turns([
        Turn::new().shell("ls"),
        Turn::new().read("x"),
        Turn::new().submit(json!({})),
    ]);
    let model = ScriptedModel::start(script).await.unwrap();
    let mut request = body(ANTHROPIC, "c", "x");
    request["tools"] = json!([{ "name": "Edit" }]);
    for tool in ["Bash", "Read", "StructuredOutput"] {
        let answer = post(&model, ANTHROPIC, &request).await;
        let message =
            format!(r#"the script uses the tool {tool}, and the request offers ["Edit"]"#);
        assert_eq!(
            (answer.status, &answer.body["error"]["message"]),
            (400, &message.into())
        );
    }
    let model = ScriptedModel::start(Script::always(Turn::new().shell("ls")))
        .await
        .unwrap();
    let mut request = body(Dialect::OpenAiResponses, "c", "x");
    request["input"] = json!([]);
    let answer = post(&model, Dialect::OpenAiResponses, &request).await;
    assert_eq!(answer.status, 400);
    assert_eq!(model.totals(), Tokens::default());
}

#[tokio::test]
async fn a_function_sees_the_request_and_decides() {
    let script = Script::new(|request| {
        if request.number == 1 {
            return Turn::refuse(Refusal::ServerError);
        }
        say(&format!(
            "{} {}",
            request.model,
            request.user_texts.concat()
        ))
    });
    let model = ScriptedModel::start(script).await.unwrap();
    assert_eq!(ask(&model, ANTHROPIC, "c", "x").await.status, 500);
    assert_eq!(asked(&model, "c", "hello").await, "m hello");
}
