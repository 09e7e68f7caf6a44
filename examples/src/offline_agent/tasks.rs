//! TASKS: a ticket for each feature, and steps that depend on one another without cycles.

mod plan;

use std::collections::BTreeMap;

use spec_core::artifact::{
    Component, DesignOutput, Priority, RequirementId, RequirementsOutput, TaskId, TaskType,
    TasksOutput,
};

use plan::{Plan, Step};

use super::NOTE;
use super::groups::{Group, groups};
use super::progress::Progress;
use super::survey::Survey;
use super::words::series;

/// More requirements than this are more than one sitting.
const MAX_PER_TASK: usize = 4;

pub(crate) fn tasks(
    survey: &Survey,
    requirements: &RequirementsOutput,
    design: &DesignOutput,
    progress: &mut Progress<'_>,
) -> TasksOutput {
    let groups = groups(requirements);
    let mut plan = Plan {
        survey,
        requirements,
        tickets: Vec::new(),
        tasks: Vec::new(),
        touched: BTreeMap::new(),
    };
    let all: Vec<RequirementId> = requirements
        .requirements
        .iter()
        .map(|requirement| requirement.id.clone())
        .collect();
    let prepared = plan.prepare(design, &all);
    let mut tested = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        if number < 6 {
            progress.say(700, format!("Splitting the work for {}", group.name));
        }
        tested.push(plan.feature(group, design, &prepared));
    }
    plan.document(&all, tested);
    plan.close();
    let hours: f64 = plan.tasks.iter().map(|task| task.estimated_hours).sum();
    progress.say(
        900,
        format!(
            "Planned {} tasks in {} tickets, {hours} hours in all",
            plan.tasks.len(),
            plan.tickets.len()
        ),
    );
    TasksOutput {
        feature_name: requirements.feature_name.clone(),
        tickets: plan.tickets,
        tasks: plan.tasks,
        questions: Vec::new(),
        assumptions: Vec::new(),
        notes: NOTE.to_owned(),
    }
}

