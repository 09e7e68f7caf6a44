//! Processes and their end.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use spec_core::SandboxSpawner;
use spec_core::id::RepairNumber;
use spec_core::sandbox::{RunEnd, SandboxFile, SandboxPath, SpawnErrorKind, Termination};
use spec_core::testing::ManualClock;
use spec_local::IsolationMode;

use crate::world::{World, is_alive, pid_in, until};

/// Leaves, in turn: a child, a child in a session of its own, a grandchild whose parent has ended,
/// and a child without the environment by which it is known. Ignores requests to end.
const FAMILY: &str = "trap '' TERM
    sleep 600 &
    setsid sleep 600 &
    setsid sh -c 'sleep 600 & exec sleep 0'
    env -i sleep 600 &
    echo $! >../tmp/stranger
    echo up
    wait";

#[tokio::test]
async fn termination_ends_the_whole_family() {
    let world = World::new();
    let spawner = world.spawner();
    let sandbox = world.start(&spawner, FAMILY).await;
    let stranger = pid_in(
        &fs::canonicalize(&sandbox.layout.root)
            .unwrap()
            .join("tmp/stranger"),
    )
    .await;
    assert!(world.processes().len() >= 5, "{:?}", world.processes());
    assert!(is_alive(stranger));
    let ended = spawner.terminate(&world.reference()).await.unwrap();
    assert_eq!(ended, Termination::Confirmed);
    world.assert_nothing_runs();
    assert!(!is_alive(stranger));
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn termination_ends_an_orphan_without_the_environment_by_which_it_is_known() {
    let world = World::new();
    let spawner = world.spawner();
    // Known by its session alone; deaf to the first request, and then without a supervisor.
    let orphan = r#"env -i sh -c 'trap "" TERM; sleep 600 & echo $! >../tmp/orphan'
        echo up
        sleep 600"#;
    let sandbox = world.start(&spawner, orphan).await;
    let root = fs::canonicalize(&sandbox.layout.root).unwrap();
    let orphan = pid_in(&root.join("tmp/orphan")).await;
    until("end of its parent", || {
        let stat = fs::read_to_string(format!("/proc/{orphan}/stat")).ok()?;
        let parent: u32 = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
        let status = fs::read(format!("/proc/{parent}/environ")).unwrap_or_default();
        let mark = world.mark();
        let known = String::from_utf8_lossy(&status).contains(&mark);
        (!known && fs::read_to_string(format!("/proc/{parent}/comm")).ok()? != "sh\n").then_some(())
    })
    .await;
    let ended = spawner.terminate(&world.reference()).await.unwrap();
    assert_eq!(ended, Termination::Confirmed);
    assert!(!is_alive(orphan));
}

#[tokio::test]
async fn termination_ends_the_whole_isolated_family() {
    let world = World::new();
    let spawner = world.spawner().with_isolation(IsolationMode::Required);
    let sandbox = world.start(&spawner, FAMILY).await;
    pid_in(
        &fs::canonicalize(&sandbox.layout.root)
            .unwrap()
            .join("tmp/stranger"),
    )
    .await;
    assert!(world.processes().len() >= 5, "{:?}", world.processes());
    let ended = spawner.terminate(&world.reference()).await.unwrap();
    assert_eq!(ended, Termination::Confirmed);
    world.assert_nothing_runs();
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_process_that_took_over_a_number_is_never_signalled() {
    let world = World::new();
    let spawner = world.spawner();
    world.complete(&spawner, "echo done").await;
    let mut innocent = Command::new("setsid")
        .args(["sleep", "600"])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let control = world
        .sandbox_folder()
        .join("ctl")
        .join(world.run().to_string());
    let record = fs::read_to_string(control.join("pid")).unwrap();
    let (_, rest) = record.split_once(' ').unwrap();
    fs::write(control.join("pid"), format!("{} {rest}", innocent.id())).unwrap();
    fs::remove_file(control.join("exit")).unwrap();

    let (_, end) = world.follow(&spawner).await;
    assert!(matches!(end, RunEnd::Lost { .. }), "{end:?}");
    let ended = spawner.terminate(&world.reference()).await.unwrap();
    assert_eq!(ended, Termination::Confirmed);
    assert!(innocent.try_wait().unwrap().is_none(), "it was ended");
    innocent.kill().unwrap();
    innocent.wait().unwrap();
}

#[tokio::test]
async fn a_run_whose_supervisor_is_killed_is_lost_and_still_terminated() {
    let world = World::new();
    let spawner = world.spawner();
    world.start(&spawner, "echo up; sleep 600").await;
    let control = world
        .sandbox_folder()
        .join("ctl")
        .join(world.run().to_string());
    let record = fs::read_to_string(control.join("pid")).unwrap();
    let pid = record.split_once(' ').unwrap().0;
    until("output", || {
        (fs::metadata(control.join("out")).ok()?.len() == 3).then_some(())
    })
    .await;
    assert!(
        Command::new("kill")
            .args(["-KILL", pid])
            .status()
            .unwrap()
            .success()
    );
    let (lines, end) = world.follow(&spawner).await;
    assert_eq!(lines, ["up"]);
    assert!(matches!(end, RunEnd::Lost { .. }), "{end:?}");
    // Started once: it is not started again because it was lost.
    spawner
        .start(&world.reference(), &world.shell("echo again"))
        .await
        .unwrap();
    assert_eq!(world.follow(&spawner).await.0, ["up"]);
    spawner.terminate(&world.reference()).await.unwrap();
    world.assert_nothing_runs();
}

#[tokio::test]
async fn a_hundred_megabytes_are_followed_in_bounded_memory() {
    let world = World::new();
    let spawner = world.spawner();
    let before = resident_kib();
    let line = "x".repeat(99);
    world
        .start(&spawner, &format!("yes {line} | head -n 1048576"))
        .await;
    let (mut lines, mut most) = (0_u64, 0);
    let end = world
        .each_line(&spawner, |line| {
            assert_eq!(line.text.len(), 99);
            lines += 1;
            if lines.is_multiple_of(10_000) {
                most = most.max(resident_kib());
            }
        })
        .await;
    assert_eq!(end, RunEnd::Exited { code: 0 });
    assert_eq!(lines, 1_048_576);
    assert!(most - before < 40 * 1024, "{before} KiB became {most} KiB");
    spawner.terminate(&world.reference()).await.unwrap();
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_sandbox_is_swept_after_its_time() {
    let world = World::new();
    let clock = ManualClock::default();
    let spawner = world.spawner().with_clock(Arc::new(clock.clone()));
    world.start(&spawner, "sleep 600").await;
    clock.advance(Duration::from_mins(9));
    assert_eq!(spawner.sweep_expired().await.unwrap(), 0);
    assert!(spawner.find(world.key()).await.unwrap().is_some());
    clock.advance(Duration::from_mins(1));
    let late = spawner.start(&world.reference(), &world.shell(":")).await;
    assert_eq!(late.unwrap_err().kind(), SpawnErrorKind::NotFound);
    assert_eq!(spawner.sweep_expired().await.unwrap(), 1);
    assert_eq!(spawner.find(world.key()).await.unwrap(), None);
    world.assert_nothing_runs();
    assert_eq!(spawner.sweep_expired().await.unwrap(), 0);
}

#[tokio::test]
async fn a_run_does_not_outlive_the_time_of_its_sandbox() {
    let world = World::new();
    let spawner = world.spawner();
    let mut request = world.request();
    request.ttl = Duration::from_secs(2);
    spawner.spawn(&request).await.unwrap();
    let run = world.shell("sleep 600");
    spawner.start(&world.reference(), &run).await.unwrap();
    assert_eq!(world.follow(&spawner).await.1, RunEnd::TimedOut);
    spawner.terminate(&world.reference()).await.unwrap();
}

#[tokio::test]
async fn a_file_is_not_written_through_a_link_that_leads_out() {
    let world = World::new();
    let spawner = world.spawner();
    let outside = world.folder().join("outside");
    fs::create_dir(&outside).unwrap();
    let script = format!(
        "ln -s {} ../runs/link; ln -s ../home ../runs/inner",
        outside.display()
    );
    world.complete(&spawner, &script).await;
    let write = |path| SandboxFile::new(SandboxPath::new(path).unwrap(), "text");
    for path in ["runs/link/file", "runs/link/deep/file"] {
        let written = spawner
            .write_files(&world.reference(), &[write(path)])
            .await;
        assert_eq!(written.unwrap_err().kind(), SpawnErrorKind::Rejected);
    }
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    // The link itself is replaced, not what it points to.
    spawner
        .write_files(&world.reference(), &[write("runs/link")])
        .await
        .unwrap();
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    spawner
        .write_files(&world.reference(), &[write("runs/inner/file")])
        .await
        .unwrap();
    let read = spawner
        .read_file(
            &world.reference(),
            &SandboxPath::new("home/file").unwrap(),
            10,
        )
        .await;
    assert_eq!(read.unwrap().unwrap(), b"text");
    spawner.terminate(&world.reference()).await.unwrap();
}

#[tokio::test]
async fn a_run_is_not_given_a_folder_through_a_link_that_leads_out() {
    let world = World::new();
    let spawner = world.spawner();
    let outside = world.folder().join("outside");
    fs::create_dir(&outside).unwrap();
    let script = format!("mv ../runs ../old; ln -s {} ../runs", outside.display());
    world.complete(&spawner, &script).await;
    let mut next = world.shell(":");
    next.key = next.key.attempt.run_key(RepairNumber::new(1));
    let started = spawner.start(&world.reference(), &next).await;
    assert_eq!(started.unwrap_err().kind(), SpawnErrorKind::Rejected);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    spawner.terminate(&world.reference()).await.unwrap();
}

#[tokio::test]
async fn what_a_program_has_made_unwritable_is_removed() {
    let world = World::new();
    let spawner = world.spawner();
    world
        .complete(
            &spawner,
            "mkdir -p locked/in && touch locked/in/file && chmod 500 locked/in locked",
        )
        .await;
    let ended = spawner.terminate(&world.reference()).await.unwrap();
    assert_eq!(ended, Termination::Confirmed);
    world.assert_nothing_is_left();
}
