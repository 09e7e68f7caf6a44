//! What is sent is what the protocols say.

use serde_json::{Value, json};
use spec_tests::model::{Dialect, Script, ScriptedModel, Tokens, Turn};

use super::client::{Answer, ask, body, post};

const TOKENS: Tokens = Tokens {
    input: 1000,
    cached: 200,
    cache_write: 30,
    output: 4,
};

/// Longer than what is sent in one piece, with characters of many lengths.
fn long() -> String {
    "a\u{e9}\u{20ac}\u{1f980}\"\\\n".repeat(700)
}

/// Everything that a turn can have.
fn everything() -> Turn {
    Turn::new()
        .think(long())
        .say(long())
        .say("")
        .shell(format!("echo '{}'", long()))
        .read("it's.txt")
        .submit(json!({ "text": long() }))
        .costing(TOKENS)
}

async fn streamed_and_whole(dialect: Dialect) -> (Answer, Value) {
    let model = ScriptedModel::start(Script::always(everything()))
        .await
        .unwrap();
    let streamed = ask(&model, dialect, "c", "x").await;
    assert!(!streamed.cut);
    let mut request = body(dialect, "c", "x");
    request["stream"] = false.into();
    let whole = post(&model, dialect, &request).await;
    assert_eq!((streamed.status, whole.status), (200, 200));
    let served = model.served();
    assert_eq!((served[0].tokens, served[1].tokens), (TOKENS, TOKENS));
    assert_ne!(served[0].message_id, served[1].message_id);
    assert_eq!(whole.body["id"], served[1].message_id.as_deref().unwrap());
    (streamed, whole.body)
}

/// The ids differ from answer to answer.
fn without_ids(mut content: Value) -> Value {
    for part in content.as_array_mut().unwrap() {
        let fields = part.as_object_mut().unwrap();
        for name in ["id", "call_id"] {
            fields.remove(name);
        }
    }
    content
}

/// Puts the blocks of a message together as a client does, and checks their order on the way.
fn assembled(answer: &Answer) -> Value {
    let events = &answer.events;
    assert_eq!(events[0]["type"], "message_start");
    assert_eq!(events[events.len() - 2]["type"], "message_delta");
    assert_eq!(events[events.len() - 1]["type"], "message_stop");
    let mut blocks: Vec<Value> = Vec::new();
    let mut open = false;
    for event in &events[1..events.len() - 2] {
        let kind = event["type"].as_str().unwrap();
        if kind == "content_block_start" {
            assert!(!open);
            blocks.push(event["content_block"].clone());
            open = true;
        }
        assert!(open);
        assert_eq!(event["index"], blocks.len() - 1);
        open = kind != "content_block_stop";
        if kind != "content_block_delta" {
            continue;
        }
        let delta = &event["delta"];
        let (from, to) = match delta["type"].as_str().unwrap() {
            "thinking_delta" => ("thinking", "thinking"),
            "signature_delta" => ("signature", "signature"),
            "text_delta" => ("text", "text"),
            "input_json_delta" => ("partial_json", "written"),
            other => panic!("{other}"),
        };
        let block = blocks.last_mut().unwrap();
        let so_far = block[to].as_str().unwrap_or_default();
        block[to] = format!("{so_far}{}", delta[from].as_str().unwrap()).into();
    }
    assert!(!open);
    for block in &mut blocks {
        if let Some(written) = block.as_object_mut().unwrap().remove("written") {
            assert_eq!(block["input"], json!({}));
            block["input"] = serde_json::from_str(written.as_str().unwrap()).unwrap();
        }
    }
    Value::Array(blocks)
}

