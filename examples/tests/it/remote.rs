//! A repository that is not on this machine: `--repository`, and its token.

use serde_json::json;
use spec_core::SpecStatus;
use spec_core::attempt::FailureKind;
use tokio::process::Command;

use crate::http::get;
use crate::log::Log;
use crate::program::{Finished, Program};
use crate::server::Server;
use crate::world::World;
use spec_tests::git_server::GitServer;

const IDEA: &str = "Add a search history to the program";
const TOKEN: &str = "recognisable-token";
/// That token as git sends it.
const AUTHORIZATION: &str = "Basic Z2l0OnJlY29nbmlzYWJsZS10b2tlbg==";

fn launch(world: &World, url: &str) -> Command {
    let mut command = world.command(env!("CARGO_BIN_EXE_launch"));
    command
        .args(["--repository", url])
        .args(["--data".into(), world.data()])
        .args(["--out".into(), world.out()])
        .arg(IDEA)
        .env("RUST_LOG", "trace");
    command
}

async fn finish(command: Command) -> Finished {
    let ended = Program::start(command).finish().await;
    for said in [&ended.stdout, &ended.stderr] {
        assert!(!said.contains(TOKEN), "{said}");
    }
    ended
}

#[tokio::test]
async fn a_repository_is_fetched_from_its_url() {
    let world = World::new();
    let server = GitServer::start(&world.repository(), None).await.unwrap();
    let ended = finish(launch(&world, &server.url())).await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    let log = Log::read(&world.data(), IDEA).await;
    log.assert_done_once();
    assert_eq!(log.spec.project_id.as_str(), server.url());
    assert_eq!(server.authorizations(), Vec::<String>::new());
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_private_repository_is_fetched_with_the_token_of_its_host() {
    let world = World::new();
    let server = GitServer::start(&world.repository(), Some(AUTHORIZATION.to_owned()))
        .await
        .unwrap();
    let mut command = launch(&world, &server.url());
    command.env("GIT_TOKEN", TOKEN).env("GIT_HOST", "127.0.0.1");
    let ended = finish(command).await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    Log::read(&world.data(), IDEA).await.assert_done_once();
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_token_is_not_sent_to_another_host() {
    let world = World::new();
    let server = GitServer::start(&world.repository(), Some(AUTHORIZATION.to_owned()))
        .await
        .unwrap();
    let mut command = launch(&world, &server.url());
    command.env("GIT_TOKEN", TOKEN);
    let ended = finish(command).await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    let log = Log::read(&world.data(), IDEA).await;
    assert_eq!(log.spec.status, SpecStatus::Failed);
    let failure = log.spec.failure.unwrap();
    assert_eq!(failure.kind, FailureKind::SandboxRejected, "{failure}");
    assert_eq!(server.authorizations(), Vec::<String>::new());
    for said in ["GIT_TOKEN is for github.com", "127.0.0.1", "GIT_HOST"] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_url_that_holds_a_password_is_refused_without_being_repeated() {
    let world = World::new();
    for program in [env!("CARGO_BIN_EXE_launch"), env!("CARGO_BIN_EXE_serve")] {
        let url = format!("https://me:{TOKEN}@github.com/a/b");
        let mut arguments = vec![vec!["--repository".to_owned(), url.clone()]];
        if program == env!("CARGO_BIN_EXE_serve") {
            arguments.push(vec!["--project".to_owned(), format!("demo={url}")]);
        }
        for arguments in arguments {
            let mut command = world.command(program);
            command.args(&arguments);
            let ended = finish(command).await;
            assert_eq!(ended.code(), Some(2), "{ended:?}");
            for said in [&arguments[0], "GIT_TOKEN"] {
                assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
            }
        }
    }
}

#[tokio::test]
async fn a_server_has_projects_from_urls() {
    let world = World::new();
    let git = GitServer::start(&world.repository(), None).await.unwrap();
    let mut command = world.command(env!("CARGO_BIN_EXE_serve"));
    command
        .args(["--listen", "127.0.0.1:0"])
        .args(["--data".into(), world.data()])
        .args(["--out".into(), world.out()])
        .args(["--repository", &git.url()]);
    let server = Server::begin(command).await;
    let spec = server.launch("Search history").await;
    server.becomes(&spec, "completed").await;
    let detail = get(server.address, &spec).await;
    assert_eq!(detail["project_id"], json!("demo"), "{detail}");
    server.stop().await;
    world.assert_nothing_is_left();
}
