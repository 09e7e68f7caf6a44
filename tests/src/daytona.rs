//! A Daytona that runs on this machine and really runs what it is given, for tests.
//!
//! Every sandbox is a temporary folder; its commands are processes of this machine, with their home
//! and working directory there. Both of Daytona's interfaces are spoken as they were observed:
//! the control plane below `/api`, the toolbox of each sandbox below `/toolbox/{sandbox}`. What is
//! a trap there is one here, and by construction: a session is one shell into which commands are
//! sourced. On top of that, [`Fault`]s make it fail in the ways that users have reported.
//!
//! There is no isolation: a path outside of the sandbox's folder is a path of this machine.

mod answer;
mod connection;
mod control;
mod execute;
mod fault;
mod files;
mod follow;
mod front;
mod git;
mod handle;
mod labels;
mod lifecycle;
mod list;
mod options;
mod process;
mod processes;
mod sandbox;
mod session;
mod toolbox;
mod transfer;
mod world;

use std::io;
use std::sync::Arc;

use axum::{Router, middleware};
use tempfile::TempDir;
use tokio::net::TcpListener;

pub use fault::{Fault, FaultPlan};
pub use handle::{FakeHandle, Ledger, RecordedRequest, SandboxView};
pub use options::FakeOptions;

use connection::{Connection, CuttableListener};
use process::Belonging;
use world::World;

/// What the header `X-Daytona-Api-Version` says.
const API_VERSION: &str = "v0.214.3";
/// What the daemons say of themselves.
const DAEMON_VERSION: &str = "v0.214.3";

/// A running fake. Without it nothing of it is left: no process, no folder, no port.
#[derive(Debug)]
pub struct FakeDaytona {
    handle: FakeHandle,
    world: Arc<World>,
    /// Removed last.
    _folder: TempDir,
}

impl FakeDaytona {
    /// Starts a fake, which serves until it is shut down or dropped. It wants a clock that runs:
    /// Tokio's paused one would race through its intervals.
    ///
    /// # Errors
    ///
    /// When the address cannot be had or no folder can be made.
    pub async fn start(options: FakeOptions) -> io::Result<Self> {
        let mut name = tempfile::Builder::new();
        name.prefix("fake-daytona-");
        let folder = match &options.data {
            Some(data) => name.tempdir_in(data)?,
            None => name.tempdir()?,
        };
        let listener = TcpListener::bind(options.listen).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        // As `/proc` writes it.
        let world = World::new(options, origin, folder.path().canonicalize()?);
        let app = Router::new()
            .nest("/api", control::routes())
            .merge(toolbox::routes(world.options.processes))
            .fallback(async || answer::dashboard())
            .layer(middleware::from_fn_with_state(
                Arc::clone(&world),
                toolbox::proxy,
            ))
            .layer(middleware::from_fn_with_state(
                Arc::clone(&world),
                front::front,
            ))
            .with_state(Arc::clone(&world))
            .into_make_service_with_connect_info::<Connection>();
        let listener = CuttableListener {
            listener,
            ended: world.ended.clone(),
        };
        let ended = world.ended.clone().cancelled_owned();
        world.tasks.spawn(async move {
            let served = axum::serve(listener, app).with_graceful_shutdown(ended);
            if let Err(error) = served.await {
                tracing::error!(%error, "the fake does not serve");
            }
        });
        world.spawn(lifecycle::watch(Arc::clone(&world)));
        Ok(Self {
            handle: FakeHandle(Arc::clone(&world)),
            world,
            _folder: folder,
        })
    }

    /// A second view of the same fake, for another client or task.
    #[must_use]
    pub fn handle(&self) -> FakeHandle {
        self.handle.clone()
    }

    /// Ends everything and waits until nothing is left.
    pub async fn shutdown(self) {
        let ending = self.world.close();
        let ended = tokio::task::spawn_blocking(move || ending.iter().for_each(Belonging::end));
        let _ended = ended.await;
        self.world.tasks.wait().await;
    }
}

impl std::ops::Deref for FakeDaytona {
    type Target = FakeHandle;

    fn deref(&self) -> &FakeHandle {
        &self.handle
    }
}

impl Drop for FakeDaytona {
    fn drop(&mut self) {
        self.world.close().iter().for_each(Belonging::end);
    }
}
