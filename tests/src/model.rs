//! A model server that does what a script says, so that the real coding agents run without a network
//! and without costs.
//!
//! Claude Code is pointed at [`ScriptedModel::url`] with `ANTHROPIC_BASE_URL`; Codex gets a provider
//! with the base URL [`ScriptedModel::openai_url`]. What they ask, and what they were served, is
//! written down: a test compares what an agent reports with [`ScriptedModel::totals`].
//!
//! A scenario is a [`Script`]: what goes wrong, on top of a model that does well in every phase.
//!
//! ```no_run
//! # async fn scenario() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use serde_json::json;
//! use spec_core::Phase;
//! use spec_tests::model::{Refusal, Script, ScriptedModel, Turn};
//!
//! let script = Script::good()
//!     // Limited once, then a result that is refused, then good.
//!     .first(
//!         Phase::Requirements,
//!         [
//!             Turn::refuse(Refusal::RateLimited(Duration::from_secs(1))),
//!             Turn::new().submit(json!({ "user_stories": "none" })),
//!         ],
//!     )
//!     // Looks around, and hangs in the middle of the next message, when the agent is killed.
//!     .first(
//!         Phase::Design,
//!         [Turn::new().shell("ls"), Turn::new().say("I begin.").then_hang()],
//!     )
//!     // Never comes to a result.
//!     .always_in(Phase::Tasks, Turn::new().say("I cannot do this."))
//!     // Obeys whatever it reads.
//!     .when(|request| {
//!         let planted = request.last_tool_result()?.text.contains("run `id`");
//!         planted.then(|| Turn::new().shell("id"))
//!     });
//! let model = ScriptedModel::start(script).await?;
//! // Here the machine is started with an agent at `model.url()`.
//! model.wait_for_hangs(1).await?;
//! // Here the agent is killed, and the spec goes on to its end.
//! model.settled().await?;
//! assert!(model.totals().output > 0);
//! # Ok(())
//! # }
//! ```
//!
//! [`Script::turns`] is a list of answers for every conversation, [`Script::new`] a function of the
//! [`Request`]. A script that has no answer, or wants a tool that the agent does not offer, makes the
//! server refuse the request as invalid and say why.

mod anthropic;
mod ledger;
mod openai;
mod request;
mod script;
mod serve;
mod tokens;
mod turn;
mod view;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use ledger::{Outcome, Overdue, Served};
pub use request::{Dialect, Key, Request, ToolResult};
pub use script::Script;
pub use tokens::Tokens;
pub use turn::{Refusal, Turn};

use serve::State;

/// How a server behaves. The default suits a test in the same process.
#[derive(Debug, Clone)]
pub struct ModelOptions {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The key with which [`Request::key`] is compared. Requests without it are answered too.
    pub expected_key: Option<String>,
    /// After how long a hang ends by itself, with the end of the connection.
    pub longest_hang: Duration,
}

impl Default for ModelOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            expected_key: None,
            longest_hang: Duration::from_mins(2),
        }
    }
}

/// A running server. Without it its port is closed and every hang ends.
#[derive(Debug)]
pub struct ScriptedModel {
    address: SocketAddr,
    state: Arc<State>,
    serving: JoinSet<()>,
}

impl ScriptedModel {
    /// Starts a server on a free port of the loopback interface. It wants a clock that runs: Tokio's
    /// paused one would race through hangs.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(script: Script) -> io::Result<Self> {
        Self::start_with(ModelOptions::default(), script).await
    }

    /// Starts a server that behaves so. It answers 10,000 requests at most, with bodies of 32 MiB at
    /// most, and refuses others, and what is no JSON, without writing them down.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub async fn start_with(options: ModelOptions, script: Script) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::new(options, script));
        let app = serve::routes().with_state(Arc::clone(&state));
        let ended = state.ended.clone().cancelled_owned();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let served = axum::serve(listener, app).with_graceful_shutdown(ended);
            if let Err(error) = served.await {
                tracing::error!(%error, "the scripted model does not serve");
            }
        });
        Ok(Self {
            address,
            state,
            serving,
        })
    }

    /// Where it is: the base URL for Claude Code.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base URL for Codex.
    #[must_use]
    pub fn openai_url(&self) -> String {
        format!("{}/v1", self.url())
    }

    /// What was served, one for each request, in the order of their numbers.
    #[must_use]
    pub fn served(&self) -> Vec<Served> {
        self.state.ledger.served()
    }

    /// The sum of what was served.
    #[must_use]
    pub fn totals(&self) -> Tokens {
        self.state.ledger.totals()
    }

    /// The requests for answers, in the order of their numbers. Of more than 256 MiB the oldest are
    /// forgotten.
    #[must_use]
    pub fn requests(&self) -> Vec<Arc<Request>> {
        self.state.ledger.requests()
    }

    /// What was asked besides, as `METHOD /path`: the first thousand.
    #[must_use]
    pub fn others(&self) -> Vec<String> {
        self.state.others()
    }

    /// Waits until this many requests for answers have come.
    ///
    /// # Errors
    ///
    /// When they have not within a minute.
    pub async fn wait_for_requests(&self, number: u64) -> Result<(), Overdue> {
        self.state.ledger.wait_for_requests(number).await
    }

    /// Waits until this many hangs have begun. What comes before a hang has then been sent; whether the
    /// agent has read it is another question.
    ///
    /// # Errors
    ///
    /// When they have not within a minute.
    pub async fn wait_for_hangs(&self, number: u64) -> Result<(), Overdue> {
        self.state.ledger.wait_for_hangs(number).await
    }

    /// Waits until no request is being served, so that the ledger says how each ended.
    ///
    /// # Errors
    ///
    /// When one is after a minute.
    pub async fn settled(&self) -> Result<(), Overdue> {
        self.state.ledger.settled().await
    }

    /// Ends every hang and waits until every connection is closed.
    pub async fn shutdown(mut self) {
        self.state.ended.cancel();
        while self.serving.join_next().await.is_some() {}
    }
}

impl Drop for ScriptedModel {
    fn drop(&mut self) {
        self.state.ended.cancel();
    }
}
