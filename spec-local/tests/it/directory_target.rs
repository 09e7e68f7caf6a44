//! Finished specs in a folder.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use spec_core::Policy;
use spec_core::clock::Timestamp;
use spec_core::id::{AgentName, ProjectId, SpecId, UserId};
use spec_core::machine::{NewSpec, launch};
use spec_core::spec::{Description, Title};
use spec_core::sync::{FinishedSpec, Outputs, RenderedFile, SyncTarget};
use spec_local::DirectoryTarget;
use tempfile::TempDir;
use uuid::Uuid;

fn parse<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn finished(id: u128, files: &[(&str, &str)]) -> FinishedSpec {
    let new = NewSpec {
        id: SpecId::from_uuid(Uuid::from_u128(id)),
        project_id: ProjectId::new("project").unwrap(),
        owner: UserId::new("owner").unwrap(),
        title: Title::new("A title").unwrap(),
        description: Description::new("An idea").unwrap(),
        policy: Policy::default(),
        agent: AgentName::new("agent").unwrap(),
        auto_execute: false,
    };
    FinishedSpec {
        spec: launch(new, Timestamp::from_micros(0)).unwrap().spec,
        outputs: Outputs {
            explore: parse(json!({
                "codebase_summary": "small", "project_type": "library", "tech_stack": [],
                "conventions": {}, "key_files": [], "existing_models": [], "related_files": [],
                "relevant_patterns": [], "feature_summary": {
                    "name": "n", "one_liner": "o", "problem_statement": "p", "scope_in": []
                }
            })),
            requirements: parse(json!({ "feature_name": "n", "requirements": [] })),
            design: parse(json!({
                "feature_name": "n", "architecture_overview": "o", "components": []
            })),
            tasks: parse(json!({ "feature_name": "n", "tickets": [], "tasks": [] })),
        },
        sync: parse(json!({
            "slug": "a-title",
            "validation_results": {
                "all_requirements_covered": true, "all_design_components_have_tasks": true,
                "dependency_order_valid": true, "no_circular_dependencies": true,
                "all_ids_valid": true, "issues_found": [], "warnings": []
            },
            "coverage_matrix": [],
            "traceability_stats": {
                "requirements": 0, "components": 0, "tickets": 0, "tasks": 0, "dependencies": 0
            },
            "dependency_analysis": {
                "task_dependency_graph": {}, "ticket_dependency_graph": {}, "critical_path": [],
                "critical_path_hours": 0.0, "waves": []
            },
            "spec_summary": {
                "total_requirements": 0, "total_tickets": 0, "total_tasks": 0,
                "total_estimated_hours": 0.0, "files_to_create": 0, "files_to_modify": 0,
                "requirement_coverage_percent": 100.0
            },
            "ready_for_execution": true, "blockers": [], "recommendations": []
        })),
        files: files
            .iter()
            .map(|(name, text)| RenderedFile {
                name: (*name).to_owned(),
                text: (*text).to_owned(),
            })
            .collect(),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_spec_is_written_and_a_later_version_replaces_it() {
    let folder = TempDir::new().unwrap();
    let target = DirectoryTarget::new(folder.path().join("specs"));
    let spec = folder.path().join("specs/a-title");
    for _again in 0..2 {
        let first = finished(1, &[("requirements.md", "# One\n"), ("tickets/a.md", "a")]);
        target.upsert(&first).await.unwrap();
        assert_eq!(
            fs::read_to_string(spec.join("requirements.md")).unwrap(),
            "# One\n"
        );
        assert_eq!(fs::read_to_string(spec.join("tickets/a.md")).unwrap(), "a");
    }
    fs::write(spec.join("notes.txt"), "by a person").unwrap();
    let second = finished(1, &[("requirements.md", "# Two\n")]);
    target.upsert(&second).await.unwrap();
    assert_eq!(
        fs::read_to_string(spec.join("requirements.md")).unwrap(),
        "# Two\n"
    );
    assert!(!spec.join("tickets/a.md").exists());
    fs::remove_dir(spec.join("tickets")).ok();
    assert_eq!(
        names(&spec),
        [
            ".spec.json",
            "design.json",
            "explore.json",
            "notes.txt",
            "requirements.json",
            "requirements.md",
            "sync.json",
            "tasks.json"
        ]
    );
    assert_eq!(names(&folder.path().join("specs")), ["a-title"]);
    let explore: Value =
        serde_json::from_slice(&fs::read(spec.join("explore.json")).unwrap()).unwrap();
    assert_eq!(explore["codebase_summary"], "small");
}

#[tokio::test]
async fn a_second_spec_of_that_title_gets_a_folder_of_its_own() {
    let folder = TempDir::new().unwrap();
    let target = DirectoryTarget::new(folder.path());
    let (one, two) = (0x1a_bcde, 0x2a_bcde);
    let text = |name: &str| fs::read_to_string(folder.path().join(name).join("a.md")).unwrap();
    let first = finished(one, &[("a.md", "one")]);
    let second = finished(two, &[("a.md", "two")]);
    assert_eq!(
        target.folder_of(&second.spec),
        folder.path().join("a-title")
    );
    target.upsert(&first).await.unwrap();
    for _again in 0..2 {
        target.upsert(&second).await.unwrap();
        target.upsert(&first).await.unwrap();
        assert_eq!(names(folder.path()), ["a-title", "a-title-2abcde"]);
        assert_eq!(
            (text("a-title"), text("a-title-2abcde")),
            ("one".into(), "two".into())
        );
    }
    assert_eq!(target.folder_of(&first.spec), folder.path().join("a-title"));

    // Where it is, it stays.
    fs::remove_dir_all(folder.path().join("a-title")).unwrap();
    target.upsert(&second).await.unwrap();
    let its = folder.path().join("a-title-2abcde");
    assert_eq!(target.folder_of(&second.spec), its);
    assert_eq!(names(folder.path()), ["a-title-2abcde"]);
}

#[tokio::test]
async fn when_both_folders_are_taken_the_spec_is_refused() {
    let folder = TempDir::new().unwrap();
    let target = DirectoryTarget::new(folder.path());
    for id in [1, 0x0100_0002] {
        target.upsert(&finished(id, &[])).await.unwrap();
    }
    let error = target.upsert(&finished(2, &[])).await.unwrap_err();
    assert!(!error.is_retryable());
    assert!(error.to_string().contains("belongs to spec"), "{error}");
}

#[tokio::test]
async fn a_folder_of_a_person_is_not_touched() {
    let folder = TempDir::new().unwrap();
    let target = DirectoryTarget::new(folder.path());
    let spec = folder.path().join("a-title");
    fs::create_dir(&spec).unwrap();
    fs::write(spec.join("a.md"), "one").unwrap();
    let error = target
        .upsert(&finished(2, &[("a.md", "two")]))
        .await
        .unwrap_err();
    assert!(!error.is_retryable());
    assert_eq!(fs::read_to_string(spec.join("a.md")).unwrap(), "one");
}

#[tokio::test]
async fn a_name_that_leads_out_of_the_folder_is_refused() {
    let folder = TempDir::new().unwrap();
    let target = DirectoryTarget::new(folder.path().join("specs"));
    for name in ["../a.md", "/a.md", ".spec.json", ""] {
        let error = target
            .upsert(&finished(1, &[(name, "x")]))
            .await
            .unwrap_err();
        assert!(!error.is_retryable(), "{name}");
    }
    let mut spec = finished(1, &[]);
    spec.sync.slug = "..".to_owned();
    assert!(!target.upsert(&spec).await.unwrap_err().is_retryable());
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("specs");
    fs::write(&file, "a file").unwrap();
    let error = DirectoryTarget::new(&file)
        .upsert(&finished(1, &[]))
        .await
        .unwrap_err();
    assert!(!error.is_retryable());
    assert!(error.to_string().contains("specs/a-title"), "{error}");
}
