//! DESIGN: which files change, which are new, and how they work together.

mod diagram;
mod plan;

use std::collections::{BTreeMap, BTreeSet};

use spec_core::artifact::{
    ApiEndpoint, Assumption, DataModel, DesignDecision, DesignOutput, DesignRisk, Question,
    Requirement, RequirementsOutput,
};
use spec_core::check::ears;

use super::NOTE;
use super::groups::{Group, groups};
use super::idea::grammar::third_person;
use super::ids::id;
use super::placement::place;
use super::progress::Progress;
use super::rank::Index;
use super::survey::Survey;
use super::words::{capitalised, one_line, series, stem, words};
use plan::Plan;

pub(crate) fn design(
    survey: &Survey,
    requirements: &RequirementsOutput,
    index: &Index<'_>,
    progress: &mut Progress<'_>,
) -> DesignOutput {
    let groups = groups(requirements);
    let mut plan = Plan::default();
    for (number, group) in groups.iter().enumerate() {
        let hits = index.search(&group.words);
        let placement = place(survey, group, &hits, &mut plan.taken);
        if number < 6 {
            progress.file(700, format!("Placing {} in {}", group.name, placement.path));
        }
        plan.feature(
            survey,
            group,
            &tasks_of(requirements, group),
            &hits,
            placement,
        );
    }
    plan.connect(survey);
    let existing = plan
        .components
        .iter()
        .filter(|component| component.exists)
        .count();
    progress.say(
        900,
        format!(
            "Designed {} components, {existing} of them in files that exist",
            plan.components.len()
        ),
    );
    let diagram = diagram::flowchart(&plan.components);
    DesignOutput {
        feature_name: requirements.feature_name.clone(),
        architecture_overview: overview(survey, &groups, &plan),
        architecture_diagram: diagram,
        data_models: data_models(survey, &groups),
        api_endpoints: endpoints(requirements),
        integration_points: plan.integration_points(),
        error_handling: error_handling(survey, requirements),
        testing_strategy: plan.testing(survey),
        security_considerations: security(&groups),
        decisions: decisions(survey, &plan),
        risks: risks(survey),
        migration_plan: vec![
            "Add the new files with their tests.".to_owned(),
            "Connect them to the existing files listed as components.".to_owned(),
            "Run all tests, old and new, before the change is merged.".to_owned(),
        ],
        questions: questions(survey),
        assumptions: vec![Assumption {
            text: "New files may be added beside the existing ones.".to_owned(),
            basis: "The layout of the repository shows no rule against it.".to_owned(),
        }],
        notes: NOTE.to_owned(),
        components: plan.components,
    }
}

/// What the requirements of the group ask for, as what a part of the system does.
fn tasks_of(requirements: &RequirementsOutput, group: &Group) -> String {
    let done = |requirement: &Requirement| {
        let parsed = ears::parse(&requirement.text)?;
        let response = parsed.response.trim_end_matches('.');
        let verb = response.split(' ').next().unwrap_or_default();
        if !verb.chars().all(|c| c.is_ascii_lowercase()) {
            return None;
        }
        let mut text = third_person(response);
        for condition in &parsed.conditions {
            let keyword = match condition.keyword {
                ears::EarsKeyword::When => "when",
                ears::EarsKeyword::While => "while",
                ears::EarsKeyword::If => "if",
                ears::EarsKeyword::Where => "where",
            };
            text = format!("{text} {keyword} {}", condition.text);
        }
        Some(format!("{}.", capitalised(&text)))
    };
    let found: Vec<String> = requirements
        .requirements
        .iter()
        .filter(|requirement| group.requirements.contains(&requirement.id))
        .filter_map(done)
        .take(4)
        .collect();
    found.join(" ")
}

fn overview(survey: &Survey, groups: &[Group], plan: &Plan) -> String {
    const NAMED: usize = 6;
    let system = survey.project.system();
    let mut names: Vec<String> = groups.iter().take(NAMED).map(Group::said).collect();
    if groups.len() > NAMED {
        names.push(format!("{} more features", groups.len() - NAMED));
    }
    let new: Vec<String> = plan
        .components
        .iter()
        .filter(|c| !c.exists)
        .take(NAMED)
        .map(|c| format!("`{}`", c.file_path))
        .collect();
    let existing: Vec<String> = plan
        .components
        .iter()
        .filter(|c| c.exists)
        .take(NAMED)
        .map(|c| format!("`{}`", c.file_path))
        .collect();
    let what = series(&names);
    let mut text = vec![if survey.project.main_language.is_none() {
        format!(
            "The repository holds no source code yet, so the design describes {what} in documents: {}.",
            series(&new)
        )
    } else if let [only] = new.as_slice() {
        format!("The design covers {what} in {system}, with the new file {only}.")
    } else {
        format!(
            "The design covers {what} in {system}. Each of them gets a new file: {}{}.",
            series(&new),
            if groups.len() > NAMED {
                ", and so on"
            } else {
                ""
            }
        )
    }];
    if existing.is_empty() {
        text.push(" No existing source file was found that has to change.".to_owned());
    } else {
        text.push(format!("\n\nThese existing files change: {}. They share words with the requirements, or execution starts in them.", series(&existing)));
    }
    if survey.project.main_language.is_some() {
        text.push("\n\nA new file checks its input and reports failures to its caller; the entry point only calls it.".to_owned());
    }
    text.concat()
}

