//! Transcripts of real programs, in `tests/corpus`: replayed as they are and in pieces.
//!
//! Each was recorded with the real program, run by the plan of its agent, talking to a scripted
//! service: its n-th request costs 1000 + 100 n tokens of input, 50 from a cache (and 100 to one, for
//! Claude), and 40 + n of output. A request that breaks off after its beginning has cost 1 of output.
//! Paths were replaced and long lists of features shortened.

use proptest::prelude::*;

use super::{Agent, AgentDecoder, AgentEvent, Noted, ResultKind, RunOutcome, RunRecord, outcome};
use crate::attempt::FailureKind;
use crate::id::OutputCursor;
use crate::sandbox::{Channel, OutputLine, RunEnd};

/// What a transcript should come to.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) scenario: &'static str,
    /// How the program ended.
    pub(super) end: RunEnd,
    /// Kind of failure; none: it says that it is done.
    pub(super) failure: Option<FailureKind>,
    /// Input, from a cache, to a cache, output.
    pub(super) tokens: [u64; 4],
    pub(super) cost_micro_usd: u64,
}

/// What a transcript came to.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    pub(super) record: RunRecord,
    pub(super) events: Vec<AgentEvent>,
    /// Why the machine would have stopped the run, at the first time.
    pub(super) stop: Option<RunOutcome>,
}

impl Replayed {
    fn take(&mut self, decoder: &mut dyn AgentDecoder, lines: &[OutputLine]) {
        for line in lines {
            let before = OutputCursor::new(format!("before {}", line.cursor)).ok();
            for event in decoder.line(line) {
                let noted = self.record.note(event.clone(), before.as_ref(), |_| None);
                self.events.push(event);
                if let Noted::Stop(outcome) = noted {
                    self.stop.get_or_insert(outcome);
                }
            }
        }
    }

    /// The results that it handed over, in order.
    pub(super) fn results(&self) -> Vec<(ResultKind, &str)> {
        let mut results = Vec::new();
        for event in &self.events {
            if let AgentEvent::Result(result) = event {
                results.push((result.kind, result.text.as_str()));
            }
        }
        results
    }

    /// What was shown, in order.
    pub(super) fn shown(&self) -> Vec<String> {
        let mut record = RunRecord::default();
        let mut shown = Vec::new();
        for event in &self.events {
            match record.note(event.clone(), None, |_| None) {
                Noted::Show(item) => shown.push(item.text),
                Noted::Warn(text) => shown.push(format!("! {text}")),
                Noted::Quiet | Noted::Stop(_) => {}
            }
        }
        shown
    }
}

pub(super) fn line(number: usize, text: &str) -> OutputLine {
    OutputLine {
        channel: Channel::Stdout,
        text: text.to_owned(),
        dropped: 0,
        cursor: OutputCursor::new(number.to_string()).unwrap(),
    }
}

fn folder(agent: &str) -> String {
    format!("{}/tests/corpus/{agent}", env!("CARGO_MANIFEST_DIR"))
}

pub(super) fn transcript(agent: &str, scenario: &str) -> Vec<OutputLine> {
    let path = format!("{}/{scenario}.jsonl", folder(agent));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let lines = text.lines().enumerate();
    lines.map(|(number, text)| line(number, text)).collect()
}

pub(super) fn scenarios(agent: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder(agent)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names
        .map(|name| name.strip_suffix(".jsonl").unwrap().to_owned())
        .collect();
    names.sort();
    names
}

pub(super) fn replay(agent: &dyn Agent, lines: &[OutputLine]) -> Replayed {
    replay_on(agent, RunRecord::default(), lines)
}

/// Replays a run that goes on in the session of `earlier`.
pub(super) fn replay_after(
    agent: &dyn Agent,
    earlier: &Replayed,
    lines: &[OutputLine],
) -> Replayed {
    let report = earlier.record.report(RunOutcome::Done);
    let session = report.session.unwrap();
    replay_on(agent, RunRecord::resuming(session, report.usage), lines)
}

fn replay_on(agent: &dyn Agent, record: RunRecord, lines: &[OutputLine]) -> Replayed {
    let mut replayed = Replayed {
        record,
        ..Replayed::default()
    };
    replayed.take(&mut *agent.decoder(), lines);
    replayed
}

/// Replays all transcripts of an agent; there must be an expectation for each.
pub(super) fn check_all(agent: &dyn Agent, name: &str, all: &[Expected]) {
    let mut known: Vec<_> = all.iter().map(|expected| expected.scenario).collect();
    known.sort_unstable();
    assert_eq!(known, scenarios(name));
    for expected in all {
        let replayed = replay(agent, &transcript(name, expected.scenario));
        check(agent, expected, &replayed);
    }
}

