//! The start of a program under its supervisor.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::unistd::{AccessFlags, access};
use spec_core::sandbox::posix;
use spec_core::sandbox::{RunRequest, SandboxPath, SpawnError, SpawnErrorKind};
use tokio::process::Command;

use crate::failure;
use crate::files;
use crate::isolation::{self, View};
use crate::place::{MARKER, Place, private_folder};
use crate::record::{Record, write_whole};

/// How long a supervisor may take to record itself.
const START_LIMIT: Duration = Duration::from_secs(10);

/// Starts a run unless its supervisor has recorded itself before.
///
/// The supervisor's record is made by a hard link, which only one process can make: however often
/// and wherever this is called, the program runs once.
pub(crate) async fn start(
    place: &Place,
    record: &Record,
    request: &RunRequest,
    time_left: Duration,
    search_path: &OsStr,
    view: &View,
    bwrap: Option<&Path>,
) -> Result<(), SpawnError> {
    let control = place.control(&request.key);
    if control.join("pid").exists() {
        return Ok(());
    }
    posix::check_request(request)?;
    let environment = environment(place, request, search_path);
    let programs = find_programs(place, request, &environment)?;
    let Some(program) = programs.first() else {
        return Err(failure::rejected("no program is named"));
    };
    private_folder(&control).map_err(failure::io("make the folder of the run"))?;
    // Not by its path: an earlier run may have put a link in the way.
    files::folder(&place.inside(), &SandboxPath::run_folder(&request.key))?;
    let script = control.join("supervise.sh");
    write_whole(&script, posix::SUPERVISOR.as_bytes())
        .map_err(failure::io("write the supervisor"))?;
    let note = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(control.join("note"))
        .map_err(failure::io("open the supervisor's notes"))?;

    let tools = tools_path(search_path);
    let tool = |name: &str| {
        find_on(&tools, name)
            .ok_or_else(|| failure::rejected(format!("`{name}` is not installed on this machine")))
    };
    let seconds = request.timeout.min(time_left).as_millis().div_ceil(1000);
    let mut command = Command::new(tool("setsid")?);
    command
        .arg("/bin/sh")
        .arg(&script)
        .arg(&control)
        .arg(seconds.max(1).to_string())
        .arg(tool("timeout")?)
        .arg(&tools);
    if isolation::is_bubblewrap(&record.isolation) {
        let bwrap = bwrap.ok_or_else(|| {
            failure::internal("the sandbox is isolated by bubblewrap, which is gone")
        })?;
        let inside = place.inside();
        command.arg(bwrap).args(isolation::arguments(
            view,
            &inside,
            &place.repository(),
            &programs,
        ));
    }
    command
        .args(["/bin/sh", "-c", posix::INNER, "run"])
        .arg(program)
        .args(request.argv.iter().skip(1))
        .env_clear()
        .envs(environment)
        .current_dir(place.repository())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(note);
    await_record(command, &control).await
}

async fn await_record(mut command: Command, control: &Path) -> Result<(), SpawnError> {
    let mut supervisor = command
        .spawn()
        .map_err(failure::io("start the supervisor"))?;
    let record = control.join("pid");
    let begun = tokio::time::Instant::now();
    loop {
        // Asked first: a supervisor that has ended by now has left its record by now.
        let ended = supervisor
            .try_wait()
            .map_err(failure::io("look at the supervisor"))?;
        if record.exists() {
            return Ok(());
        }
        if ended.is_some() {
            if !control.exists() {
                return Err(failure::not_found("the sandbox is gone"));
            }
            let note = fs::read_to_string(control.join("note")).unwrap_or_default();
            return Err(failure::internal(format!(
                "the supervisor did not start: {:.300}",
                note.trim()
            )));
        }
        if begun.elapsed() > START_LIMIT {
            return Err(SpawnError::new(
                SpawnErrorKind::Timeout,
                "the supervisor has not recorded itself yet",
            ));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The whole environment of the program.
fn environment(
    place: &Place,
    request: &RunRequest,
    search_path: &OsStr,
) -> BTreeMap<String, OsString> {
    let inside = place.inside();
    let mut environment = BTreeMap::from([
        ("HOME".to_owned(), inside.join("home").into_os_string()),
        ("LANG".to_owned(), OsString::from("C.UTF-8")),
        ("PATH".to_owned(), search_path.to_owned()),
        ("TMPDIR".to_owned(), inside.join("tmp").into_os_string()),
    ]);
    for (name, value) in request.variables() {
        environment.insert(name.to_owned(), value.into());
    }
    environment.insert(MARKER.to_owned(), place.mark().into());
    environment
}

/// The program that is started, then those that it needs.
fn find_programs(
    place: &Place,
    request: &RunRequest,
    environment: &BTreeMap<String, OsString>,
) -> Result<Vec<PathBuf>, SpawnError> {
    request
        .programs()
        .map(|name| find_program(place, name, environment))
        .collect()
}

fn find_program(
    place: &Place,
    name: &str,
    environment: &BTreeMap<String, OsString>,
) -> Result<PathBuf, SpawnError> {
    let found = if name.contains('/') {
        // Relative to the folder in which it will run.
        Some(place.repository().join(name)).filter(|path| is_executable(path))
    } else {
        environment
            .get("PATH")
            .and_then(|search_path| find_on(search_path, name))
    };
    found.ok_or_else(|| {
        SpawnError::new(
            SpawnErrorKind::ProgramNotFound,
            format!("program `{name}` does not exist on this machine"),
        )
    })
}

/// The first program of that name in the folders of `search_path`.
pub(crate) fn find_on(search_path: &OsStr, name: &str) -> Option<PathBuf> {
    std::env::split_paths(search_path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| {
        // Root may "execute" anything, says `access`.
        metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
    }) && access(path, AccessFlags::X_OK).is_ok()
}

/// Where the supervisor's own tools are, whatever `PATH` the program is to have.
fn tools_path(search_path: &OsStr) -> OsString {
    let mut tools = OsString::from("/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:");
    tools.push(search_path);
    tools
}