/// Existing types whose names the requirements use.
fn data_models(survey: &Survey, groups: &[Group]) -> Vec<DataModel> {
    let mut seen = BTreeSet::new();
    survey
        .models
        .iter()
        .filter(|model| !model.fields.is_empty())
        .filter(|model| {
            let name: Vec<String> = words(&model.name).iter().map(|word| stem(word)).collect();
            groups
                .iter()
                .any(|group| name.iter().all(|word| group.words.contains(word)))
        })
        .filter(|model| seen.insert(model.name.clone()))
        .take(6)
        .map(|model| DataModel {
            name: model.name.clone(),
            table_name: None,
            description: format!("Exists in `{}`; the requirements use its name.", model.file),
            fields: model
                .fields
                .iter()
                .map(|field| (field.clone(), "as defined today".to_owned()))
                .collect(),
            indexes: Vec::new(),
            relationships: Vec::new(),
        })
        .collect()
}

/// Only paths that the requirements themselves name.
fn endpoints(requirements: &RequirementsOutput) -> Vec<ApiEndpoint> {
    let mut found: Vec<ApiEndpoint> = Vec::new();
    for requirement in &requirements.requirements {
        let mut before = "";
        for token in requirement.text.split_whitespace() {
            let path = token.trim_matches(|c: char| {
                matches!(c, '“' | '”' | '"' | '\'' | ',' | '.' | '(' | ')' | ';')
            });
            let is_path = path.len() > 1
                && path.starts_with('/')
                && path
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "/_-{}:".contains(c));
            if is_path && !found.iter().any(|endpoint| endpoint.path == path) {
                let method = ["GET", "POST", "PUT", "PATCH", "DELETE"]
                    .into_iter()
                    .find(|method| *method == before)
                    .unwrap_or("GET");
                found.push(ApiEndpoint {
                    method: method.to_owned(),
                    path: path.to_owned(),
                    description: one_line(&requirement.text, 200),
                    auth_required: false,
                    request_schema: String::new(),
                    response_schema: String::new(),
                    error_responses: Vec::new(),
                });
            }
            before = token;
        }
    }
    found
}

/// What the requirements say about unwanted behaviour.
fn error_handling(survey: &Survey, requirements: &RequirementsOutput) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = requirements
        .requirements
        .iter()
        .filter_map(|requirement| {
            let rest = requirement.text.strip_prefix("If ")?;
            let (event, response) = rest.split_once(", then ")?;
            Some((one_line(event, 160), one_line(response, 240)))
        })
        .collect();
    if found.is_empty() {
        found.insert(
            "any failure".to_owned(),
            format!(
                "{} reports its cause and leaves stored data unchanged",
                survey.project.system()
            ),
        );
    }
    found
}

fn security(groups: &[Group]) -> Vec<String> {
    let mut items = vec![
        "Input reaches the new parts from outside; each of them validates it before use."
            .to_owned(),
    ];
    items.extend(groups.iter().filter(|group| group.secured).map(|group| format!("{}: secrets appear neither in logs nor in messages, and refusals tell nothing about what exists.", group.name)));
    items
}

fn decisions(survey: &Survey, plan: &Plan) -> Vec<DesignDecision> {
    let mut found = vec![DesignDecision {
        decision: "Each feature gets a file of its own.".to_owned(),
        rationale: "A feature can then be reviewed, tested and taken back alone.".to_owned(),
        alternatives: vec![match plan.components.iter().find(|component| component.exists) {
            Some(existing) => format!("Extend `{}` directly: fewer files, and one file with more reasons to change.", existing.file_path),
            None => "One file for all features: fewer files, and one file with more reasons to change.".to_owned(),
        }],
    }];
    if let Some(language) = survey.project.main_language {
        found.push(DesignDecision {
            decision: format!("The feature is written in {language}."),
            rationale: "Most of the repository is written in it.".to_owned(),
            alternatives: vec![
                "Another language in a process of its own: free choice, and one more thing to run."
                    .to_owned(),
            ],
        });
    }
    found
}

fn risks(survey: &Survey) -> Vec<DesignRisk> {
    let mut found = vec![DesignRisk {
        risk: "The existing files were chosen by shared words and may be the wrong ones."
            .to_owned(),
        mitigation: "The first task confirms them before any code is written.".to_owned(),
    }];
    if survey.testing.summary.starts_with("No tests") {
        found.push(DesignRisk {
            risk: "No existing test would show that the change breaks something.".to_owned(),
            mitigation:
                "Each feature brings its own tests, and existing behaviour is checked by hand."
                    .to_owned(),
        });
    } else {
        found.push(DesignRisk {
            risk: "The change breaks behaviour that exists.".to_owned(),
            mitigation: "All existing tests run after every task.".to_owned(),
        });
    }
    found
}

fn questions(survey: &Survey) -> Vec<Question> {
    if survey.project.main_language.is_some() {
        return Vec::new();
    }
    vec![Question {
        id: id("Q", 1),
        text: "In which language is the feature to be written?".to_owned(),
        why: "The repository holds no source code that would tell.".to_owned(),
        options: Vec::new(),
        default: Some("The design describes documents until a language is chosen.".to_owned()),
    }]
}
