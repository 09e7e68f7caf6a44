//! The files in which a task stands, for every kind of program.

use serde_json::Value;

use super::{AgentTask, RunPlan};
use crate::invalid_input::InvalidInput;
use crate::sandbox::{SandboxFile, SandboxPath};

/// The script by which some agents' programs are run.
const SCRIPT: &str = "agent.sh";
/// What is new for a session that goes on.
const RESUME: &str = "resume.md";

/// A plan without a program: `prompt.md`, `schema.json` and `context.json` in the folder of the run,
/// where `result.json` is expected, and the variables that say where things are.
pub(super) fn plan_without_program(
    task: &AgentTask,
    schema: &Value,
) -> Result<RunPlan, InvalidInput> {
    let path = |name| SandboxPath::in_run(&task.run, name);
    let folder = task.layout.absolute(&SandboxPath::run_folder(&task.run));
    let env = [
        ("SPEC_RUN_DIR".to_owned(), folder),
        ("SPEC_REPOSITORY".to_owned(), task.layout.repository.clone()),
    ];
    Ok(RunPlan {
        files: vec![
            SandboxFile::new(path("prompt.md")?, task.prompt.as_bytes()),
            SandboxFile::new(path("schema.json")?, to_json("schema", schema)?),
            SandboxFile::new(path("context.json")?, to_json("context", &task.context)?),
        ],
        argv: Vec::new(),
        needs: Vec::new(),
        env: env.into(),
        secrets: Vec::new(),
        result: path("result.json")?,
    })
}

/// Makes `script` run `program`. The script is given the session to go on in, or `''`, then the
/// program and `arguments`; it finds what is new for that session in `resume.md`.
pub(super) fn run_by_script(
    plan: &mut RunPlan,
    task: &AgentTask,
    script: &str,
    program: &str,
    arguments: impl IntoIterator<Item = String>,
) -> Result<(), InvalidInput> {
    let path = SandboxPath::in_run(&task.run, SCRIPT)?;
    let mut session = String::new();
    plan.argv = vec!["sh".to_owned(), task.layout.absolute(&path)];
    plan.files.push(SandboxFile::new(path, script));
    if let Some(resume) = &task.resume {
        let path = SandboxPath::in_run(&task.run, RESUME)?;
        plan.files
            .push(SandboxFile::new(path, resume.prompt.as_bytes()));
        session = resume.session.to_string();
    }
    plan.argv.extend([session, program.to_owned()]);
    plan.argv.extend(arguments);
    plan.needs.push(program.to_owned());
    Ok(())
}

fn to_json(name: &'static str, value: &impl serde::Serialize) -> Result<Vec<u8>, InvalidInput> {
    serde_json::to_vec_pretty(value).map_err(|error| InvalidInput::new(name, error.to_string()))
}
