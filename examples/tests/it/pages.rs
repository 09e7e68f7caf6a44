//! The web pages of `serve`.

use std::net::SocketAddr;

use nix::sys::signal::Signal;
use tokio::process::Command;

use crate::http::ask;
use crate::program::Program;
use crate::server::Server;
use crate::world::World;

/// The address that is to be opened, and the program.
async fn opened(command: Command) -> (Program, SocketAddr, String) {
    let mut program = Program::start(command);
    let url = loop {
        let line = program.stdout_line().await.expect("an address");
        if let Some(url) = line.strip_prefix("open http://") {
            break url.to_owned();
        }
    };
    let (address, path) = url.split_once('/').unwrap();
    (program, address.parse().unwrap(), format!("/{path}"))
}

#[tokio::test]
async fn the_pages_are_at_the_root_and_their_api_beside_them() {
    let world = World::new();
    let (program, address, path) = opened(Server::command(&world, 0)).await;
    assert_eq!(path, "/");
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/specs", "text/html; charset=utf-8"),
        ("/specs/0199", "text/html; charset=utf-8"),
        ("/api/v1/specs", "application/json"),
    ] {
        let answer = ask(address, &format!("GET {path}"), "", None).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), kind, "{path}");
    }
    program.signal(Signal::SIGTERM);
    assert_eq!(program.finish().await.code(), Some(0));
}

#[tokio::test]
async fn everything_is_below_a_prefix_when_it_is_asked_for() {
    let world = World::new();
    let mut command = Server::command(&world, 0);
    command.args(["--prefix", "/tools"]);
    let (program, address, path) = opened(command).await;
    assert_eq!(path, "/tools/");
    for (path, status) in [
        ("/tools", 200),
        ("/tools/", 308),
        ("/tools/specs", 200),
        ("/tools/api/v1/specs", 200),
        ("/", 404),
        ("/specs", 404),
        ("/api/v1/specs", 404),
    ] {
        let answer = ask(address, &format!("GET {path}"), "", None).await;
        assert_eq!(answer.status, status, "{path}");
    }
    program.signal(Signal::SIGTERM);
    assert_eq!(program.finish().await.code(), Some(0));
}

#[tokio::test]
async fn a_prefix_that_is_no_plain_path_is_refused() {
    let world = World::new();
    for prefix in ["/a b", "/{x}", "/a//b", "/../a", "/%2e"] {
        let mut command = Server::command(&world, 0);
        command.args(["--prefix", prefix]);
        let ended = Program::start(command).finish().await;
        assert_eq!(ended.code(), Some(2), "{prefix}: {ended:?}");
        assert!(ended.stderr.contains("such as /tools"), "{ended:?}");
    }
}
