//! What is recorded of the programs, and programs of other versions.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use spec_core::{Phase, Spec};
use spec_local::LocalSpawner;
use spec_tests::agents;
use spec_tests::model::Script;
use tempfile::TempDir;

use super::stage::{Claude, CodexCli, Program, Setup, Stage, assert_completed, attempts, policy};

/// Version and model of the first attempt.
fn recorded(spec: &Spec, phase: Phase) -> [Option<&str>; 2] {
    let attempt = &spec.phases.get(phase).attempts[0];
    [attempt.agent_version.as_deref(), attempt.model.as_deref()]
}

#[tokio::test]
async fn version_and_model_are_recorded_with_every_attempt() {
    for program in Program::ALL {
        let stage = Stage::new(Script::good()).await;
        let spec = stage.run(policy(program)).await;
        assert_completed(&spec);
        let expected = match program {
            Claude => ["2.1.330", "claude-opus-5-5"],
            CodexCli => ["0.169.0", "gpt-6.1-sol"],
        };
        for phase in [
            Phase::Explore,
            Phase::Requirements,
            Phase::Design,
            Phase::Tasks,
        ] {
            assert_eq!(recorded(&spec, phase), expected.map(Some), "{phase}");
        }
        let usage = stage.machine.usage(spec.id).await.unwrap();
        let told = &usage.phases[0].attempts[0];
        assert_eq!(told.agent_version.as_deref(), Some(expected[0]));
        assert_eq!(told.model.as_deref(), Some(expected[1]));
        let shown = stage.shown(spec.id).await;
        assert!(!shown.iter().any(|text| text.contains("another version")));
        stage.check_account(&spec).await;
    }
}

/// A program of this name that is the real one and says that it has the version 9.9.9.
fn newer(folder: &Path, program: Program) -> PathBuf {
    let (name, real, script) = match program {
        Claude => {
            let real = agents::claude().unwrap();
            let script = r#""$real" "$@" | sed -u 's/"claude_code_version":"[^"]*"/"claude_code_version":"9.9.9"/'"#;
            ("claude", real, script)
        }
        CodexCli => {
            let real = agents::codex().unwrap();
            let script =
                r#"[ "$1" != --version ] || { echo codex-cli 9.9.9; exit; }; exec "$real" "$@""#;
            ("codex", real, script)
        }
    };
    let bin = folder.join("bin");
    std::fs::create_dir(&bin).unwrap();
    let path = bin.join(name);
    let real = real.display();
    std::fs::write(&path, format!("#!/bin/sh\nreal='{real}'\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[tokio::test]
async fn a_program_of_another_version_gives_a_warning_in_each_run_and_works() {
    for program in Program::ALL {
        let folder = TempDir::with_prefix("spec-tests-stage-").unwrap();
        let mut setup = Setup::default();
        let real = match program {
            Claude => std::mem::replace(&mut setup.claude, newer(folder.path(), program)),
            CodexCli => std::mem::replace(&mut setup.codex, newer(folder.path(), program)),
        };
        // The link to the real one, and where it leads.
        let installed = real.parent().unwrap().parent().unwrap();
        let spawner: LocalSpawner = Stage::spawner_in(&folder).with_readable(installed);
        let stage = Stage::over(folder, spawner, Script::good(), setup).await;
        let spec = stage.run(policy(program)).await;
        assert_completed(&spec);
        assert_eq!(attempts(&spec, Phase::Explore), [(program, 0, None)]);
        assert_eq!(recorded(&spec, Phase::Explore)[0], Some("9.9.9"));
        let shown = stage.shown(spec.id).await;
        let warnings = shown.iter();
        let warnings = warnings.filter(|text| text.contains("9.9.9 is another version"));
        assert_eq!(warnings.count(), 4);
        stage.check_account(&spec).await;
    }
}
