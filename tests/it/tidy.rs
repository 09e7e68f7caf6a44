//! The rules of the house that neither the compiler nor a lint holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

/// Crates that do I/O or exist only for the sake of it: `spec-core` has none of them.
const IO_CRATES: &[&str] = &[
    "async-std",
    "axum",
    "git2",
    "h2",
    "hyper",
    "hyper-util",
    "libsqlite3-sys",
    "mio",
    "native-tls",
    "nix",
    "openssl",
    "openssl-sys",
    "reqwest",
    "rusqlite",
    "rustix",
    "rustls",
    "signal-hook-registry",
    "socket2",
    "sqlx",
    "sqlx-core",
    "sqlx-postgres",
    "sqlx-sqlite",
    "tempfile",
    "tokio-postgres",
    "tokio-rustls",
    "tokio-tungstenite",
    "tonic",
    "tower-http",
    "ureq",
];

/// Crates that `spec-core` may be built from, itself among them: 49 today, and a few.
const MOST_CRATES: usize = 54;

/// A longer file has more than one reason to change.
const LONGEST_FILE: usize = 800;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package lies in the workspace")
        .to_owned()
}

fn cargo(arguments: &[&str]) -> String {
    cargo_in(arguments, None)
}

/// Runs cargo, with a target folder of its own if one is given.
fn cargo_in(arguments: &[&str], target: Option<&Path>) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(root());
    if let Some(target) = target {
        command.env("CARGO_TARGET_DIR", target);
    }
    let output = command.output().expect("cargo runs");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "cargo {arguments:?}: {complaint}");
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

/// Names of the packages of the workspace, each with its folder and the names it depends on outside
/// of tests.
fn packages() -> BTreeMap<String, (PathBuf, BTreeSet<String>)> {
    let text = cargo(&["metadata", "--format-version", "1", "--no-deps"]);
    let metadata: Value = serde_json::from_str(&text).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    packages
        .iter()
        .map(|package| {
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            let folder = PathBuf::from(text(&package["manifest_path"]));
            let normal = package["dependencies"]
                .as_array()
                .expect("a list of dependencies")
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .map(|dependency| text(&dependency["name"]))
                .collect();
            let folder = folder.parent().expect("a manifest lies in a folder");
            (text(&package["name"]), (folder.to_owned(), normal))
        })
        .collect()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') && name != "node_modules" {
                rust_files(&path, found);
            }
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

fn all_rust_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (folder, _) in packages().values() {
        rust_files(folder, &mut found);
    }
    assert!(found.len() > 20, "the search itself is broken: {found:?}");
    found
}

/// Fails and names all of `offenders`, one a line.
fn assert_none(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}:\n{}", offenders.join("\n"));
}

/// Crates that `spec-core` is built from outside of tests, with itself, as `(tree, names)`.
fn tree_of_spec_core() -> (String, BTreeSet<String>) {
    let tree = |prefix: &str| {
        cargo(&[
            "tree",
            "--locked",
            "--package",
            "spec-core",
            "--edges",
            "normal",
            "--prefix",
            prefix,
        ])
    };
    let names: BTreeSet<String> = tree("none")
        .lines()
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    let tree = tree("indent");
    assert!(names.contains("serde"), "the tree itself is broken: {tree}");
    (tree, names)
}

#[test]
fn spec_core_does_no_input_or_output() {
    let (tree, names) = tree_of_spec_core();
    println!("{tree}\n{} crates", names.len());
    let offenders: Vec<_> = IO_CRATES
        .iter()
        .filter(|name| names.contains(**name))
        .map(|name| (*name).to_owned())
        .collect();
    assert_none("spec-core depends on crates that do I/O", &offenders);
}

/// How long a build takes depends on the machine and on what else it does; how much is built does not.
#[test]
fn spec_core_builds_quickly_and_pulls_no_io_crate() {
    let (tree, names) = tree_of_spec_core();
    let crates = names.len();
    assert!(crates <= MOST_CRATES, "{crates} crates:\n{tree}");
    let target = tempfile::tempdir().expect("a temporary folder");
    let begun = Instant::now();
    cargo_in(
        &["build", "--locked", "--package", "spec-core"],
        Some(target.path()),
    );
    println!(
        "spec-core and what it needs, {crates} crates, built from nothing in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    let built = target.path().join("debug/libspec_core.rlib");
    assert!(built.is_file(), "{} is missing", built.display());
}

#[test]
fn adapters_depend_on_spec_core_and_not_on_each_other() {
    let packages = packages();
    let ours: BTreeSet<_> = packages.keys().cloned().collect();
    let mut offenders = Vec::new();
    for (name, (_, dependencies)) in &packages {
        let expected: BTreeSet<_> = match name.as_str() {
            "spec-core" | "spec-test-postgres" => BTreeSet::new(),
            // These two are there to compose.
            "spec-examples" | "spec-tests" => continue,
            _ => BTreeSet::from(["spec-core".to_owned()]),
        };
        let found: BTreeSet<_> = dependencies.intersection(&ours).cloned().collect();
        if found != expected {
            offenders.push(format!("{name} depends on {found:?}, not on {expected:?}"));
        }
    }
    assert_none("wrong direction of dependencies", &offenders);
}

#[test]
fn modules_are_named_after_their_files() {
    let offenders: Vec<_> = all_rust_files()
        .iter()
        .filter(|path| path.ends_with("mod.rs"))
        .map(|path| path.display().to_string())
        .collect();
    assert_none("`foo.rs` and `foo/`, not `foo/mod.rs`", &offenders);
}

#[test]
fn every_published_crate_has_a_readme() {
    let offenders: Vec<_> = packages()
        .into_iter()
        .filter(|(_, (folder, _))| {
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
            !manifest.contains("publish = false") && !folder.join("README.md").is_file()
        })
        .map(|(name, _)| name)
        .collect();
    assert_none("README.md is missing", &offenders);
}

#[test]
fn continuous_integration_runs_the_same_command_as_people() {
    let script = fs::read_to_string(root().join(".ci/run")).expect("`.ci/run` exists");
    let commands: Vec<_> = script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter(|line| !line.starts_with("set ") && !line.starts_with("cd "))
        .collect();
    assert_eq!(commands, ["exec ./test"]);
}

#[test]
fn every_package_inherits_the_lints_of_the_workspace() {
    let offenders: Vec<_> = packages()
        .into_iter()
        .filter(|(_, (folder, _))| {
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
            !manifest.contains("[lints]\nworkspace = true")
        })
        .map(|(name, _)| name)
        .collect();
    assert_none("`[lints] workspace = true` is missing", &offenders);
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let offenders: Vec<_> = all_rust_files()
        .iter()
        .filter(|path| {
            let source = fs::read_to_string(path).expect("a source file");
            !source.starts_with("//! ")
        })
        .map(|path| path.display().to_string())
        .collect();
    assert_none("a file begins with a line of `//!`", &offenders);
}

#[test]
fn no_source_file_grows_without_bounds() {
    let offenders: Vec<_> = all_rust_files()
        .iter()
        .filter(|path| path.components().any(|part| part.as_os_str() == "src"))
        .filter_map(|path| {
            let source = fs::read_to_string(path).expect("a source file");
            let lines = source.lines().count();
            (lines > LONGEST_FILE).then(|| format!("{}: {lines} lines", path.display()))
        })
        .collect();
    assert_none("split the file", &offenders);
}
