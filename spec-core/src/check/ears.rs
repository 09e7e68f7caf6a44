//! Reads requirements in the EARS patterns (Mavin et al., 2009).

use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;

/// The pattern that a requirement follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EarsPattern {
    /// "The system shall …"
    Ubiquitous,
    /// "When something happens, the system shall …"
    EventDriven,
    /// "While something lasts, the system shall …"
    StateDriven,
    /// "If something goes wrong, then the system shall …"
    UnwantedBehaviour,
    /// "Where something is included, the system shall …"
    OptionalFeature,
    /// More than one of these conditions.
    Complex,
}

/// What a condition begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EarsKeyword {
    /// An event.
    When,
    /// A state.
    While,
    /// Something unwanted.
    If,
    /// An optional feature.
    Where,
}

impl EarsKeyword {
    fn parse(word: &str) -> Option<Self> {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        if is("when") {
            Some(Self::When)
        } else if is("while") {
            Some(Self::While)
        } else if is("if") {
            Some(Self::If)
        } else if is("where") {
            Some(Self::Where)
        } else {
            None
        }
    }
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarsCondition<'a> {
    /// What it begins with.
    pub keyword: EarsKeyword,
    /// The condition without its keyword and the comma after it.
    pub text: &'a str,
}

/// A requirement, taken apart. All texts are parts of the original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ears<'a> {
    /// The pattern it follows.
    pub pattern: EarsPattern,
    /// Under which conditions, in the order of the text.
    pub conditions: Vec<EarsCondition<'a>>,
    /// What acts: the words before "shall".
    pub system: &'a str,
    /// What it does: the words after "shall".
    pub response: &'a str,
    /// Where in the text the keywords of the pattern stand, in order.
    pub keywords: Vec<Range<usize>>,
}

/// Takes a requirement apart; `None` when it follows no pattern.
///
/// Keywords may be written in any case, and the text may have several lines.
#[must_use]
pub fn parse(text: &str) -> Option<Ears<'_>> {
    let shall = word_ranges(text).find(|range| is_word(text, range, "shall"))?;
    let response = text.get(shall.end..)?.trim();
    let mut head = Head {
        text,
        conditions: Vec::new(),
        keywords: Vec::new(),
    };
    let system = head.split(0..shall.start)?;
    let Head {
        conditions,
        mut keywords,
        ..
    } = head;
    keywords.push(shall);
    let pattern = match conditions.as_slice() {
        [] => EarsPattern::Ubiquitous,
        [only] => match only.keyword {
            EarsKeyword::When => EarsPattern::EventDriven,
            EarsKeyword::While => EarsPattern::StateDriven,
            EarsKeyword::If => EarsPattern::UnwantedBehaviour,
            EarsKeyword::Where => EarsPattern::OptionalFeature,
        },
        _ => EarsPattern::Complex,
    };
    let says_something = |text: &str| text.contains(char::is_alphanumeric);
    (says_something(system) && says_something(response)).then_some(Ears {
        pattern,
        conditions,
        system,
        response,
        keywords,
    })
}

/// The words of a text: runs of letters and digits.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// What stands before "shall", on its way into conditions and a system.
struct Head<'a> {
    text: &'a str,
    conditions: Vec<EarsCondition<'a>>,
    keywords: Vec<Range<usize>>,
}

