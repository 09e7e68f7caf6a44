//! The host is killed, with everything in its process group, at bad moments.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};

use spec_core::SandboxSpawner;
use spec_core::id::{AttemptKey, RepairNumber};
use spec_core::sandbox::{Origin, RunEnd, SandboxRef, Termination};
use spec_local::LocalSpawner;

use crate::world::{self, World, is_alive, pid_in, until};

/// What the host is told; each a variable of its environment.
const ROOT: &str = "SPEC_LOCAL_TEST_ROOT";
const REPOSITORY: &str = "SPEC_LOCAL_TEST_REPOSITORY";
const ATTEMPT: &str = "SPEC_LOCAL_TEST_ATTEMPT";
const SCRIPT: &str = "SPEC_LOCAL_TEST_SCRIPT";

/// Not a test: the host that the tests below kill. Does what its environment says, then waits.
#[tokio::test]
#[ignore = "the other tests here run it as a program"]
async fn host() {
    let variable = |name: &str| std::env::var(name).ok();
    let (Some(root), Some(repository)) = (variable(ROOT), variable(REPOSITORY)) else {
        return;
    };
    let attempt: AttemptKey = serde_json::from_str(&variable(ATTEMPT).unwrap()).unwrap();
    let spawner = LocalSpawner::new(root);
    let key = attempt.sandbox_key();
    let request = world::request(key, Path::new(&repository));
    spawner.spawn(&request).await.unwrap();
    let run = world::shell(
        attempt.run_key(RepairNumber::new(0)),
        &variable(SCRIPT).unwrap(),
    );
    let reference = SandboxRef { key, id: None };
    spawner.start(&reference, &run).await.unwrap();
    std::future::pending::<()>().await;
}

fn start_host(world: &World, script: &str, search_path: Option<&std::ffi::OsStr>) -> Child {
    let attempt = serde_json::to_string(&world.key().attempt()).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "host_death::host", "--ignored"])
        .env(ROOT, world.root())
        .env(REPOSITORY, world.repository.path())
        .env(ATTEMPT, attempt)
        .env(SCRIPT, script)
        .process_group(0);
    if let Some(search_path) = search_path {
        command.env("PATH", search_path);
    }
    command.spawn().unwrap()
}

fn kill_group(mut host: Child) {
    let group = format!("-{}", host.id());
    let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
    assert!(killed.unwrap().success());
    host.wait().unwrap();
}

#[tokio::test]
async fn a_run_goes_on_and_is_followed_by_the_next_host() {
    let world = World::new();
    let go = world.folder().join("go");
    fs::create_dir(&go).unwrap();
    // Inside the sandbox, so that it works with isolation as well.
    let script = "echo one; until [ -e ../tmp/go ]; do sleep 0.05; done; echo two; exit 6";
    let host = start_host(&world, script, None);
    let next = LocalSpawner::new(world.root());
    let control = format!("sandboxes/{}/ctl/{}/out", world.key(), world.run());
    let out = world.root().join(control);
    until("output", || {
        (fs::metadata(&out).ok()?.len() == 4).then_some(())
    })
    .await;
    kill_group(host);

    let sandbox = next.spawn(&world.request()).await.unwrap();
    assert_eq!(sandbox.origin, Origin::Adopted);
    next.start(&world.reference(), &world.shell("echo another"))
        .await
        .unwrap();
    assert!(!world.processes().is_empty());
    fs::write(Path::new(&sandbox.layout.root).join("tmp/go"), "").unwrap();
    let (lines, end) = world.follow(&next).await;
    assert_eq!(lines, ["one", "two"]);
    assert_eq!(end, RunEnd::Exited { code: 6 });
    next.terminate(&world.reference()).await.unwrap();
    world.assert_nothing_runs();
}

/// A host that dies while git works.
async fn orphan_a_clone(world: &World) -> u32 {
    let pid_file = world.folder().join("git.pid");
    let git = format!("echo $$ >'{}'; exec sleep 600", pid_file.display());
    let search_path = world::with_program(world.folder(), "git", &git);
    let host = start_host(world, ":", Some(&search_path));
    let git = pid_in(&pid_file).await;
    kill_group(host);
    assert!(is_alive(git), "the orphan has ended before the test began");
    git
}

#[tokio::test]
async fn an_orphaned_git_is_ended_by_terminate() {
    let world = World::new();
    let git = orphan_a_clone(&world).await;
    let next = world.spawner();
    assert_eq!(next.find(world.key()).await.unwrap(), None);
    let ended = next.terminate(&world.reference()).await.unwrap();
    assert_eq!(ended, Termination::Confirmed);
    assert!(!is_alive(git));
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_half_made_sandbox_is_made_again() {
    let world = World::new();
    let git = orphan_a_clone(&world).await;
    let next = world.spawner();
    let sandbox = next.spawn(&world.request()).await.unwrap();
    assert_eq!(sandbox.origin, Origin::Created);
    assert!(!is_alive(git));
    let (lines, _) = world.complete(&next, "ls").await;
    assert_eq!(lines, ["README.md"], "only what is committed");
    next.terminate(&world.reference()).await.unwrap();
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_spawn_that_is_under_way_is_ended_by_terminate() {
    let world = World::new();
    let pid_file = world.folder().join("git.pid");
    let git = format!("echo $$ >'{}'; exec sleep 600", pid_file.display());
    let path = world::with_program(world.folder(), "git", &git);
    let maker = world.spawner().with_search_path(path);
    let request = world.request();
    let made = maker.spawn(&request);
    let ended = async {
        let git = pid_in(&pid_file).await;
        let ended = world.spawner().terminate(&world.reference()).await;
        (git, ended.unwrap())
    };
    let (made, (git, ended)) = tokio::join!(made, ended);
    let error = made.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert_eq!(ended, Termination::Confirmed);
    assert!(!is_alive(git));
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_dropped_spawn_ends_its_git() {
    let world = World::new();
    let pid_file = world.folder().join("git.pid");
    let git = format!("sleep 600 & echo $! >'{}'; wait", pid_file.display());
    let path = world::with_program(world.folder(), "git", &git);
    let maker = world.spawner().with_search_path(path);
    let request = world.request();
    let child = tokio::select! {
        made = maker.spawn(&request) => panic!("{made:?}"),
        child = pid_in(&pid_file) => child,
    };
    until("end of git's child", || (!is_alive(child)).then_some(())).await;
    world.spawner().terminate(&world.reference()).await.unwrap();
    world.assert_nothing_is_left();
}
