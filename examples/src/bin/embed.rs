//! The smallest host: a machine in a program of one's own. `embed REPOSITORY AGENT "IDEA"`.

#![expect(clippy::print_stdout, reason = "an example that shows something")]

use futures_util::StreamExt as _;
use spec_core::agent::CommandAgent;
use spec_core::project::StaticProjects;
use spec_core::spec::{Description, Title};
use spec_core::{LaunchRequest, SpecStateMachine};
use spec_examples::repositories::project;
use spec_local::LocalSpawner;
use spec_sqlx::SqliteStore;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, repository, agent, idea] = &arguments[..] else {
        anyhow::bail!("usage: embed REPOSITORY AGENT IDEA")
    };
    let store = SqliteStore::open("embed.db").await?;
    let projects = StaticProjects::new([project("demo".parse()?, repository.as_ref())?]);
    let machine = SpecStateMachine::new(store, LocalSpawner::new("embed-sandboxes"), projects)
        .with_agent(CommandAgent::new("agent".parse()?, agent));

    let (title, idea) = (Title::new("An idea")?, Description::new(idea)?);
    let launch = LaunchRequest::new("me".parse()?, title, idea);
    let id = machine.launch(launch).await?.spec().id;
    let events = machine.watch(id, spec_core::id::Sequence::default());
    let show = events.for_each(async |event| match event {
        Ok(event) => println!("{}", event.body.name()),
        Err(error) => println!("{error}"),
    });
    tokio::select! {
        () = show => println!("{}", machine.get(id).await?.status),
        ended = machine.run(CancellationToken::new()) => ended?,
    }
    Ok(())
}
