//! What one run consumed, counted once however often its agent tells it.

use serde::{Deserialize, Serialize};

use super::{Tokens, Usage};

/// Messages whose counts may still change; older ones are summed up.
const OPEN_MESSAGES: usize = 32;
/// Characters of a message id that tell it from others.
const MAX_ID_CHARS: usize = 128;

/// What a report of an agent is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsageScope {
    /// One message of the model, by its id. Told again, it replaces what was told before.
    Message(String),
    /// This run, from its beginning.
    Run,
    /// The agent's session, from its beginning: earlier runs in it are counted in.
    Session,
}

/// What an agent reports of its consumption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageReport {
    /// What it is about.
    pub scope: UsageScope,
    /// The model, if it is named.
    pub model: Option<String>,
    /// The tokens.
    pub tokens: Tokens,
    /// The money, if the agent tells it, in millionths of a US dollar.
    pub cost_micro_usd: Option<u64>,
}

/// The account of one run: pure, and part of the checkpoint, so that a run that is followed anew is
/// not counted anew.
///
/// Agents tell in three ways, and some in several: message by message while they work, and at the
/// end for the whole run or for the whole session. The last say most, but a run that is killed never
/// says them. So the account keeps all three and believes the largest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunLedger {
    /// What was counted for the session before this run.
    #[serde(skip_serializing_if = "Usage::is_nothing")]
    before: Usage,
    /// The last messages, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<(String, Usage)>,
    /// Messages before those.
    #[serde(skip_serializing_if = "Usage::is_nothing")]
    older: Usage,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Usage>,
}

impl RunLedger {
    /// An empty account of a run that goes on in a session for which `before` was counted.
    #[must_use]
    pub fn after(before: Usage) -> Self {
        Self {
            before,
            ..Self::default()
        }
    }

    /// The session is a new one after all: nothing was counted for it before.
    pub(crate) fn forget_before(&mut self) {
        self.before = Usage::default();
    }

    /// True when nothing was reported.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes a report, with the price of its tokens if the agent does not tell the money and somebody
    /// knows. Taken again, it changes nothing.
    pub fn record(
        &mut self,
        report: &UsageReport,
        price: impl FnOnce(&UsageReport) -> Option<u64>,
    ) {
        let Tokens {
            input,
            cached_input,
            cache_write,
            output,
        } = report.tokens;
        let mut usage = Usage {
            input_tokens: input,
            cached_input_tokens: cached_input,
            cache_write_tokens: cache_write,
            output_tokens: output,
            ..Usage::default()
        };
        match report.cost_micro_usd.or_else(|| price(report)) {
            Some(cost) => usage.cost_micro_usd = cost,
            None => usage.unpriced_tokens = usage.tokens(),
        }
        match &report.scope {
            UsageScope::Run => self.run = Some(grown(self.run, usage)),
            UsageScope::Session => self.session = Some(grown(self.session, usage)),
            UsageScope::Message(id) => self.message(id, usage),
        }
    }

    fn message(&mut self, id: &str, usage: Usage) {
        let id: String = id.chars().take(MAX_ID_CHARS).collect();
        if let Some((_, known)) = self.messages.iter_mut().find(|(known, _)| *known == id) {
            *known = fuller(*known, usage);
            return;
        }
        if self.messages.len() >= OPEN_MESSAGES {
            let (_, oldest) = self.messages.remove(0);
            self.older += oldest;
        }
        self.messages.push((id, usage));
    }

    /// What the run has consumed as far as it was told.
    #[must_use]
    pub fn total(&self) -> Usage {
        let mut messages = self.older;
        for (_, usage) in &self.messages {
            messages += *usage;
        }
        let session = self.session.map(|session| {
            let mut new = session.beyond(self.before);
            // What was counted before may have had a price.
            new.unpriced_tokens = new.unpriced_tokens.min(new.tokens());
            new
        });
        [self.run, session]
            .into_iter()
            .flatten()
            .fold(messages, |known, told| {
                // What the agent says of the money counts for more than what the tokens would cost,
                // as long as it speaks of all of them.
                let all = known.max(told);
                if all.tokens() == told.tokens() {
                    told
                } else {
                    all
                }
            })
    }
}

/// Totals only grow; a count that shrinks is of something else, and what was counted stays counted.
fn grown(known: Option<Usage>, told: Usage) -> Usage {
    known.map_or(told, |known| fuller(known, told))
}

