//! What of the image for Daytona can be checked without building it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("a workspace").to_owned()
}

fn dockerfile() -> String {
    std::fs::read_to_string(root().join("examples/daytona/Dockerfile")).unwrap()
}

/// What is copied from this repository.
fn copied() -> Vec<String> {
    let text = dockerfile();
    let copies = text.lines().filter_map(|line| line.strip_prefix("COPY "));
    copies
        .filter(|line| !line.starts_with("--from"))
        .flat_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (_, sources) = words.split_last().unwrap();
            sources.iter().map(ToString::to_string).collect::<Vec<_>>()
        })
        .collect()
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_image_copies_all_that_its_agent_is_built_from() {
    let folder = tempfile::tempdir().unwrap();
    for source in copied() {
        let source = root().join(source);
        run(Command::new("cp").arg("-R").arg(source).arg(folder.path()));
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut metadata = Command::new(cargo);
    metadata
        .args(["metadata", "--locked", "--offline", "--no-deps"])
        .args(["--format-version", "1"])
        .current_dir(folder.path());
    let metadata: Value = serde_json::from_str(&run(&mut metadata)).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let examples = packages.iter().find(|p| p["name"] == "spec-examples");
    let targets = examples.unwrap()["targets"].as_array().unwrap();
    assert!(targets.iter().any(|t| t["name"] == "spec-offline-agent"));
    let minimum = examples.unwrap()["rust_version"].as_str().unwrap();
    let builder = format!("FROM rust:{minimum}-");
    assert!(dockerfile().contains(&builder), "{builder}");
}

#[test]
fn the_readme_of_the_image_names_what_it_copies() {
    let readme = std::fs::read_to_string(root().join("examples/daytona/README.md")).unwrap();
    let words: Vec<&str> = readme.split_whitespace().collect();
    let named: Vec<&str> = words
        .windows(2)
        .filter(|pair| pair[0] == "--context")
        .map(|pair| pair[1])
        .collect();
    assert_eq!(named, copied());
}
