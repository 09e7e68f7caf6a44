//! How a run of Claude Code ended, and what it says it consumed.

use serde_json::{Map, Value};

use crate::agent::program::{count_at, key_refused, kind_of_status, shown, text_at};
use crate::agent::{AgentEnd, AgentEvent, AgentResult, ResultKind};
use crate::attempt::FailureKind;
use crate::usage::{Tokens, UsageReport, UsageScope};

/// What the line means that tells the end: consumption, the result, the end itself.
pub(super) fn result_line(line: &Value, key: &str) -> Vec<AgentEvent> {
    if text_at(line, "/parent_tool_use_id").is_some() {
        return Vec::new();
    }
    let mut events = Vec::new();
    events.extend(consumed(line).map(AgentEvent::Usage));
    let end = end(line);
    let result = |kind, text| AgentEvent::Result(AgentResult { kind, text });
    let told = text_at(line, "/result").filter(|text| !text.trim().is_empty());
    match (line.get("structured_output"), told) {
        (Some(document), _) if document.is_object() => {
            events.push(result(ResultKind::Structured, document.to_string()));
        }
        (_, Some(told)) if end == AgentEnd::Completed => {
            events.push(result(ResultKind::Message, told.to_owned()));
        }
        _ => {}
    }
    let hopeless = match &end {
        AgentEnd::Failed {
            kind: FailureKind::AgentUnauthorized,
            message,
        } => Some(key_refused(key, message)),
        AgentEnd::Failed { .. } | AgentEnd::Completed => None,
    };
    events.push(AgentEvent::Ended(end));
    events.extend(hopeless);
    events
}

/// That the key is refused, if that is what an error means.
pub(super) fn refused(
    key: &str,
    status: Option<u64>,
    error: Option<&str>,
    said: &str,
) -> Option<AgentEvent> {
    let is_refused = status.map(kind_of_status) == Some(FailureKind::AgentUnauthorized)
        || error == Some("authentication_failed");
    is_refused.then(|| key_refused(key, said))
}

fn end(line: &Value) -> AgentEnd {
    let errors = line.get("errors").and_then(Value::as_array);
    let errors: Vec<_> = errors
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .take(5)
        .collect();
    let said = match text_at(line, "/result") {
        _ if !errors.is_empty() => errors.join("; "),
        Some(said) if !said.trim().is_empty() => said.to_owned(),
        Some(_) | None => "it gave no reason".to_owned(),
    };
    let failed = |kind| AgentEnd::Failed {
        kind,
        message: shown(&said),
    };
    let is_error = line.get("is_error").and_then(Value::as_bool) == Some(true);
    match text_at(line, "/subtype") {
        Some("success") if !is_error => AgentEnd::Completed,
        Some("error_max_structured_output_retries") => failed(FailureKind::InvalidOutput),
        Some("error_max_turns") => failed(FailureKind::AgentLimit),
        Some("error_max_budget_usd") => failed(FailureKind::BudgetExceeded),
        // After SIGINT: as a rule it says nothing, and now and then this.
        Some("error_during_execution") if was_aborted(line) => failed(FailureKind::Interrupted),
        Some(_) | None => {
            let status = line.get("api_error_status").and_then(Value::as_u64);
            let of_the_service = text_at(line, "/terminal_reason") == Some("api_error");
            failed(match status {
                Some(status) => kind_of_status(status),
                // No answer at all, or half of one.
                None if of_the_service => FailureKind::ModelUnavailable,
                None => FailureKind::AgentFailed,
            })
        }
    }
}

/// Whether the program was interrupted while it waited for the model or for a tool.
fn was_aborted(line: &Value) -> bool {
    text_at(line, "/terminal_reason").is_some_and(|reason| reason.starts_with("aborted"))
}

/// What this run consumed, over all models. What the line says of the whole session is not believed:
/// sometimes it is of this run alone.
fn consumed(line: &Value) -> Option<UsageReport> {
    let Some(models) = line
        .get("model_usage_since_last_result")
        .and_then(Value::as_object)
    else {
        return of_the_main_model(line);
    };
    if models.is_empty() {
        return None;
    }
    let sum = |field: &str| {
        let counts = models.values().map(|model| count_at(model, field));
        counts.fold(0, u64::saturating_add)
    };
    let tokens = Tokens {
        input: sum("/inputTokens"),
        cached_input: sum("/cacheReadInputTokens"),
        cache_write: sum("/cacheCreationInputTokens"),
        output: sum("/outputTokens"),
    };
    Some(UsageReport {
        scope: UsageScope::Run,
        model: only_key(models),
        tokens,
        cost_micro_usd: models
            .values()
            .map(cost)
            .sum::<Option<f64>>()
            .and_then(micro),
    })
}

/// The older form, without subordinate models and without the money.
fn of_the_main_model(line: &Value) -> Option<UsageReport> {
    let usage = line.get("usage")?;
    let tokens = Tokens {
        input: count_at(usage, "/input_tokens"),
        cached_input: count_at(usage, "/cache_read_input_tokens"),
        cache_write: count_at(usage, "/cache_creation_input_tokens"),
        output: count_at(usage, "/output_tokens"),
    };
    (tokens != Tokens::default()).then_some(UsageReport {
        scope: UsageScope::Run,
        model: None,
        tokens,
        cost_micro_usd: None,
    })
}

fn only_key(models: &Map<String, Value>) -> Option<String> {
    let mut names = models.keys();
    match (names.next(), names.next()) {
        (Some(only), None) => Some(shown(only)),
        _ => None,
    }
}

/// The price of a model's work in US dollars; none when the program does not know its price.
fn cost(model: &Value) -> Option<f64> {
    let cost = model.get("costUSD").and_then(Value::as_f64)?;
    (cost > 0.0 || count_at(model, "/inputTokens") == 0 && count_at(model, "/outputTokens") == 0)
        .then_some(cost)
}

/// Millionths of a dollar.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounded and not negative: both are checked"
)]
fn micro(dollars: f64) -> Option<u64> {
    let micro = (dollars * 1e6).round();
    (0.0..1e15).contains(&micro).then_some(micro as u64)
}
