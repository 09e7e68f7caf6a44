//! A case that the macro does not list would never run, and nothing else would say so.

use std::fs;
use std::path::Path;

#[test]
fn every_case_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/testing/conformance/store");
    let listed = fs::read_to_string(folder.with_extension("rs")).unwrap();
    let mut cases = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let topic = path.file_stem().unwrap().to_str().unwrap();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let Some(rest) = line.strip_prefix("pub async fn ") else {
                continue;
            };
            let (case, _) = rest.split_once('(').unwrap();
            assert!(
                listed.contains(&format!(" {topic}::{case},\n")),
                "{topic}::{case}"
            );
            cases += 1;
        }
    }
    assert!(cases > 60, "{cases} cases found");
}