impl<'a> Head<'a> {
    /// Takes the conditions off the front of `range` and hands out the system that is left.
    fn split(&mut self, range: Range<usize>) -> Option<&'a str> {
        let mut rest = range;
        while let Some((keyword, begin)) = self.keyword_at(rest.clone()) {
            let end = self.end_of_condition(begin..rest.end)?;
            let condition = self.text.get(begin..end)?.trim();
            if condition.is_empty() {
                return None;
            }
            self.conditions.push(EarsCondition {
                keyword,
                text: condition,
            });
            rest = self.after_comma(end..rest.end);
        }
        if !self.conditions.is_empty()
            && let Some(then) = self
                .first_word(rest.clone())
                .filter(|word| is_word(self.text, word, "then"))
        {
            rest.start = then.end;
            self.keywords.push(then);
            rest = self.after_comma(rest);
        }
        self.text.get(rest).map(str::trim)
    }

    /// A condition's keyword at the beginning of `range`, possibly after "and", and where the
    /// condition itself begins.
    fn keyword_at(&mut self, range: Range<usize>) -> Option<(EarsKeyword, usize)> {
        let mut word = self.first_word(range.clone())?;
        if !self.conditions.is_empty() && is_word(self.text, &word, "and") {
            word = self.first_word(word.end..range.end)?;
        }
        let keyword = EarsKeyword::parse(self.text.get(word.clone())?)?;
        // "If-Modified-Since" and "when's" are no keywords.
        let next = self.text.get(word.end..)?.chars().next()?;
        if !next.is_whitespace() && next != ',' {
            return None;
        }
        let begin = word.end;
        self.keywords.push(word);
        Some((keyword, begin))
    }

    /// Where the condition in `range` ends: at the comma before the next condition or, when there
    /// is none, at the last comma; without commas, before "then" or the system's article.
    fn end_of_condition(&self, range: Range<usize>) -> Option<usize> {
        let condition = self.text.get(range.clone())?;
        let mut last_comma = None;
        for (at, _) in condition.match_indices(',') {
            let at = range.start + at;
            let next = self.first_word(at + 1..range.end);
            let next = match next {
                Some(word) if is_word(self.text, &word, "and") => {
                    self.first_word(word.end..range.end)
                }
                next => next,
            };
            let Some(word) = next.and_then(|word| self.text.get(word)) else {
                continue;
            };
            if EarsKeyword::parse(word).is_some() || word.eq_ignore_ascii_case("then") {
                return Some(at);
            }
            last_comma = Some(at);
        }
        last_comma.or_else(|| {
            let words: Vec<_> = word_ranges(condition).collect();
            let place = |wanted: &[&str]| {
                let is_wanted = |range: &&Range<usize>| {
                    wanted
                        .iter()
                        .any(|wanted| is_word(condition, range, wanted))
                };
                words.iter().skip(1).rfind(is_wanted)
            };
            let at = place(&["then"]).or_else(|| place(&["the", "a", "an"]))?;
            Some(range.start + at.start)
        })
    }

    /// `range` without the comma and the blanks at its beginning.
    fn after_comma(&self, range: Range<usize>) -> Range<usize> {
        let skipped = self.text.get(range.clone()).map_or(0, |text| {
            text.len()
                - text
                    .trim_start_matches(|c: char| c == ',' || c.is_whitespace())
                    .len()
        });
        range.start + skipped..range.end
    }

    /// The first word in `range`, if nothing but white space stands before it.
    fn first_word(&self, range: Range<usize>) -> Option<Range<usize>> {
        let text = self.text.get(range.clone())?;
        let word = word_ranges(text).next()?;
        let before = text.get(..word.start)?;
        before
            .chars()
            .all(char::is_whitespace)
            .then_some(range.start + word.start..range.start + word.end)
    }
}

fn is_word(text: &str, range: &Range<usize>, word: &str) -> bool {
    text.get(range.clone())
        .is_some_and(|found| found.eq_ignore_ascii_case(word))
}

