//! The templates by name, what may stand in them, and how they are filled.

use super::{Delivery, PromptSet};
use crate::invalid_input::InvalidInput;
use crate::phase::Phase;

/// A template of a [`PromptSet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Template {
    Common,
    Explore,
    Requirements,
    Design,
    Tasks,
    Earlier,
    Refused,
    Feedback,
    Previous,
    ResultFile,
    ResultStructuredOutput,
    ResultLastMessage,
    Repair,
    Interrupted,
}

impl Template {
    pub(super) const ALL: [Self; 14] = [
        Self::Common,
        Self::Explore,
        Self::Requirements,
        Self::Design,
        Self::Tasks,
        Self::Earlier,
        Self::Refused,
        Self::Feedback,
        Self::Previous,
        Self::ResultFile,
        Self::ResultStructuredOutput,
        Self::ResultLastMessage,
        Self::Repair,
        Self::Interrupted,
    ];

    /// `None` for SYNC: it is computed, and no agent is asked.
    pub(super) fn of_phase(phase: Phase) -> Option<Self> {
        match phase {
            Phase::Explore => Some(Self::Explore),
            Phase::Requirements => Some(Self::Requirements),
            Phase::Design => Some(Self::Design),
            Phase::Tasks => Some(Self::Tasks),
            Phase::Sync => None,
        }
    }

    pub(super) fn of_delivery(delivery: Delivery) -> Self {
        match delivery {
            Delivery::File => Self::ResultFile,
            Delivery::StructuredOutput => Self::ResultStructuredOutput,
            Delivery::LastMessage => Self::ResultLastMessage,
        }
    }

    pub(super) fn built_in(self) -> &'static str {
        match self {
            Self::Common => include_str!("../prompts/common.md"),
            Self::Explore => include_str!("../prompts/explore.md"),
            Self::Requirements => include_str!("../prompts/requirements.md"),
            Self::Design => include_str!("../prompts/design.md"),
            Self::Tasks => include_str!("../prompts/tasks.md"),
            Self::Earlier => include_str!("../prompts/earlier.md"),
            Self::Refused => include_str!("../prompts/refused.md"),
            Self::Feedback => include_str!("../prompts/feedback.md"),
            Self::Previous => include_str!("../prompts/previous.md"),
            Self::ResultFile => include_str!("../prompts/result_file.md"),
            Self::ResultStructuredOutput => {
                include_str!("../prompts/result_structured_output.md")
            }
            Self::ResultLastMessage => include_str!("../prompts/result_last_message.md"),
            Self::Repair => include_str!("../prompts/repair.md"),
            Self::Interrupted => include_str!("../prompts/interrupted.md"),
        }
    }

    /// Its name in errors.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Common => "prompts.common",
            Self::Explore => "prompts.explore",
            Self::Requirements => "prompts.requirements",
            Self::Design => "prompts.design",
            Self::Tasks => "prompts.tasks",
            Self::Earlier => "prompts.earlier",
            Self::Refused => "prompts.refused",
            Self::Feedback => "prompts.feedback",
            Self::Previous => "prompts.previous",
            Self::ResultFile => "prompts.result_file",
            Self::ResultStructuredOutput => "prompts.result_structured_output",
            Self::ResultLastMessage => "prompts.result_last_message",
            Self::Repair => "prompts.repair",
            Self::Interrupted => "prompts.interrupted",
        }
    }

    /// Placeholders that it must have, and those that it may have.
    fn placeholders(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Common => (
                &[
                    "title",
                    "description",
                    "outputs",
                    "task",
                    "findings",
                    "result",
                ],
                &["phase"],
            ),
            Self::Explore
            | Self::Requirements
            | Self::Design
            | Self::Tasks
            | Self::ResultFile
            | Self::ResultStructuredOutput
            | Self::ResultLastMessage => (&[], &[]),
            Self::Earlier => (&["phase", "output"], &[]),
            Self::Refused => (&["findings"], &[]),
            Self::Feedback => (&["feedback"], &[]),
            Self::Previous => (&["previous"], &[]),
            Self::Repair => (&["findings", "result"], &["phase"]),
            Self::Interrupted => (&["result"], &["phase"]),
        }
    }

    /// Says whether `text` can stand in for the built-in one.
    pub(super) fn check(self, text: &str) -> Result<(), InvalidInput> {
        let refuse = |reason: String| Err(InvalidInput::new(self.field(), reason));
        if text.trim().is_empty() {
            return refuse("must not be blank".to_owned());
        }
        let (length, max) = (text.len(), PromptSet::MAX_TEMPLATE_BYTES);
        if length > max {
            return refuse(format!("{length} bytes; at most {max} are allowed"));
        }
        let (required, optional) = self.placeholders();
        let mut found: Vec<&str> = Vec::new();
        for name in placeholders(text) {
            if !required.contains(&name) && !optional.contains(&name) {
                let known: Vec<String> = required
                    .iter()
                    .chain(optional)
                    .map(|name| format!("{{{name}}}"))
                    .collect();
                let known = if known.is_empty() {
                    "this template has none".to_owned()
                } else {
                    format!("it may have {}", known.join(", "))
                };
                return refuse(format!("unknown placeholder {{{name}}}; {known}"));
            }
            if found.contains(&name) {
                return refuse(format!("placeholder {{{name}}} stands there twice"));
            }
            found.push(name);
        }
        match required.iter().find(|name| !found.contains(name)) {
            Some(missing) => refuse(format!("placeholder {{{missing}}} is missing; add it")),
            None => Ok(()),
        }
    }
}

/// The names of the placeholders in `text`.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|from| {
        let (name, _) = from.split_once('}')?;
        let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
        (!name.is_empty() && name.chars().all(is_name)).then_some(name)
    })
}

/// `template` with its placeholders replaced in one pass, so that a placeholder in what is put in
/// stays text.
pub(super) fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, from)) = rest.split_once('{') {
        filled.push_str(before);
        let filled_in = from
            .split_once('}')
            .and_then(|(name, after)| Some((value(name)?, after)));
        if let Some((value, after)) = filled_in {
            filled.push_str(&value);
            rest = after;
        } else {
            filled.push('{');
            rest = from;
        }
    }
    filled.push_str(rest);
    filled
}