/// Each count is the larger one. The money is that of the fuller report: the other may lack a price.
fn fuller(known: Usage, told: Usage) -> Usage {
    let money = if told.tokens() < known.tokens() {
        known
    } else {
        told
    };
    Usage {
        cost_micro_usd: money.cost_micro_usd,
        unpriced_tokens: money.unpriced_tokens,
        ..known.max(told)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn report(scope: UsageScope, input: u64, output: u64, cost: Option<u64>) -> UsageReport {
        UsageReport {
            scope,
            model: None,
            tokens: Tokens {
                input,
                output,
                ..Tokens::default()
            },
            cost_micro_usd: cost,
        }
    }

    fn message(id: &str, input: u64, output: u64) -> UsageReport {
        report(UsageScope::Message(id.to_owned()), input, output, None)
    }

    fn total(ledger: &RunLedger) -> (u64, u64, u64) {
        let usage = ledger.total();
        (
            usage.input_tokens,
            usage.output_tokens,
            usage.cost_micro_usd,
        )
    }

    /// Two micro-dollars a token.
    #[expect(clippy::unnecessary_wraps, reason = "other prices are not known")]
    fn priced(report: &UsageReport) -> Option<u64> {
        Some(2 * (report.tokens.input + report.tokens.output))
    }

    #[test]
    fn a_message_that_is_told_once_per_block_is_counted_once() {
        let mut ledger = RunLedger::default();
        for (id, output) in [("a", 1), ("a", 1), ("a", 42), ("b", 1)] {
            ledger.record(&message(id, 100, output), priced);
        }
        assert_eq!(total(&ledger), (200, 43, 486));
    }

    #[test]
    fn what_the_run_says_of_itself_replaces_the_sum_of_its_messages() {
        let mut ledger = RunLedger::default();
        ledger.record(&message("a", 100, 1), priced);
        ledger.record(&report(UsageScope::Run, 100, 42, Some(7)), priced);
        assert_eq!(total(&ledger), (100, 42, 7));
    }

    #[test]
    fn a_run_that_forgets_messages_does_not_make_them_free() {
        let mut ledger = RunLedger::default();
        ledger.record(&message("a", 100, 10), priced);
        ledger.record(&message("b", 100, 10), priced);
        ledger.record(&report(UsageScope::Run, 100, 10, Some(7)), priced);
        assert_eq!(total(&ledger), (200, 20, 440));
    }

    #[test]
    fn of_a_session_only_what_is_new_is_counted() {
        let before = Usage {
            input_tokens: 2400,
            output_tokens: 84,
            cost_micro_usd: 4968,
            ..Usage::default()
        };
        let mut ledger = RunLedger::after(before);
        ledger.record(&report(UsageScope::Session, 3600, 126, None), priced);
        assert_eq!(total(&ledger), (1200, 42, 2484));
    }

    #[test]
    fn of_a_session_that_had_a_price_only_the_new_tokens_have_none() {
        let before = Usage {
            input_tokens: 2400,
            cost_micro_usd: 4800,
            ..Usage::default()
        };
        let mut ledger = RunLedger::after(before);
        ledger.record(&report(UsageScope::Session, 3600, 0, None), |_| None);
        let usage = ledger.total();
        assert_eq!((usage.tokens(), usage.unpriced_tokens), (1200, 1200));
    }

    #[test]
    fn tokens_without_a_price_are_said_to_have_none() {
        let mut ledger = RunLedger::default();
        ledger.record(&message("a", 100, 10), |_| None);
        let usage = ledger.total();
        assert_eq!((usage.cost_micro_usd, usage.unpriced_tokens), (0, 110));
    }

    fn reports() -> impl Strategy<Value = Vec<UsageReport>> {
        let one = (0u8..60, 0u64..1000, 0u64..1000).prop_map(|(id, input, output)| {
            let scope = match id {
                58 => UsageScope::Run,
                59 => UsageScope::Session,
                id => UsageScope::Message(format!("m{}", id / 2)),
            };
            report(scope, input, output, None)
        });
        prop::collection::vec(one, 0..80)
    }

    #[test]
    fn an_account_keeps_a_count_that_a_later_total_does_not_speak_of() {
        let mut ledger = RunLedger::default();
        for told in [
            report(UsageScope::Session, 828, 0, None),
            message("m", 0, 543),
            report(UsageScope::Session, 285, 543, None),
        ] {
            ledger.record(&told, priced);
        }
        let (input, output, _) = total(&ledger);
        assert_eq!((input, output), (828, 543));
    }

    proptest! {
        #[test]
        fn lines_that_are_read_again_count_nothing(reports in reports(), from in 0usize..80) {
            let mut once = RunLedger::default();
            for report in &reports {
                once.record(report, priced);
            }
            let mut again = once.clone();
            // No more than the messages that may still change are ever read again.
            for report in reports.iter().skip(from.max(reports.len().saturating_sub(OPEN_MESSAGES))) {
                again.record(report, priced);
            }
            prop_assert_eq!(again.total(), once.total());
        }

        #[test]
        fn an_account_stays_small_and_only_grows(reports in reports()) {
            let mut ledger = RunLedger::default();
            let mut tokens = 0;
            for report in &reports {
                ledger.record(report, priced);
                prop_assert!(ledger.messages.len() <= OPEN_MESSAGES);
                prop_assert!(ledger.total().tokens() >= tokens);
                tokens = ledger.total().tokens();
            }
            let stored = serde_json::to_string(&ledger).unwrap();
            prop_assert!(stored.len() < 16 * 1024);
            prop_assert_eq!(serde_json::from_str::<RunLedger>(&stored).unwrap(), ledger);
        }
    }
}
