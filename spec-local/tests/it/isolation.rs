//! What bubblewrap keeps away from programs.

use std::fs;

use spec_core::SandboxSpawner;
use spec_core::sandbox::{Isolation, RunEnd, SpawnErrorKind};
use spec_local::{IsolationMode, LocalSpawner};

use crate::world::{World, with_program};

#[tokio::test]
async fn an_isolated_program_sees_its_sandbox_and_the_system_alone() {
    let world = World::new();
    let outside = world.folder().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "secret").unwrap();
    let spawner = world.spawner().with_isolation(IsolationMode::Required);
    let script = format!(
        "cat '{outside}/secret'; touch '{outside}/written' /usr/written; \
         cat ../../meta.json; ls ../../ctl; ls /root /home; \
         kill -0 {own} && echo seen; \
         touch ../home/mine && echo ok",
        outside = outside.display(),
        own = std::process::id(),
    );
    let (lines, end) = world.complete(&spawner, &script).await;
    assert_eq!(lines, ["ok"]);
    assert_eq!(end, RunEnd::Exited { code: 0 });
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    let isolation = spawner.spawn(&world.request()).await.unwrap().isolation;
    assert_eq!(isolation.mechanism, "bubblewrap");
    assert!(isolation.filesystem && isolation.processes && !isolation.network);
    spawner.terminate(&world.reference()).await.unwrap();
}

#[tokio::test]
async fn a_closed_network_has_no_way_out() {
    let world = World::new();
    let spawner = world
        .spawner()
        .with_isolation(IsolationMode::Required)
        .with_network(false);
    // Only the loopback device is left.
    let (lines, _) = world
        .complete(
            &spawner,
            "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '",
        )
        .await;
    assert_eq!(lines, ["lo"]);
    let isolation = spawner.spawn(&world.request()).await.unwrap().isolation;
    assert!(isolation.network);
    spawner.terminate(&world.reference()).await.unwrap();
}

#[tokio::test]
async fn an_agent_from_another_folder_can_be_run() {
    let world = World::new();
    with_program(world.folder(), "agent", "exec \"$(dirname \"$0\")/part\"");
    let path = with_program(world.folder(), "part", "echo whole");
    let spawner = world
        .spawner()
        .with_isolation(IsolationMode::Required)
        .with_search_path(path);
    spawner.spawn(&world.request()).await.unwrap();
    let mut run = world.shell("");
    run.argv = vec!["agent".to_owned()];
    spawner.start(&world.reference(), &run).await.unwrap();
    let (lines, _) = world.follow(&spawner).await;
    assert_eq!(lines, ["whole"]);
    spawner.terminate(&world.reference()).await.unwrap();
}

#[tokio::test]
async fn a_program_that_a_script_needs_is_seen_with_its_folder_and_with_what_it_links_to() {
    let world = World::new();
    let folder = |name| world.folder().join(name);
    let print = "cat \"$(dirname \"$(readlink -f \"$0\")\")/part\"";
    with_program(&folder("real"), "agent-2", print);
    fs::write(folder("real/bin/part"), "linked\n").unwrap();
    let mut search_path = folder("other/bin").into_os_string();
    with_program(&folder("other"), "not-needed", "echo seen");
    search_path.push(":");
    search_path.push(with_program(world.folder(), "beside", "echo beside"));
    std::os::unix::fs::symlink("../real/bin/agent-2", folder("bin/agent")).unwrap();
    let spawner = world
        .spawner()
        .with_isolation(IsolationMode::Required)
        .with_search_path(search_path);
    spawner.spawn(&world.request()).await.unwrap();
    let mut run = world.shell("agent; beside; not-needed");
    run.needs = vec!["agent".to_owned()];
    spawner.start(&world.reference(), &run).await.unwrap();
    let (lines, end) = world.follow(&spawner).await;
    assert_eq!(lines, ["linked", "beside"]);
    assert_eq!(end, RunEnd::Exited { code: 127 });
    spawner.terminate(&world.reference()).await.unwrap();
}

#[tokio::test]
async fn without_bubblewrap_isolation_is_refused_or_said_to_be_missing() {
    let world = World::new();
    let empty = world.folder().join("empty");
    fs::create_dir(&empty).unwrap();
    let strict = LocalSpawner::new(world.root())
        .with_search_path(&empty)
        .require_isolation(true);
    let error = strict.spawn(&world.request()).await.unwrap_err();
    assert_eq!(error.kind(), SpawnErrorKind::Rejected);
    assert!(error.to_string().contains("bwrap"), "{error}");

    let broken = with_program(world.folder(), "bwrap", "echo no namespaces >&2; exit 1");
    let strict = LocalSpawner::new(world.root())
        .with_search_path(&broken)
        .require_isolation(true);
    let error = strict.spawn(&world.request()).await.unwrap_err();
    assert!(error.to_string().contains("no namespaces"), "{error}");

    let lenient = LocalSpawner::new(world.root()).with_search_path(broken);
    let sandbox = lenient.spawn(&world.request()).await.unwrap();
    assert_eq!(sandbox.isolation, Isolation::none());
    lenient.terminate(&world.reference()).await.unwrap();
}
