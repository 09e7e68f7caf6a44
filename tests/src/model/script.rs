//! What a model does, request by request.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use serde_json::Value;
use spec_core::Phase;

use crate::model::turn::Step;
use crate::model::{Refusal, Request, Turn};

type Rule = Box<dyn FnMut(&Request) -> Option<Turn> + Send>;
type Encoding = Box<dyn FnMut(&Request, &Value) -> Value + Send>;

/// Decides about every answer. The [rules](Self::when) are asked first, in the order in which they were
/// added, and then what the script was made of.
pub struct Script {
    rules: Vec<Rule>,
    otherwise: Rule,
    encoding: Option<Encoding>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = self.rules.len();
        f.debug_struct("Script")
            .field("rules", &rules)
            .finish_non_exhaustive()
    }
}

impl Script {
    /// Answers what the function says.
    pub fn new(mut answer: impl FnMut(&Request) -> Turn + Send + 'static) -> Self {
        Self::of(Box::new(move |request| Some(answer(request))))
    }

    /// Answers everything in the same way.
    #[must_use]
    pub fn always(turn: Turn) -> Self {
        Self::new(move |_| turn.clone())
    }

    /// Every conversation gets these answers, one for each of its requests. More requests than answers
    /// are refused as invalid.
    pub fn turns(turns: impl IntoIterator<Item = Turn>) -> Self {
        let turns: Vec<_> = turns.into_iter().collect();
        let mut asked = HashMap::new();
        Self::of(Box::new(move |request| {
            let nth = count(&mut asked, request.conversation.clone());
            turns.get(nth).cloned()
        }))
    }

    /// Does well in every phase: thinks, looks around with the agent's tools, and hands in what
    /// `output` says for the phase.
    pub fn phases(output: impl Fn(Phase) -> Value + Send + 'static) -> Self {
        let mut asked = HashMap::new();
        Self::of(Box::new(move |request| {
            let phase = request.phase()?;
            let nth = count(&mut asked, (request.conversation.clone(), phase));
            Some(good_turn(nth, phase, &output))
        }))
    }

    /// Does well in every phase of the fixture's spec, for a repository that was made by
    /// [`demo::make_repository_in`](spec_core::testing::demo::make_repository_in).
    #[must_use]
    pub fn good() -> Self {
        Self::phases(spec_core::testing::fixture::output_json)
    }

    /// Gives the answer of `rule` where it has one.
    #[must_use]
    pub fn when(mut self, rule: impl FnMut(&Request) -> Option<Turn> + Send + 'static) -> Self {
        self.rules.push(Box::new(rule));
        self
    }

    /// The first requests of a phase get these answers, in whatever conversation they come; the script
    /// goes on after them as if they had not been.
    #[must_use]
    pub fn first(self, phase: Phase, turns: impl IntoIterator<Item = Turn>) -> Self {
        let mut turns: VecDeque<_> = turns.into_iter().collect();
        self.when(move |request| {
            (request.phase() == Some(phase))
                .then(|| turns.pop_front())
                .flatten()
        })
    }

    /// Every request of a phase gets this answer.
    #[must_use]
    pub fn always_in(self, phase: Phase, turn: Turn) -> Self {
        self.when(move |request| (request.phase() == Some(phase)).then(|| turn.clone()))
    }

    /// Every result that is handed in is changed so before it is sent: some agents want it in another
    /// form than ours.
    #[must_use]
    pub fn encoding(
        mut self,
        encoding: impl FnMut(&Request, &Value) -> Value + Send + 'static,
    ) -> Self {
        self.encoding = Some(Box::new(encoding));
        self
    }

    pub(crate) fn answer(&mut self, request: &Request) -> Turn {
        let mut rules = self.rules.iter_mut();
        let answer = rules
            .find_map(|rule| rule(request))
            .or_else(|| (self.otherwise)(request));
        let Some(mut turn) = answer else {
            let text = format!(
                "the script has no answer to request {} (conversation {}, phase {:?})",
                request.number,
                request.conversation,
                request.phase()
            );
            return Turn::refuse(Refusal::Invalid(text));
        };
        if let Some(encoding) = &mut self.encoding {
            for step in &mut turn.steps {
                if let Step::Submit(result) = step {
                    *result = encoding(request, result);
                }
            }
        }
        turn
    }

    fn of(otherwise: Rule) -> Self {
        Self {
            rules: Vec::new(),
            otherwise,
            encoding: None,
        }
    }
}

/// How often there was this key before.
fn count<K: Eq + std::hash::Hash>(counts: &mut HashMap<K, usize>, key: K) -> usize {
    let count = counts.entry(key).or_default();
    let before = *count;
    *count = before.saturating_add(1);
    before
}

fn good_turn(nth: usize, phase: Phase, output: &impl Fn(Phase) -> Value) -> Turn {
    match nth {
        0 => Turn::new()
            .think(format!("What does {phase} need?"))
            .say("I look at the repository.")
            .shell("git log --oneline && ls -A"),
        1 => Turn::new().read("README.md"),
        _ => Turn::new().submit(output(phase)),
    }
}
