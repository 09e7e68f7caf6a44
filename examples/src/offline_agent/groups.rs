//! Requirements that belong to one feature, told by their ids.

use spec_core::artifact::{Requirement, RequirementCategory, RequirementId, RequirementsOutput};

use super::idea::grammar::lower_first;
use super::idea::phrase::verb_of;
use super::words::{is_stop_word, keywords};

/// The requirements of one feature.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) name: String,
    slug: String,
    pub(crate) requirements: Vec<RequirementId>,
    pub(crate) words: Vec<String>,
    pub(crate) secured: bool,
}

/// Groups in the order of their first requirements; edited or foreign ids are grouped just as well.
pub(crate) fn groups(output: &RequirementsOutput) -> Vec<Group> {
    let mut found: Vec<Group> = Vec::new();
    for requirement in &output.requirements {
        let slug = slug(&requirement.id);
        let secured = requirement.category == RequirementCategory::Sec;
        match found.iter_mut().find(|group| group.slug == slug) {
            Some(group) => {
                if !group.requirements.contains(&requirement.id) {
                    group.requirements.push(requirement.id.clone());
                }
                group.secured |= secured;
            }
            None => found.push(group(requirement, slug, secured)),
        }
    }
    found
}

fn group(requirement: &Requirement, slug: String, secured: bool) -> Group {
    let title = requirement
        .title
        .split(": ")
        .next()
        .unwrap_or(&requirement.title)
        .trim();
    let name = if title.is_empty() {
        slug.to_lowercase()
    } else {
        title.to_owned()
    };
    let mut words = keywords(&name);
    // The text names the system in every requirement, which would rank files by the system's name.
    let said = if requirement.notes.trim().is_empty() {
        &requirement.text
    } else {
        &requirement.notes
    };
    for word in keywords(said) {
        if !words.contains(&word) && word != "idea" {
            words.push(word);
        }
    }
    Group {
        name,
        slug,
        requirements: vec![requirement.id.clone()],
        words,
        secured,
    }
}

/// `REQ-AUTH-FUNC-001` belongs to `AUTH`.
fn slug(id: &RequirementId) -> String {
    let mut parts: Vec<&str> = id.as_str().split('-').skip(1).collect();
    parts.pop();
    if parts.len() > 1
        && parts
            .last()
            .is_some_and(|part| ["FUNC", "PERF", "SEC", "USE", "REL", "CON"].contains(part))
    {
        parts.pop();
    }
    parts.join("-")
}

impl Group {
    /// The name in the midst of a sentence.
    pub(crate) fn said(&self) -> String {
        lower_first(&self.name)
    }

    /// The words from which files and functions are named: ASCII, lower case, at most three.
    pub(crate) fn stem_words(&self) -> Vec<String> {
        let mut spoken: Vec<String> = self
            .name
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.is_ascii() && !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        // Files and functions are called after what they do: `export_notes`, not `exporting_notes`.
        if let Some(first) = spoken.first_mut()
            && let Some(verb) = verb_of(first)
        {
            verb.clone_into(first);
        }
        let mut kept: Vec<String> = spoken
            .iter()
            .filter(|word| !is_stop_word(word) || matches!(word.as_str(), "user" | "users"))
            .filter(|word| !word.chars().all(|c| c.is_ascii_digit()))
            .take(3)
            .map(|word| word.chars().take(24).collect())
            .collect();
        if kept
            .iter()
            .all(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        {
            kept.insert(0, "feature".to_owned());
        }
        kept
    }
}
