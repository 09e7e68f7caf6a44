//! REQUIREMENTS: user stories and requirements in EARS form, one or two for each feature.

mod capabilities;
mod criteria;
mod ears;

use std::collections::BTreeSet;

use spec_core::artifact::{
    AcceptanceCriterion, Assumption, Priority, Requirement, RequirementCategory, RequirementId,
    RequirementType, RequirementsOutput, UserStory,
};

use super::NOTE;
use super::explore::open_questions;
use super::idea::{Feature, Idea};
use super::ids::id;
use super::progress::Progress;
use super::survey::Survey;
use super::words::{capitalised, keywords, one_line};
use ears::Draft;

pub(crate) fn requirements(
    survey: &Survey,
    idea: &Idea,
    progress: &mut Progress<'_>,
) -> RequirementsOutput {
    let mut writer = Writer::new(survey);
    for (index, feature) in idea.features.iter().enumerate() {
        if index < 6 {
            progress.say(650, format!("Writing requirements for {}", feature.name));
        }
        writer.feature(feature, index == 0);
    }
    writer.any_failure(&idea.features);
    progress.say(
        900,
        format!("Wrote {} requirements", writer.requirements.len()),
    );
    RequirementsOutput {
        feature_name: capitalised(&one_line(&idea.title, 80)),
        user_stories: writer.stories,
        requirements: writer.requirements,
        assumptions: assumptions(survey, idea, writer.assumed),
        out_of_scope: out_of_scope(idea),
        questions: open_questions(idea),
        notes: notes(idea),
    }
}

struct Writer<'a> {
    survey: &'a Survey,
    requirements: Vec<Requirement>,
    stories: Vec<UserStory>,
    assumed: Vec<Assumption>,
    criteria: usize,
    texts: BTreeSet<String>,
    capabilities: BTreeSet<&'static str>,
}

impl<'a> Writer<'a> {
    fn new(survey: &'a Survey) -> Self {
        Self {
            survey,
            requirements: Vec::new(),
            stories: Vec::new(),
            assumed: Vec::new(),
            criteria: 0,
            texts: BTreeSet::new(),
            capabilities: BTreeSet::new(),
        }
    }

    fn feature(&mut self, feature: &Feature, first: bool) {
        let system = self.survey.project.system();
        let capability =
            capabilities::of(feature).filter(|known| self.capabilities.insert(known.id));
        let drafts = ears::drafts(feature, &system, self.survey.project.kind, capability);
        if capability.is_some() {
            self.assumed.push(Assumption {
                text: format!("What is usual for {} is wanted.", ears::refer(feature)),
                basis: format!(
                    "The idea names it and leaves the details open: “{}”.",
                    one_line(&feature.source, 120)
                ),
            });
        }
        let priority = if first {
            Priority::High
        } else {
            Priority::Medium
        };
        let mut ids: Vec<RequirementId> = Vec::new();
        for draft in drafts {
            let depends = ids.first().cloned();
            if let Some(id) = self.requirement(feature, draft, priority, depends) {
                ids.push(id);
            }
        }
        let benefit = feature
            .benefit
            .clone()
            .or_else(|| capability.map(|capability| capability.benefit.to_owned()))
            .unwrap_or_else(|| "a need is met that the idea does not explain".to_owned());
        self.stories.push(UserStory {
            id: id("US", self.stories.len() + 1),
            role: feature.actor.clone(),
            want: ears::want(feature, &system),
            benefit,
            priority,
            requirements: ids,
        });
    }

    /// A spec that speaks of no failure gets the most obvious one.
    fn any_failure(&mut self, features: &[Feature]) {
        if self
            .requirements
            .iter()
            .any(|it| it.text.starts_with("If "))
        {
            return;
        }
        let system = self.survey.project.system();
        let kind = self.survey.project.kind;
        let found = features.iter().zip(0..).find_map(|(feature, at)| {
            Some((feature, at, ears::any_failure(feature, &system, kind)?))
        });
        let Some((feature, at, draft)) = found else {
            return;
        };
        let story: Option<&mut UserStory> = self.stories.get_mut::<usize>(at);
        let before = story.and_then(|story| story.requirements.first().cloned());
        if let Some(id) = self.requirement(feature, draft, Priority::Medium, before)
            && let Some(story) = self.stories.get_mut(at)
        {
            story.requirements.push(id);
        }
    }

