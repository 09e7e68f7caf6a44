//! An idea, taken through all phases.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::log::Log;
use crate::program::Program;
use crate::world::{World, entries, until};

const IDEA: &str = "Add a search history to the program";
const SLUG: &str = "add-a-search-history-to-the-program";

fn names(folder: &Path) -> Vec<String> {
    let name = |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    entries(folder).iter().map(name).collect()
}

fn assert_whole_spec(folder: &Path) {
    for name in ["requirements.md", "design.md", "tasks.md"] {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        assert!(text.starts_with("# "), "{name}: {text:.40}");
        assert!(text.ends_with('\n') && text.lines().count() > 10, "{name}");
    }
    for name in ["explore", "requirements", "design", "tasks", "sync"] {
        let text = fs::read(folder.join(format!("{name}.json"))).unwrap();
        let document: Value = serde_json::from_slice(&text).unwrap();
        assert!(!document.as_object().unwrap().is_empty(), "{name}");
    }
    assert_eq!(names(folder).len(), 9, "{:?}", names(folder));
}

#[tokio::test]
async fn an_idea_becomes_a_spec_and_nothing_else_is_left() {
    let world = World::new();
    let ended = Program::start(world.launch(&[IDEA])).finish().await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");

    let rows: Vec<&str> = ended
        .stdout
        .lines()
        .filter(|l| l.starts_with('│'))
        .collect();
    let phases = ["explore", "requirements", "design", "tasks", "sync"];
    for (row, phase) in rows.iter().skip(1).zip(phases) {
        assert!(row.contains(phase) && row.contains("completed"), "{row}");
    }
    assert_eq!(rows.len(), 6, "{}", ended.stdout);
    for said in [
        "5 sandboxes created, 5 terminated",
        "Agent `offline`: rule-based, no language model",
        &world
            .out()
            .join(SLUG)
            .join("requirements.md")
            .display()
            .to_string(),
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }

    for phase in phases {
        for event in ["started", "completed"] {
            let lines = ended.stderr.lines();
            let told = lines.filter(|l| l.starts_with(phase) && l.contains(event));
            assert!(told.count() >= 1, "{phase} {event}: {}", ended.stderr);
        }
    }
    assert!(ended.stderr.contains("without a language model"));
    assert!(
        !ended.stderr.contains('\u{1b}'),
        "plain lines: {}",
        ended.stderr
    );

    assert_eq!(names(&world.out()), [SLUG]);
    assert_whole_spec(&world.out().join(SLUG));
    Log::read(&world.data(), IDEA).await.assert_done_once();
    world.assert_nothing_is_left();
    world.assert_repository_is_untouched();
}

#[tokio::test]
async fn the_same_idea_again_gets_a_folder_of_its_own() {
    let world = World::new();
    let first = Program::start(world.launch(&[IDEA])).finish().await;
    assert_eq!(first.code(), Some(0), "{first:?}");
    let folder = world.out().join(SLUG);
    let claim = fs::read(folder.join(".spec.json")).unwrap();

    let second = Program::start(world.launch(&[IDEA])).finish().await;
    assert_eq!(second.code(), Some(0), "{second:?}");
    assert_eq!(fs::read(folder.join(".spec.json")).unwrap(), claim);
    let all = entries(&world.out());
    assert_eq!(all.len(), 2, "{all:?}");
    for folder in &all {
        assert_whole_spec(folder);
    }
    let other = all.iter().find(|path| **path != folder).unwrap();
    let text = other.display().to_string();
    assert!(text.contains(&format!("{SLUG}-")), "{text}");
    assert!(second.stdout.contains(&text), "{}", second.stdout);
    assert!(!first.stdout.contains(&text));
    world.assert_nothing_is_left();
    world.assert_repository_is_untouched();
}

#[tokio::test]
async fn a_run_can_be_seen_while_it_lasts() {
    // The looks of the other tests would find something if there were something.
    let world = World::new();
    let mut program = Program::start(world.launch(&[IDEA, "--slow-ms", "50"]));
    program.line(&["explore", "Drafting"]).await;
    let finished = world.data().join("sandboxes/sandboxes");
    let own = |path: &std::path::PathBuf| path.starts_with(&finished);
    assert_eq!(world.sandboxes().iter().filter(|path| own(path)).count(), 1);
    until("process", || (!world.processes().is_empty()).then_some(())).await;
    let ended = program.finish().await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn there_is_nothing_to_resume_in_a_new_data_folder() {
    let world = World::new();
    let ended = world.resume().await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert!(ended.stderr.contains("nothing to resume"), "{ended:?}");
}
