//! What one would ask the user.

use spec_core::artifact::{DiscoveryCategory, DiscoveryQuestion, Question, QuestionId};

use crate::offline_agent::idea::Idea;
use crate::offline_agent::ids::id;
use crate::offline_agent::survey::Survey;

/// At least one question in each of the five fields.
pub(super) fn discovery(survey: &Survey, idea: &Idea) -> Vec<DiscoveryQuestion> {
    let name = idea
        .features
        .first()
        .map_or("the change", |feature| feature.name.as_str());
    let system = survey.project.system();
    let mut technical = vec![match survey.entry_points.first() {
        Some(entry) => format!(
            "Is `{}` the place through which {name} is reached?",
            entry.path
        ),
        None => format!("In which language and with which tools is {name} to be built?"),
    }];
    if let Some(framework) = survey.frameworks.first() {
        technical.push(format!(
            "May {name} bring in a dependency besides {}?",
            framework.name
        ));
    }
    let mut scope = vec![format!("What is {name} expected not to do?")];
    if let [_, second, ..] = idea.features.as_slice() {
        scope.push(format!(
            "Does {name} have to be ready before {}?",
            second.name
        ));
    }
    vec![
        of(
            DiscoveryCategory::ProblemAndValue,
            vec![
                format!("Which problem does {name} solve that {system} leaves open today?"),
                format!("How would one see that {name} is worth its cost?"),
            ],
        ),
        of(
            DiscoveryCategory::UsersAndJourneys,
            vec![format!(
                "Who uses {name}, and what do they do before and after?"
            )],
        ),
        of(DiscoveryCategory::ScopeAndBoundaries, scope),
        of(DiscoveryCategory::TechnicalContext, technical),
        of(
            DiscoveryCategory::TradeOffsAndRisks,
            vec![format!(
                "Which existing behaviour of {system} must not change when {name} arrives?"
            )],
        ),
    ]
}

fn of(category: DiscoveryCategory, questions: Vec<String>) -> DiscoveryQuestion {
    DiscoveryQuestion {
        category,
        questions,
    }
}

/// Questions whose answers change the spec: those the idea asks, and one for each untestable word.
pub(crate) fn open(idea: &Idea) -> Vec<Question> {
    let asked = idea.asked.iter().map(|text| Question {
        id: next(),
        text: text.clone(),
        why: "The idea asks this itself.".to_owned(),
        options: Vec::new(),
        default: None,
    });
    let vague = idea.vague.iter().map(|word| Question {
        id: next(),
        text: format!(
            "The idea says “{word}”: which measure, and which value of it, would show that?"
        ),
        why: "Without a measure nobody can test it, so the requirements leave the word out."
            .to_owned(),
        options: Vec::new(),
        default: Some("No requirement is derived from this word.".to_owned()),
    });
    let mut questions: Vec<Question> = asked.chain(vague).take(8).collect();
    for (number, question) in (1..).zip(&mut questions) {
        question.id = id("Q", number);
    }
    questions
}

/// A place holder that [`open`] numbers at once.
fn next() -> QuestionId {
    id("Q", 0)
}