impl Plan<'_> {
    fn passes(&self) -> String {
        match &self.survey.testing.command {
            Some(command) => format!("`{command}` passes."),
            None => "A reviewer confirms that existing behaviour is unchanged.".to_owned(),
        }
    }

    fn prepare(&mut self, design: &DesignOutput, all: &[RequirementId]) -> TaskId {
        let existing: Vec<String> = design
            .components
            .iter()
            .filter(|c| c.exists)
            .map(|c| format!("- `{}`", c.file_path))
            .collect();
        let confirm = if existing.is_empty() {
            "The design touches no existing file; confirm that this is right.".to_owned()
        } else {
            format!(
                "Confirm that these existing files are the right ones to change:\n\n{}",
                existing.join("\n")
            )
        };
        self.ticket(
            "Preparation".to_owned(),
            "Make sure that the work starts from firm ground.".to_owned(),
            Priority::High,
            all.to_vec(),
        );
        let criteria = vec![
            self.passes(),
            "Every existing file that the design names is confirmed, or the design is corrected."
                .to_owned(),
        ];
        self.step(Step {
            title: "Confirm the starting point".to_owned(),
            description: format!("Set up the project and run what tests there are. {confirm}"),
            kind: TaskType::Configuration,
            hours: 1.0,
            create: Vec::new(),
            modify: Vec::new(),
            criteria,
            after: Vec::new(),
            requirements: all.to_vec(),
        })
    }

    /// The ticket of a feature. Hands back its last task.
    fn feature(&mut self, group: &Group, design: &DesignOutput, prepared: &TaskId) -> TaskId {
        let serves = |component: &&Component| {
            component
                .requirements
                .iter()
                .any(|id| group.requirements.contains(id))
        };
        let new: Vec<&Component> = design
            .components
            .iter()
            .filter(|c| !c.exists)
            .filter(serves)
            .collect();
        let existing: Vec<String> = design
            .components
            .iter()
            .filter(|c| c.exists)
            .filter(serves)
            .map(|c| c.file_path.clone())
            .collect();
        let mut create: Vec<String> = new
            .iter()
            .map(|c| c.file_path.clone())
            .filter(|path| !self.touched.contains_key(path))
            .collect();
        create.dedup();
        let shared: Vec<String> = new
            .iter()
            .map(|c| c.file_path.clone())
            .filter(|path| !create.contains(path))
            .collect();
        let priority = self.priority(group);
        self.ticket(
            group.name.clone(),
            self.describe(&group.requirements),
            priority,
            group.requirements.clone(),
        );
        let mut last = prepared.clone();
        for (number, chunk) in group.requirements.chunks(MAX_PER_TASK).enumerate() {
            let first = number == 0;
            let title = if first {
                format!("Implement {}", group.said())
            } else {
                format!("Implement {}, part {}", group.said(), number + 1)
            };
            let (create, modify) = if first {
                (create.clone(), shared.clone())
            } else {
                (Vec::new(), create.iter().chain(&shared).cloned().collect())
            };
            let criteria = self.criteria(chunk);
            let hours = if chunk.len() > 2 { 4.0 } else { 3.0 };
            let description = self.describe(chunk);
            last = self.step(Step {
                title,
                description,
                kind: TaskType::Implementation,
                hours,
                create,
                modify,
                criteria,
                after: vec![last],
                requirements: chunk.to_vec(),
            });
        }
        if !existing.is_empty() {
            let paths: Vec<String> = existing.iter().map(|path| format!("`{path}`")).collect();
            let criteria = vec![
                format!("{} can be reached from the running project.", group.name),
                self.passes(),
            ];
            last = self.step(Step {
                title: format!("Connect {}", group.said()),
                description: format!("Call the new part from {}.", series(&paths)),
                kind: TaskType::Implementation,
                hours: 2.0,
                create: Vec::new(),
                modify: existing,
                criteria,
                after: vec![last],
                requirements: group.requirements.clone(),
            });
        }
        self.test(group, &new, last)
    }

    fn test(&mut self, group: &Group, new: &[&Component], after: TaskId) -> TaskId {
        let create: Vec<String> = self.survey_tests(new);
        let mut criteria = vec![format!(
            "Each acceptance criterion of {} has a test that fails without the implementation.",
            group.said()
        )];
        if create.is_empty() {
            criteria = vec![format!(
                "A reviewer has gone through each acceptance criterion of {}.",
                group.said()
            )];
        }
        criteria.push(self.passes());
        self.step(Step {
            title: format!("Test {}", group.said()),
            description: format!(
                "Write one test for each acceptance criterion.\n\n{}",
                self.describe(&group.requirements)
            ),
            kind: TaskType::Test,
            hours: if group.requirements.len() > 2 {
                3.0
            } else {
                2.0
            },
            create,
            modify: Vec::new(),
            criteria,
            after: vec![after],
            requirements: group.requirements.clone(),
        })
    }

    /// Test files for the new parts, where the repository keeps its tests.
    fn survey_tests(&self, new: &[&Component]) -> Vec<String> {
        let mut paths: Vec<String> = new
            .iter()
            .filter_map(|component| super::placement::test_for(self.survey, &component.file_path))
            .filter(|path| !self.survey.repository.has(path) && !self.touched.contains_key(path))
            .collect();
        paths.dedup();
        paths
    }

    fn document(&mut self, all: &[RequirementId], after: Vec<TaskId>) {
        let readme = self.survey.repository.files.iter().find(|file| {
            file.folder().is_empty() && file.name().to_ascii_lowercase().starts_with("readme")
        });
        let (create, modify) = match readme {
            Some(file) => (Vec::new(), vec![file.path.clone()]),
            None => (vec!["README.md".to_owned()], Vec::new()),
        };
        self.ticket(
            "Documentation".to_owned(),
            "Tell users what is new.".to_owned(),
            Priority::Medium,
            all.to_vec(),
        );
        self.step(Step {
            title: "Document the new behaviour".to_owned(),
            description: "Describe each feature from the point of view of the person who uses it, with one example each.".to_owned(),
            kind: TaskType::Documentation,
            hours: 1.0,
            create,
            modify,
            criteria: vec!["A reader who follows the text reaches each feature.".to_owned()],
            after,
            requirements: all.to_vec(),
        });
    }

    fn priority(&self, group: &Group) -> Priority {
        self.requirements
            .requirements
            .iter()
            .filter(|r| group.requirements.contains(&r.id))
            .map(|r| r.priority)
            .min()
            .unwrap_or(Priority::Medium)
    }

    fn describe(&self, ids: &[RequirementId]) -> String {
        let lines: Vec<String> = self
            .requirements
            .requirements
            .iter()
            .filter(|r| ids.contains(&r.id))
            .map(|r| format!("- {}: {}", r.id, r.text))
            .collect();
        lines.join("\n")
    }

    fn criteria(&self, ids: &[RequirementId]) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for requirement in self
            .requirements
            .requirements
            .iter()
            .filter(|r| ids.contains(&r.id))
        {
            found.extend(
                requirement
                    .acceptance_criteria
                    .iter()
                    .map(|criterion| format!("{}: {}", criterion.id, criterion.text)),
            );
        }
        found.push(self.passes());
        found
    }
}
