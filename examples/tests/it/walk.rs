//! The walk through the API that the README shows, step by step as it stands there.

use std::process::Stdio;

use nix::sys::signal::Signal;
use tokio::process::Command;

use crate::server::Server;
use crate::world::{PATIENCE, World};

const SECTION: &str = "## The API by hand\n";

/// The commands of the section, in order.
fn commands() -> String {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let (_, section) = readme.split_once(SECTION).expect("the section");
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1);
    let blocks: Vec<_> = blocks
        .map(|block| block.split("```").next().unwrap())
        .collect();
    assert_eq!(blocks.len(), 5);
    blocks.concat()
}

#[tokio::test]
async fn the_walk_of_the_readme_leads_from_launch_to_export() {
    let world = World::new();
    let server = Server::start(&world, 0).await;
    let shown = "http://127.0.0.1:8080/";
    let script = commands();
    assert!(script.contains(shown));
    let script = script.replace(shown, &format!("http://{}/", server.address));
    let folder = tempfile::tempdir().unwrap();
    let walk = Command::new("bash")
        .args(["-euc", &script])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let walk = tokio::time::timeout(PATIENCE, walk).await;
    let walk = walk.expect("the walk comes to its end").unwrap();
    let said = String::from_utf8(walk.stdout).unwrap();
    let complaint = String::from_utf8_lossy(&walk.stderr);
    assert!(walk.status.success(), "{said}\n{complaint}");
    for expected in [
        "\"current_phase\":\"explore\"",
        "event: spec.approval_requested",
        "\"status\":\"awaiting_approval\"",
        "Say for how long it is remembered.",
        "\"version\":2",
        "event: end",
        "- Status: completed",
    ] {
        assert!(said.contains(expected), "{expected} is missing in {said}");
    }
    server.program.signal(Signal::SIGTERM);
}