pub(super) fn check(agent: &dyn Agent, expected: &Expected, replayed: &Replayed) {
    let scenario = expected.scenario;
    let usage = replayed.record.usage();
    let tokens = [
        usage.input_tokens,
        usage.cached_input_tokens,
        usage.cache_write_tokens,
        usage.output_tokens,
    ];
    assert_eq!(tokens, expected.tokens, "{scenario}");
    assert_eq!(usage.cost_micro_usd, expected.cost_micro_usd, "{scenario}");
    let tells = agent.decoder().tells_its_end();
    let came_to = outcome("agent", &replayed.record, tells, &expected.end, "");
    let failure = match &came_to {
        RunOutcome::Done => None,
        RunOutcome::Failed { kind, .. } => Some(*kind),
    };
    assert_eq!(failure, expected.failure, "{scenario}: {came_to:?}");
    assert_eq!(replayed.record.unknown(), 0, "{scenario}");
    let refused = expected.failure == Some(FailureKind::AgentUnauthorized);
    assert_eq!(replayed.stop.is_some(), refused, "{scenario}");
}

/// What may befall lines between a program and a decoder.
#[derive(Debug, Clone)]
pub(super) enum Damage {
    Cut(prop::sample::Index, prop::sample::Index),
    Overlong(prop::sample::Index, prop::sample::Index),
    Repeat(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Join(prop::sample::Index),
    Lose(prop::sample::Index),
    Stderr(prop::sample::Index),
    Noise(prop::sample::Index, String),
}

pub(super) fn damages() -> impl Strategy<Value = Vec<Damage>> {
    let at = any::<prop::sample::Index>;
    let noise = prop_oneof![
        ".{0,60}",
        "[{}\\[\\]\":,a-z0-9]{0,60}",
        prop::sample::select(vec![
            "system",
            "assistant",
            "user",
            "result",
            "item.completed",
            "error"
        ])
        .prop_map(|kind| format!(r#"{{"type":"{kind}","message":7,"item":[],"usage":{{}}}}"#)),
    ];
    let one = prop_oneof![
        (at(), at()).prop_map(|(line, byte)| Damage::Cut(line, byte)),
        (at(), at()).prop_map(|(line, byte)| Damage::Overlong(line, byte)),
        at().prop_map(Damage::Repeat),
        (at(), at()).prop_map(|(one, other)| Damage::Swap(one, other)),
        at().prop_map(Damage::Join),
        at().prop_map(Damage::Lose),
        at().prop_map(Damage::Stderr),
        (at(), noise).prop_map(|(line, noise)| Damage::Noise(line, noise)),
    ];
    prop::collection::vec(one, 0..8)
}

pub(super) fn damaged(mut lines: Vec<OutputLine>, damages: Vec<Damage>) -> Vec<OutputLine> {
    let cut = |text: &mut String, byte: prop::sample::Index| {
        let at = text.floor_char_boundary(byte.index(text.len() + 1));
        text.truncate(at);
    };
    for damage in damages {
        if lines.is_empty() {
            break;
        }
        let count = lines.len();
        match damage {
            Damage::Cut(line, byte) => cut(&mut lines[line.index(count)].text, byte),
            Damage::Overlong(line, byte) => {
                let line = &mut lines[line.index(count)];
                cut(&mut line.text, byte);
                line.dropped = 7;
            }
            Damage::Repeat(line) => {
                let line = line.index(count);
                lines.insert(line, lines[line].clone());
            }
            Damage::Swap(one, other) => lines.swap(one.index(count), other.index(count)),
            Damage::Join(line) => {
                let line = line.index(count);
                let next = lines.get(line + 1).map(|next| next.text.clone());
                lines[line].text.extend(next);
            }
            Damage::Lose(line) => {
                lines.remove(line.index(count));
            }
            Damage::Stderr(line) => lines[line.index(count)].channel = Channel::Stderr,
            Damage::Noise(at, noise) => lines.insert(at.index(count), line(count, &noise)),
        }
    }
    lines
}

/// Feeds damaged lines to one decoder throughout, and to two, of which the second knows nothing of
/// what the first has seen.
pub(super) fn check_damaged(
    agent: &dyn Agent,
    lines: &[OutputLine],
    from: prop::sample::Index,
) -> Result<(), TestCaseError> {
    let mut decoder = agent.decoder();
    let mut throughout = Replayed::default();
    for line in lines {
        let known = throughout.events.len();
        throughout.take(&mut *decoder, std::slice::from_ref(line));
        let events = &throughout.events[known..];
        prop_assert!(events.len() <= 8, "{:?}", events);
        for event in events {
            let bound = if matches!(event, AgentEvent::Result(_)) {
                2 * line.text.len() + 100
            } else {
                8192
            };
            let printed = format!("{event:?}");
            prop_assert!(printed.len() <= bound, "{}", printed);
        }
    }
    let remembered = format!("{decoder:?}").len();
    prop_assert!(remembered < 64 * 1024, "{} bytes", remembered);
    let (before, after) = lines.split_at(from.index(lines.len() + 1));
    let mut in_two = Replayed::default();
    in_two.take(&mut *agent.decoder(), before);
    in_two.take(&mut *agent.decoder(), after);
    prop_assert_eq!(in_two.record, throughout.record);
    Ok(())
}
