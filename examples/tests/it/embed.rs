//! The smallest host does the whole work.

use crate::program::Program;
use crate::world::{World, entries};

#[tokio::test]
async fn the_smallest_host_completes_a_spec() {
    let world = World::new();
    let mut command = world.command(env!("CARGO_BIN_EXE_embed"));
    command
        .arg(world.repository())
        .arg(env!("CARGO_BIN_EXE_spec-offline-agent"))
        .arg("Add a search history");
    let ended = Program::start(command).finish().await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines.first(), Some(&"spec.created"));
    assert_eq!(lines.last(), Some(&"completed"));
    let done = lines.iter().filter(|line| **line == "spec.phase_completed");
    assert_eq!(done.count(), 5, "{lines:?}");
    let kept = entries(&world.folder().join("embed-sandboxes/sandboxes"));
    assert!(kept.is_empty() && world.processes().is_empty(), "{kept:?}");
    world.assert_repository_is_untouched();
}

#[test]
fn the_smallest_host_is_small() {
    let source = include_str!("../../src/bin/embed.rs");
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    let lines = source.lines().filter(is_code).count();
    assert!(lines < 40, "{lines} lines of code");
}