fn word_ranges(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = text.get(from..)?;
        let begin = from + rest.find(char::is_alphanumeric)?;
        let length = text.get(begin..)?.find(|c: char| !c.is_alphanumeric());
        from = length.map_or(text.len(), |length| begin + length);
        Some(begin..from)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(text: &str) -> (EarsPattern, Vec<&str>, &str, &str) {
        let ears = parse(text).unwrap();
        let conditions = ears
            .conditions
            .iter()
            .map(|condition| condition.text)
            .collect();
        (ears.pattern, conditions, ears.system, ears.response)
    }

    #[test]
    fn each_of_the_six_patterns_is_recognised() {
        use EarsPattern::{
            Complex, EventDriven, OptionalFeature, StateDriven, Ubiquitous, UnwantedBehaviour,
        };
        for (text, expected) in [
            (
                "The API shall answer.",
                (Ubiquitous, vec![], "The API", "answer."),
            ),
            (
                "WHEN a user logs in, THE API SHALL answer",
                (EventDriven, vec!["a user logs in"], "THE API", "answer"),
            ),
            (
                "While idle, the pump shall rest",
                (StateDriven, vec!["idle"], "the pump", "rest"),
            ),
            (
                "If the disk is full, then the API shall refuse writes",
                (
                    UnwantedBehaviour,
                    vec!["the disk is full"],
                    "the API",
                    "refuse writes",
                ),
            ),
            (
                "Where a camera is fitted, the car shall show it",
                (
                    OptionalFeature,
                    vec!["a camera is fitted"],
                    "the car",
                    "show it",
                ),
            ),
            (
                "While docked, when the bell rings, the ship shall reply",
                (
                    Complex,
                    vec!["docked", "the bell rings"],
                    "the ship",
                    "reply",
                ),
            ),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn commas_inside_a_condition_stay_in_it() {
        let text = "When a title, a body or both are empty,\nthe form shall say so, in red";
        assert_eq!(parts(text).1, ["a title, a body or both are empty"]);
        assert_eq!(parts(text).3, "say so, in red");
    }

    #[test]
    fn a_condition_may_do_without_its_comma() {
        assert_eq!(
            parts("If it fails then the API shall retry").1,
            ["it fails"]
        );
        let text = "When a user asks the bot the API shall answer";
        assert_eq!(parts(text).1, ["a user asks the bot"]);
        assert_eq!(parts(text).2, "the API");
    }

    #[test]
    fn conditions_joined_by_and_are_two() {
        let text = "While docked, and when the bell rings, the ship shall reply";
        assert_eq!(parts(text).1, ["docked", "the bell rings"]);
    }

    #[test]
    fn keywords_are_told_where_they_stand() {
        let text = "If it fails, then the API shall retry";
        let ears = parse(text).unwrap();
        let keywords: Vec<_> = ears
            .keywords
            .iter()
            .map(|range| &text[range.clone()])
            .collect();
        assert_eq!(keywords, ["If", "then", "shall"]);
    }

    #[test]
    fn text_without_a_system_or_a_response_follows_no_pattern() {
        for text in [
            "",
            "shall",
            "The API shall",
            "shall answer",
            "When x, shall y",
            "The API answers",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn names_that_begin_like_a_keyword_are_names() {
        let text = "If-Modified-Since handling shall follow the standard";
        assert_eq!(parts(text).0, EarsPattern::Ubiquitous);
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC{0,60}") {
            let _parsed = parse(&text);
        }

        #[test]
        fn parts_are_parts_of_the_text(
            words in proptest::collection::vec(
                prop_oneof![
                    "When|while|IF|where|then|and|shall|the|a|ä|x", Just(",".to_owned()), Just("\n".to_owned()),
                ],
                0..20,
            ),
        ) {
            let text = words.join(" ");
            if let Some(ears) = parse(&text) {
                prop_assert!(text.contains(ears.system) && text.contains(ears.response));
                for condition in &ears.conditions {
                    prop_assert!(text.contains(condition.text) && !condition.text.is_empty());
                }
                prop_assert!(ears.keywords.is_sorted_by(|a, b| a.end <= b.start));
                prop_assert!(ears.keywords.iter().all(|range| text.get(range.clone()).is_some()));
                prop_assert_eq!(ears.pattern == EarsPattern::Complex, ears.conditions.len() > 1);
            }
        }
    }
}
