//! What keeps programs inside their sandbox: `bubblewrap`, where it works.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use spec_core::sandbox::{Isolation, SpawnError};
use tokio::process::Command;

use crate::failure;

/// Name of the mechanism in [`Isolation`].
const BUBBLEWRAP: &str = "bubblewrap";

/// Whether programs are kept inside their sandbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum IsolationMode {
    /// They are not: they can do what this user can do.
    Off,
    /// They are where `bubblewrap` works; the sandbox says whether.
    #[default]
    WhenAvailable,
    /// They are; without `bubblewrap` no sandbox is made.
    Required,
}

/// What of this machine an isolated program may see beside its sandbox.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) readable: Vec<PathBuf>,
    pub(crate) network: bool,
}

/// Finds out what can be enforced on this machine.
pub(crate) async fn available(
    mode: IsolationMode,
    bwrap: Option<&Path>,
    view: &View,
) -> Result<Isolation, SpawnError> {
    let why_not = match (mode, bwrap) {
        (IsolationMode::Off, _) => return Ok(Isolation::none()),
        (_, None) => "`bwrap` is not on the PATH".to_owned(),
        (_, Some(bwrap)) => match probe(bwrap, view).await {
            Ok(()) => {
                return Ok(Isolation {
                    mechanism: BUBBLEWRAP.to_owned(),
                    filesystem: true,
                    processes: true,
                    network: !view.network,
                });
            }
            Err(reason) => reason,
        },
    };
    if mode == IsolationMode::Required {
        return Err(failure::rejected(format!(
            "isolation is required and bubblewrap does not work here: {why_not}"
        )));
    }
    tracing::warn!(
        reason = why_not,
        "programs in local sandboxes are not isolated"
    );
    Ok(Isolation::none())
}

pub(crate) fn is_bubblewrap(isolation: &Isolation) -> bool {
    isolation.mechanism == BUBBLEWRAP
}

async fn probe(bwrap: &Path, view: &View) -> Result<(), String> {
    let output = Command::new(bwrap)
        .args(base(view))
        .args(["--", "/bin/sh", "-c", ":"])
        .env_clear()
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(text.lines().last().unwrap_or("it failed").to_owned())
}

/// Arguments that put a program into a sandbox, from where it sees these programs.
pub(crate) fn arguments(
    view: &View,
    inside: &Path,
    repository: &Path,
    programs: &[PathBuf],
) -> Vec<String> {
    let mut arguments = base(view);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    // In their order, a folder comes before what is below it.
    let folders: BTreeSet<PathBuf> = programs
        .iter()
        .flat_map(|program| program_folders(program, inside, home.as_deref()))
        .collect();
    for folder in folders {
        push(&mut arguments, "--ro-bind", &folder, &folder);
    }
    // After everything else: the sandbox may lie below a folder that was hidden or bound.
    push(&mut arguments, "--bind", inside, inside);
    arguments.extend(["--chdir".to_owned(), repository.display().to_string()]);
    arguments.push("--".to_owned());
    arguments
}

fn base(view: &View) -> Vec<String> {
    let mut arguments: Vec<String> = [
        "--die-with-parent",
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--cap-drop",
        "ALL",
    ]
    .map(str::to_owned)
    .to_vec();
    if !view.network {
        arguments.push("--unshare-net".to_owned());
    }
    for folder in [
        "/usr",
        "/bin",
        "/sbin",
        "/lib",
        "/lib32",
        "/lib64",
        "/nix/store",
    ] {
        let folder = Path::new(folder);
        match std::fs::read_link(folder) {
            Ok(target) => push(&mut arguments, "--symlink", &target, folder),
            Err(_) => push(&mut arguments, "--ro-bind-try", folder, folder),
        }
    }
    for file in SYSTEM_FILES {
        let file = Path::new(file);
        push(&mut arguments, "--ro-bind-try", file, file);
    }
    arguments.extend(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"].map(str::to_owned));
    for path in &view.readable {
        // One that does not exist must not turn the isolation off.
        push(&mut arguments, "--ro-bind-try", path, path);
    }
    arguments
}

/// What programs need of `/etc` to resolve names, trust certificates and load libraries.
const SYSTEM_FILES: [&str; 14] = [
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/group",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/pki",
    "/etc/resolv.conf",
    "/etc/ssl",
    "/etc/static",
];

/// What has to be bound for a program that the system's folders do not hold: its folder, and the
/// folder it is really in when it is a link. The file alone, when its folder holds more than
/// programs: a home folder, or one above it or above the sandboxes.
fn program_folders(program: &Path, inside: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    if program.starts_with(inside) {
        // There already. Where it leads, if it is a link, was for an agent to choose.
        return Vec::new();
    }
    let real = std::fs::canonicalize(program).unwrap_or_else(|_| program.to_owned());
    let system = ["/usr", "/bin", "/sbin", "/lib", "/nix/store"];
    let is_shared = |folder: &Path| {
        inside.starts_with(folder)
            || home.is_some_and(|home| home.starts_with(folder))
            || folder.components().count() <= 2
            || folder.parent() == Some(Path::new("/home"))
    };
    let mut folders: Vec<PathBuf> = [program, &real]
        .into_iter()
        .filter(|path| !system.iter().any(|folder| path.starts_with(folder)))
        .filter(|path| !path.starts_with(inside))
        .map(|path| match path.parent() {
            Some(folder) if !is_shared(folder) => folder.to_owned(),
            Some(_) | None => path.to_owned(),
        })
        .collect();
    folders.dedup();
    folders
}

fn push(arguments: &mut Vec<String>, option: &str, from: &Path, to: &Path) {
    arguments.push(option.to_owned());
    arguments.push(from.display().to_string());
    arguments.push(to.display().to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_in_a_home_folder_does_not_open_that_folder() {
        let folders = |program| {
            program_folders(
                Path::new(program),
                Path::new("/data/spec/sandboxes/key/root"),
                Some(Path::new("/users/me")),
            )
        };
        assert_eq!(folders("/usr/bin/agent"), Vec::<PathBuf>::new());
        assert_eq!(folders("/opt/agent/bin/run"), [Path::new("/opt/agent/bin")]);
        assert_eq!(
            folders("/users/me/.local/bin/a"),
            [Path::new("/users/me/.local/bin")]
        );
        for alone in [
            "/users/me/a",
            "/users/a",
            "/home/you/a",
            "/data/spec/a",
            "/opt/a",
        ] {
            assert_eq!(folders(alone), [Path::new(alone)]);
        }
    }

    #[test]
    fn a_link_that_an_agent_made_does_not_open_what_it_leads_to() {
        let inside = tempfile::TempDir::new().unwrap();
        let outside = tempfile::TempDir::new().unwrap();
        let tools = outside.path().join("tools");
        std::fs::create_dir(&tools).unwrap();
        std::fs::write(tools.join("secret"), "").unwrap();
        let link = inside.path().join("tool");
        std::os::unix::fs::symlink(tools.join("secret"), &link).unwrap();
        assert_eq!(
            program_folders(&link, inside.path(), None),
            Vec::<PathBuf>::new()
        );
    }
}