#[tokio::test]
async fn a_message_in_pieces_is_the_message_as_a_whole() {
    let (streamed, whole) = streamed_and_whole(Dialect::AnthropicMessages).await;
    let content = without_ids(assembled(&streamed));
    assert_eq!(content, without_ids(whole["content"].clone()));
    let kinds: Vec<_> = content
        .as_array()
        .unwrap()
        .iter()
        .map(|block| &block["type"])
        .collect();
    assert_eq!(
        kinds,
        [
            "thinking", "text", "text", "tool_use", "tool_use", "tool_use"
        ]
    );
    assert_eq!(content[1]["text"], long());
    assert_eq!(content[3]["name"], "Bash");
    assert_eq!(content[4]["input"], json!({ "file_path": "it's.txt" }));
    assert_eq!(content[5]["name"], "StructuredOutput");
    assert_eq!(content[5]["input"], json!({ "text": long() }));
    assert_eq!(whole["stop_reason"], "tool_use");

    let usage = |output: u64| {
        json!({
            "input_tokens": 1000, "cache_read_input_tokens": 200,
            "cache_creation_input_tokens": 30, "output_tokens": output,
        })
    };
    assert_eq!(streamed.events[0]["message"]["usage"], usage(1));
    let [end] = streamed.of("message_delta")[..] else {
        panic!("not one message_delta");
    };
    assert_eq!((&end["usage"], &whole["usage"]), (&usage(4), &usage(4)));
    assert_eq!(end["delta"]["stop_reason"], "tool_use");
}

#[tokio::test]
async fn a_message_without_a_tool_is_the_end_of_the_turn() {
    let model = ScriptedModel::start(Script::always(Turn::new().say("no")))
        .await
        .unwrap();
    let answer = ask(&model, Dialect::AnthropicMessages, "c", "x").await;
    assert_eq!(
        answer.of("message_delta")[0]["delta"]["stop_reason"],
        "end_turn"
    );
}

#[tokio::test]
async fn a_response_in_pieces_is_the_response_as_a_whole() {
    let (streamed, whole) = streamed_and_whole(Dialect::OpenAiResponses).await;
    for (number, event) in streamed.events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number);
    }
    let [created] = streamed.of("response.created")[..] else {
        panic!("not one beginning");
    };
    assert_eq!(created, &streamed.events[0]);
    assert_eq!(created["response"]["usage"], Value::Null);
    let completed = streamed.events.last().unwrap();
    assert_eq!(completed["type"], "response.completed");
    let response = &completed["response"];
    assert_eq!(response["id"], created["response"]["id"]);
    let done: Value = streamed
        .of("response.output_item.done")
        .into_iter()
        .enumerate()
        .map(|(index, event)| {
            assert_eq!(event["output_index"], index);
            event["item"].clone()
        })
        .collect();
    assert_eq!(done, response["output"]);
    assert_eq!(
        without_ids(done.clone()),
        without_ids(whole["output"].clone())
    );

    for (index, kind, text) in [
        (0, "reasoning_summary_text", "/summary/0/text"),
        (1, "output_text", "/content/0/text"),
        (2, "output_text", "/content/0/text"),
        (3, "custom_tool_call_input", "/input"),
        (4, "custom_tool_call_input", "/input"),
        (5, "output_text", "/content/0/text"),
    ] {
        let deltas = streamed.of(&format!("response.{kind}.delta"));
        let deltas = deltas.iter().filter(|event| event["output_index"] == index);
        let joined: String = deltas
            .map(|event| event["delta"].as_str().unwrap())
            .collect();
        assert_eq!(done[index].pointer(text), Some(&joined.into()), "{kind}");
    }
    assert_eq!(done[1]["content"][0]["text"], long());
    let submitted = done[5]["content"][0]["text"].as_str().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(submitted).unwrap(),
        json!({ "text": long() })
    );
    assert_eq!(
        done[4]["input"],
        r#"text(JSON.stringify(await tools.exec_command({"cmd":"cat -- 'it'\\''s.txt'"})))"#
    );
    let usage = json!({
        "input_tokens": 1230, "total_tokens": 1234, "output_tokens": 4,
        "input_tokens_details": { "cached_tokens": 200, "cache_write_tokens": 30 },
        "output_tokens_details": { "reasoning_tokens": 0 },
    });
    assert_eq!((&response["usage"], &whole["usage"]), (&usage, &usage));
}