    fn requirement(
        &mut self,
        feature: &Feature,
        draft: Draft,
        priority: Priority,
        depends: Option<RequirementId>,
    ) -> Option<RequirementId> {
        let mut text = draft.text;
        if !self.texts.insert(text.to_lowercase()) {
            // Two features that read alike differ in the words they come from.
            text = format!("{} (for {}).", text.trim_end_matches('.'), feature.name);
            if !self.texts.insert(text.to_lowercase()) {
                return None;
            }
        }
        let acceptance_criteria = draft
            .criteria
            .into_iter()
            .map(|text| {
                self.criteria += 1;
                AcceptanceCriterion {
                    id: id("AC", self.criteria),
                    text,
                }
            })
            .collect();
        let category = category(feature);
        let parts = format!("REQ-{}-{}", feature.slug, code(category));
        let requirement: RequirementId = id(&parts, self.requirements.len() + 1);
        let functional = matches!(
            category,
            RequirementCategory::Func | RequirementCategory::Sec
        );
        self.requirements.push(Requirement {
            id: requirement.clone(),
            title: draft.title,
            kind: match category {
                RequirementCategory::Func | RequirementCategory::Sec => RequirementType::Functional,
                RequirementCategory::Con => RequirementType::Constraint,
                RequirementCategory::Perf | RequirementCategory::Use | RequirementCategory::Rel => {
                    RequirementType::NonFunctional
                }
            },
            category,
            priority: if draft.failure && functional {
                Priority::Medium
            } else {
                priority
            },
            text,
            acceptance_criteria,
            dependencies: depends.into_iter().collect(),
            notes: format!("From the idea: “{}”", one_line(&feature.source, 200)),
        });
        Some(requirement)
    }
}

fn code(category: RequirementCategory) -> &'static str {
    match category {
        RequirementCategory::Func => "FUNC",
        RequirementCategory::Perf => "PERF",
        RequirementCategory::Sec => "SEC",
        RequirementCategory::Use => "USE",
        RequirementCategory::Rel => "REL",
        RequirementCategory::Con => "CON",
    }
}

/// The quality that the words of the feature speak of.
fn category(feature: &Feature) -> RequirementCategory {
    use super::idea::{Clause, grammar::has_number};
    let said = format!("{} {}", feature.phrase, feature.details.join(" "));
    let numbered = has_number(&said);
    let said = keywords(&said);
    let speaks = |stems: &[&str]| {
        stems
            .iter()
            .any(|stem| said.iter().any(|word| word == stem))
    };
    if matches!(
        feature.clause,
        Clause::Swap { .. } | Clause::Drop(_) | Clause::Preserve(_)
    ) {
        RequirementCategory::Con
    } else if matches!(feature.clause, Clause::Fix { .. } | Clause::Fault { .. }) {
        RequirementCategory::Rel
    } else if numbered
        && speaks(&[
            "ms",
            "second",
            "millisecond",
            "latenc",
            "throughput",
            "minut",
        ])
    {
        RequirementCategory::Perf
    } else if speaks(&[
        "encrypt",
        "authenticat",
        "login",
        "password",
        "oauth",
        "permiss",
        "authoriz",
        "authoris",
        "csrf",
        "2fa",
        "sso",
        "token",
        "role",
    ]) {
        RequirementCategory::Sec
    } else if speaks(&["accessibl", "accessibility", "wcag", "keyboard"]) {
        RequirementCategory::Use
    } else if speaks(&["retry", "retri", "timeout", "uptim", "backup", "recov"]) {
        RequirementCategory::Rel
    } else {
        RequirementCategory::Func
    }
}

fn assumptions(survey: &Survey, idea: &Idea, mut assumed: Vec<Assumption>) -> Vec<Assumption> {
    assumed.extend(idea.context.iter().map(|text| Assumption {
        text: format!("This describes the present state and asks for nothing: “{text}”."),
        basis: "The sentence of the idea holds no wish.".to_owned(),
    }));
    if let (Some(language), Some(manifest)) =
        (survey.project.main_language, survey.manifests.first())
    {
        assumed.push(Assumption {
            text: format!("The feature is written in {language}, like the rest of the repository."),
            basis: format!(
                "{language} has the most lines, and `{}` builds it.",
                manifest.path
            ),
        });
    }
    assumed
}

fn out_of_scope(idea: &Idea) -> Vec<String> {
    let mut items = idea.excluded.clone();
    items.push("Anything that the idea does not name.".to_owned());
    items
}

fn notes(idea: &Idea) -> String {
    if idea.left_out == 0 {
        return NOTE.to_owned();
    }
    format!(
        "{NOTE} The idea holds {} further wishes than this draft covers; split it to have them covered.",
        idea.left_out
    )
}
