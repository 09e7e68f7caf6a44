//! `GET /sandbox`: filters and pages.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{OriginalUri, RawQuery, State as Shared};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::daytona::Fault;
use crate::daytona::answer::{Answer, Refusal};
use crate::daytona::sandbox::{Record, Sandbox, State};
use crate::daytona::world::World;

/// What a list is asked for.
#[derive(Debug, Default)]
struct Question {
    labels: BTreeMap<String, String>,
    states: Vec<String>,
    name: Option<String>,
    id: Option<String>,
    limit: usize,
    after: Option<String>,
}

impl Question {
    fn parse(query: &str) -> Result<Self, Refusal> {
        let mut question = Self {
            limit: 100,
            ..Self::default()
        };
        for (key, value) in pairs(query) {
            match key.trim_end_matches("[]") {
                "labels" => {
                    question.labels = serde_json::from_str(&value).map_err(|error| {
                        Refusal::bad_request(format!("Invalid labels: {error}"))
                    })?;
                }
                "states" => question.states.extend(value.split(',').map(str::to_owned)),
                "name" => question.name = Some(value.to_lowercase()),
                "id" => question.id = Some(value.to_lowercase()),
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=200).contains(limit));
                    question.limit = limit
                        .ok_or_else(|| Refusal::bad_request("limit must be between 1 and 200"))?;
                }
                "cursor" => question.after = Some(value),
                _ => {}
            }
        }
        Ok(question)
    }

    fn wants(&self, record: &Record, state: State) -> bool {
        let begins = |text: &str, prefix: &Option<String>| {
            prefix
                .as_ref()
                .is_none_or(|prefix| text.to_lowercase().starts_with(prefix.as_str()))
        };
        self.labels
            .iter()
            .all(|(key, value)| record.labels.get(key) == Some(value))
            && (self.states.is_empty() || self.states.iter().any(|name| name == state.name()))
            && begins(&record.name, &self.name)
            && begins(&record.id, &self.id)
    }
}

/// The decoded pairs of a query.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let escaped = tail
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (first, escaped) {
            (_, Some(byte)) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            (b'+', None) => bytes.push(b' '),
            (byte, None) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(crate) async fn list(
    Shared(world): Shared<Arc<World>>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&world, &query.unwrap_or_default())
        .unwrap_or_else(|refusal| refusal.of_control_plane(uri.path()))
}

fn answer(world: &World, query: &str) -> Answer {
    let question = Question::parse(query)?;
    world.with(|inner| {
        let is_ending = |sandbox: &Sandbox| {
            matches!(sandbox.record.state, State::Destroying | State::Destroyed)
        };
        // Only where there is something to be wrong about.
        let could_flap = inner.sandboxes.values().any(|sandbox| {
            is_ending(sandbox) && question.wants(&sandbox.record, sandbox.record.state)
        });
        let flaps = could_flap && world.strikes(Fault::ListFlaps);
        let after = question.after.clone().unwrap_or_default();
        let mut found = inner
            .sandboxes
            .values()
            .filter(|sandbox| sandbox.record.id > after)
            .filter_map(|sandbox| {
                let record = &sandbox.record;
                let shown = if record.state == State::Destroyed {
                    if !flaps {
                        return None;
                    }
                    // The index has not heard of the end.
                    State::Started
                } else if flaps && record.state == State::Destroying {
                    return None;
                } else {
                    record.state
                };
                if !question.wants(record, shown) {
                    return None;
                }
                let mut stale = record.clone();
                stale.state = shown;
                Some((record.id.clone(), stale.item()))
            });
        let page: Vec<(String, Value)> = found.by_ref().take(question.limit).collect();
        let next = found
            .next()
            .and_then(|_| page.last().map(|(id, _)| id.clone()));
        let items: Vec<Value> = page.into_iter().map(|(_, item)| item).collect();
        Ok(Json(json!({ "items": items, "nextCursor": next })).into_response())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded() {
        assert_eq!(
            pairs("labels=%7B%22a%22%3A+1%7D&x"),
            [
                ("labels".to_owned(), "{\"a\": 1}".to_owned()),
                ("x".to_owned(), String::new())
            ]
        );
    }
}
