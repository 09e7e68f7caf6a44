//! What `launch` cannot use: it says what is wrong and what to do, and leaves nothing behind.

use std::fs;
use std::path::PathBuf;

use spec_core::attempt::FailureKind;
use spec_core::{Phase, SpecStatus};
use tokio::process::Command;

use crate::log::Log;
use crate::program::{Finished, Program};
use spec_core::testing::git;

use crate::world::{World, entries};

const IDEA: &str = "Add a search history to the program";

/// Runs it, and sees it refuse before it has done anything.
async fn refused(world: &World, command: Command, says: &[&str]) -> Finished {
    let before = entries(world.folder());
    let ended = Program::start(command).finish().await;
    assert!(matches!(ended.code(), Some(1 | 2)), "{ended:?}");
    assert_eq!(ended.stdout, "");
    for said in says {
        assert!(ended.stderr.contains(said), "{said:?}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    assert_eq!(entries(world.folder()), before, "nothing was made");
    world.assert_nothing_is_left();
    ended
}

fn launch_at(world: &World, repository: PathBuf) -> Command {
    let mut command = world.command(env!("CARGO_BIN_EXE_launch"));
    command
        .args(["--repo".into(), repository])
        .args(["--data".into(), world.data()])
        .args(["--out".into(), world.out()])
        .arg(IDEA);
    command
}

#[tokio::test]
async fn an_idea_that_is_empty_or_too_long_is_refused() {
    let world = World::new();
    for empty in ["", "  \n "] {
        refused(
            &world,
            world.launch(&[empty]),
            &["the idea is empty", "say"],
        )
        .await;
    }
    let long = "x".repeat(50_001);
    let says = ["the idea", "50001 characters", "at most 50000"];
    refused(&world, world.launch(&[&long]), &says).await;
    refused(&world, world.launch(&[]), &["IDEA", "--help"]).await;
}

#[tokio::test]
async fn an_unknown_flag_is_refused() {
    let world = World::new();
    let says = ["--frobnicate", "--help"];
    refused(&world, world.launch(&[IDEA, "--frobnicate"]), &says).await;
}

#[tokio::test]
async fn a_place_without_a_repository_is_refused() {
    let world = World::new();
    let missing = world.folder().join("missing");
    refused(
        &world,
        launch_at(&world, missing),
        &["missing is not a folder"],
    )
    .await;
    let file = world.repository().join("README.md");
    refused(
        &world,
        launch_at(&world, file),
        &["README.md is not a folder"],
    )
    .await;
    let plain = world.folder().join("plain");
    fs::create_dir(&plain).unwrap();
    let says = ["plain is not in a git repository", "git init"];
    refused(&world, launch_at(&world, plain), &says).await;
    let empty = world.folder().join("empty");
    fs::create_dir(&empty).unwrap();
    git(&empty, &["init", "--quiet"]);
    let says = ["empty is empty", "make a first commit"];
    refused(&world, launch_at(&world, empty), &says).await;
}

#[tokio::test]
async fn a_machine_without_git_is_told_to_install_it() {
    let world = World::new();
    let bin = world.folder().join("bin");
    fs::create_dir(&bin).unwrap();
    let mut command = world.launch(&[IDEA]);
    command.env("PATH", &bin);
    refused(&world, command, &["cannot run git", "install it"]).await;
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_written_is_refused() {
    let world = World::new();
    let file = world.folder().join("file");
    fs::write(&file, "").unwrap();
    for data in [file.join("data"), "/proc/spec-examples".into()] {
        let shown = data.display().to_string();
        let mut command = world.command(env!("CARGO_BIN_EXE_launch"));
        command
            .args(["--repo".into(), world.repository()])
            .args(["--data".into(), data])
            .arg(IDEA);
        refused(&world, command, &[&shown, "--data DIR", "because"]).await;
    }
}

#[tokio::test]
async fn a_data_folder_whose_database_is_none_is_refused() {
    let world = World::new();
    fs::create_dir(world.data()).unwrap();
    fs::write(world.data().join("spec.db"), "not a database, ".repeat(100)).unwrap();
    let ended = refused(&world, world.launch(&[IDEA]), &["spec.db", "database"]).await;
    assert!(ended.stderr.contains("because"), "{}", ended.stderr);
}

#[tokio::test]
async fn an_output_folder_that_cannot_be_written_fails_sync_and_keeps_the_rest() {
    let world = World::new();
    fs::write(world.out(), "a file").unwrap();
    let ended = Program::start(world.launch(&[IDEA])).finish().await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    let place = world.out().display().to_string();
    for said in [
        "phase sync, attempt 1",
        "`directory`",
        &place,
        "ot a directory",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    assert!(ended.stderr.contains("failed"), "{}", ended.stderr);

    let log = Log::read(&world.data(), IDEA).await;
    log.assert_consistent();
    assert_eq!(log.spec.status, SpecStatus::Failed);
    let failure = log.spec.failure.unwrap();
    assert_eq!(failure.phase, Phase::Sync);
    assert_eq!(failure.kind, FailureKind::SyncRejected);
    let kept: Vec<Phase> = log.artifacts.iter().map(|a| a.phase).collect();
    assert_eq!(kept, Phase::ALL[..4]);
    assert_eq!(fs::read_to_string(world.out()).unwrap(), "a file");
    world.assert_nothing_is_left();
    world.assert_repository_is_untouched();
}
