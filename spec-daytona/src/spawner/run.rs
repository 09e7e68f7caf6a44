//! Starting a program in a sandbox, once, whatever happens to requests and shells.

use std::time::Duration;

use spec_core::id::SandboxKey;
use spec_core::sandbox::posix::{self, quote};
use spec_core::sandbox::{RunRequest, SandboxPath, SandboxRef, SpawnError, SpawnErrorKind};

use super::place::{Place, SHORT};
use super::shared::Shared;
use crate::client::Upload;
use crate::script::name_of;

/// Sessions that are tried for one start. The shell of one may die before it comes to the command.
const SESSIONS: usize = 4;

impl Shared {
    pub(super) async fn start(
        &self,
        sandbox: &SandboxRef,
        request: &RunRequest,
    ) -> Result<(), SpawnError> {
        posix::check_request(request)?;
        let vault = &self.client.config().vault_secrets;
        if let Some(name) = vault.keys().find(|name| !posix::is_variable_name(name)) {
            let message = format!(
                "`{name:.100}`, which is to hold a secret of the vault, is not a name for an \
                 environment variable"
            );
            return Err(SpawnError::new(SpawnErrorKind::Rejected, message));
        }
        let place = self.place(sandbox).await?;
        let name = name_of(&request.key);
        let folder = place
            .folders
            .absolute(&SandboxPath::run_folder(&request.key));
        let inputs = vec![
            ("env", environment(request).into_bytes()),
            (
                "launch.sh",
                launch(&place, request, vault.keys()).into_bytes(),
            ),
            ("programs", programs(request).into_bytes()),
        ];
        let said = self
            .prepare(&place, sandbox.key, &name, &folder, inputs)
            .await?;
        if let Some(number) = missing(&said) {
            let program = request.programs().nth(number).unwrap_or_default();
            return Err(SpawnError::new(
                SpawnErrorKind::ProgramNotFound,
                format!(
                    "program `{program}` does not exist in the sandbox: use a snapshot or an image \
                     that has it"
                ),
            ));
        }
        self.launch(&place, sandbox.key, &name, request.timeout)
            .await
    }

    /// Uploads what a run needs and makes its folders. Returns what the script said.
    pub(super) async fn prepare(
        &self,
        place: &Place,
        key: SandboxKey,
        name: &str,
        folder: &str,
        inputs: Vec<(&'static str, Vec<u8>)>,
    ) -> Result<String, SpawnError> {
        let incoming = place.folders.incoming();
        let uploads: Vec<Upload> = inputs
            .into_iter()
            .map(|(name, content)| Upload {
                path: format!("{incoming}/{name}"),
                content,
            })
            .collect();
        let repository = place.folders.layout().repository;
        self.insist(key, &place.id, "prepare a run", || async {
            place.toolbox.upload(&self.client, &uploads).await?;
            let arguments = [&incoming, name, folder, &repository];
            self.verb(place, "prepare-run", &arguments, SHORT).await
        })
        .await
    }

    /// Has what was prepared run by a session, which carries the run and does not own it: the run goes
    /// on when the session's shell dies.
    pub(super) async fn launch(
        &self,
        place: &Place,
        key: SandboxKey,
        name: &str,
        limit: Duration,
    ) -> Result<(), SpawnError> {
        let seconds = limit.as_millis().div_ceil(1000).max(1).to_string();
        let command = place.folders.verb("start-run", &[name, &seconds]);
        let mut said = String::new();
        for _ in 0..SESSIONS {
            // A new one each time: what an old one's shell did not come to, it never will.
            let session = format!("spec-{name}-{}", uuid::Uuid::now_v7());
            said = self
                .insist(key, &place.id, "start a run", || async {
                    let carried = place
                        .toolbox
                        .carry(&self.client, place.carrier, &session, &command)
                        .await;
                    match carried {
                        Ok(_) => {}
                        // It may have been started; or the session's shell is dead, which is a bad
                        // request. The record of the run tells.
                        Err(error)
                            if error.is_unclear()
                                || error.is_bad_request()
                                || error.is_not_found() =>
                        {
                            tracing::debug!(%error, "no answer to a start");
                        }
                        Err(error) => return Err(error),
                    }
                    self.verb(place, "await-start", &[name], SHORT).await
                })
                .await?;
            if says(&said, "started") {
                return Ok(());
            }
        }
        let message = format!("the run {name} did not start in the sandbox {key}: {said:.300}");
        Err(SpawnError::new(SpawnErrorKind::Unavailable, message))
    }
}

/// Whether the script said this. A shell may have something to say before it.
fn says(said: &str, word: &str) -> bool {
    said.lines().any(|line| line.trim() == word)
}

/// Which of the programs, counted from zero, the script did not find.
fn missing(said: &str) -> Option<usize> {
    let number = |line: &str| line.trim().strip_prefix("no-program ")?.parse().ok();
    said.lines().find_map(number)
}

/// What names the programs that have to be there: words that a shell sets as its arguments.
fn programs(request: &RunRequest) -> String {
    let mut script = "set --".to_owned();
    for program in request.programs() {
        script.extend([" ", &quote(program)]);
    }
    script.push('\n');
    script
}

/// What the program's environment is made of. It is uploaded, read once, and removed.
fn environment(request: &RunRequest) -> String {
    let mut script = String::new();
    for (name, value) in request.variables() {
        script.extend(["export ", name, "=", &quote(value), "\n"]);
    }
    script
}

/// The script that becomes the program.
fn launch<'a>(
    place: &Place,
    request: &RunRequest,
    vault: impl Iterator<Item = &'a String>,
) -> String {
    let repository = quote(&place.folders.layout().repository);
    let env = quote(&format!(
        "{}/env",
        place.folders.record(&name_of(&request.key))
    ));
    let mut script = format!(
        "cd {repository} || exit 126\n\
         exec env -i HOME=\"${{HOME:-/root}}\" LANG=C.UTF-8 PATH=\"$PATH\""
    );
    // Daytona puts placeholders for these into the environment of everything in the sandbox.
    for name in vault {
        script.extend([" ", name, "=\"${", name, "}\""]);
    }
    script
        .push_str(" \\\n    sh -c '. \"$1\"; command -p rm -f -- \"$1\"; shift; exec \"$@\"' sh ");
    script.push_str(&env);
    for argument in &request.argv {
        script.extend([" ", &quote(argument)]);
    }
    script.push('\n');
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_complains_of_hides_no_answer() {
        let noise = "bash: warning: setlocale: LC_ALL: cannot change locale (xx)";
        assert!(says("started\n", "started"));
        assert!(says(&format!("{noise}\nstarted\n"), "started"));
        assert!(!says(&format!("{noise}\nwaiting started\n"), "started"));
        assert_eq!(missing(&format!("{noise}\nno-program 1\n")), Some(1));
        assert_eq!(missing(&format!("{noise}\nprepared\n")), None);
    }
}
