//! Webhooks of Daytona. All signatures were computed by Python's `hmac`, apart from this program.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use futures_util::{FutureExt as _, StreamExt as _};
use spec_core::agent::CommandAgent;
use spec_core::attempt::FailureKind;
use spec_core::id::{AgentName, SandboxId, Sequence, SpecId, UserId};
use spec_core::sandbox::Secret;
use spec_core::spec::{Description, Title};
use spec_core::store::{MemoryStore, Wakeup};
use spec_core::testing::{
    Call as SpawnerCall, FaultMode, FaultPlan, FaultyStore, ManualClock, RunScript, ScriptedSpawner,
};
use spec_core::{DynSpecStateMachine, LaunchRequest, Policy, SpecStateMachine, SpecStore};
use spec_http::{WebhookSecrets, daytona_webhook};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::harness::{Answer, projects};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(30);

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const NEW_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const ID: &str = "msg_1";
/// When all were signed, and where the clock stands at first: 2026-01-01T00:00:00Z.
const SIGNED_AT: &str = "1767225600";

/// A body and what signs it.
#[derive(Debug, Clone, Copy)]
struct Signed {
    body: &'static str,
    signature: &'static str,
}

const STOPPED: Signed = Signed {
    body: concat!(
        r#"{"event":"sandbox.state.updated","timestamp":"2026-01-01T00:00:00.000Z","#,
        r#""id":"scripted-1","organizationId":"5f0c7f5e-0d7c-4c9f-8f6b-1d2f3a4b5c6d","#,
        r#""oldState":"started","newState":"stopped","updatedAt":"2026-01-01T00:00:00.000Z"}"#,
    ),
    signature: "v1,REbQGgJdbA/7oLSMDQae7GQGIlmSWM/H13ANnMS2cNs=",
};
const STOPPED_BY_NEW: Signed = Signed {
    signature: "v1,ErOEuGec1tzN0Y5pnH8F1HOTJgRMP888r1wEB6WixgQ=",
    ..STOPPED
};
const SNAPSHOT: Signed = Signed {
    body: r#"{"event":"snapshot.removed","id":7,"timestamp":"2026-01-01T00:00:00.000Z"}"#,
    signature: "v1,LS/0WCUPWu52Z5kmHZYA9n3rrOVNYivRZ3ZFVs6w/bg=",
};
const NOT_JSON: Signed = Signed {
    body: r#"{"event":"sandbox.state.updated","#,
    signature: "v1,CsVnLD4Pnn9/5oevaXRC4zLS7XYYWOpoBufJ0qz6v/U=",
};
const NO_ID: Signed = Signed {
    body: r#"{"event":"sandbox.state.updated"}"#,
    signature: "v1,Xqd6C96dEkb7ahikzJ9IfjBkoA3E14r+TPt4fH/aUng=",
};
const NO_EVENT: Signed = Signed {
    body: r#"{"id":"scripted-1"}"#,
    signature: "v1,XBac/5cgFgSoW+w2TntfJgmd9bExBA3Aj00sYUxepi4=",
};

impl Signed {
    fn request(self) -> Request<Body> {
        self.under(["svix-id", "svix-timestamp", "svix-signature"])
    }

    fn under(self, names: [&str; 3]) -> Request<Body> {
        let [id, timestamp, signature] = names;
        Request::builder()
            .method(Method::POST)
            .uri("/hooks/daytona")
            .header(id, ID)
            .header(timestamp, SIGNED_AT)
            .header(signature, self.signature)
            .body(self.body.into())
            .unwrap()
    }
}

fn secrets<const N: usize>(secrets: [&str; N]) -> WebhookSecrets {
    WebhookSecrets::new(secrets.map(Secret::new)).unwrap()
}

/// A machine and what it works with, all by one clock.
struct Hooked {
    clock: ManualClock,
    store: Arc<MemoryStore>,
    spawner: ScriptedSpawner,
}

impl Hooked {
    fn new() -> Self {
        let clock = ManualClock::default();
        Self {
            store: Arc::new(MemoryStore::with_clock(clock.clone())),
            spawner: ScriptedSpawner::new(|_| RunScript::hangs()),
            clock,
        }
    }

    fn machine(&self) -> DynSpecStateMachine {
        self.machine_over(Arc::clone(&self.store))
    }

    fn machine_over(&self, store: impl SpecStore) -> DynSpecStateMachine {
        let agent = CommandAgent::new(AgentName::new("scripted").unwrap(), "agent");
        SpecStateMachine::new(store, self.spawner.clone(), projects(["demo"]))
            .with_agent(agent)
            .with_clock(self.clock.clone())
            .into_dyn()
    }

    /// A host's router, with the webhook somewhere in it.
    fn router(&self) -> Router {
        route(self.machine(), secrets([SECRET]))
    }
}

fn route(machine: DynSpecStateMachine, secrets: WebhookSecrets) -> Router {
    Router::new().nest("/hooks/daytona", daytona_webhook(machine, secrets))
}

async fn answer(router: &Router, request: Request<Body>) -> Answer {
    Answer::of(router.clone().oneshot(request).await.unwrap()).await
}

/// The answer does not say which check failed.
#[track_caller]
fn assert_refused(answer: &Answer) {
    answer.problem(401);
    assert_eq!(
        answer.json["detail"],
        "the credentials are missing or wrong"
    );
    assert!(!answer.header("www-authenticate").is_empty());
}

#[tokio::test]
async fn a_signed_change_of_a_sandbox_is_announced() {
    let hooked = Hooked::new();
    let mut heard = hooked.store.wakeups();
    let taken = answer(&hooked.router(), STOPPED.request()).await;
    assert_eq!(taken.status, StatusCode::NO_CONTENT, "{taken:?}");
    assert_eq!(taken.text, "");
    let id = SandboxId::new("scripted-1").unwrap();
    assert_eq!(heard.next().await, Some(Wakeup::Sandbox { id }));
}

#[tokio::test]
async fn the_headers_of_the_specification_are_known_too() {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let taken = answer(&Hooked::new().router(), STOPPED.under(names)).await;
    assert_eq!(taken.status, StatusCode::NO_CONTENT, "{taken:?}");
}

#[tokio::test]
async fn other_events_are_taken_and_tell_nobody() {
    let hooked = Hooked::new();
    let mut heard = hooked.store.wakeups();
    let taken = answer(&hooked.router(), SNAPSHOT.request()).await;
    assert_eq!(taken.status, StatusCode::NO_CONTENT, "{taken:?}");
    assert_eq!(heard.next().now_or_never(), None);
}

#[tokio::test]
async fn what_is_not_signed_with_the_secret_is_refused_and_tells_nobody() {
    let hooked = Hooked::new();
    let mut heard = hooked.store.wakeups();
    let router = hooked.router();
    let tampered = Signed {
        body: r#"{"event":"sandbox.state.updated","id":"scripted-2"}"#,
        ..STOPPED
    };
    let none = Signed {
        signature: "",
        ..STOPPED
    };
    for signed in [STOPPED_BY_NEW, tampered, none] {
        assert_refused(&answer(&router, signed.request()).await);
    }
    for name in ["svix-id", "svix-timestamp", "svix-signature"] {
        let mut request = STOPPED.request();
        request.headers_mut().remove(name);
        assert_refused(&answer(&router, request).await);
        let mut request = STOPPED.request();
        request
            .headers_mut()
            .insert(name, "1767225601".parse().unwrap());
        assert_refused(&answer(&router, request).await);
    }
    assert_eq!(heard.next().now_or_never(), None);
}

#[tokio::test]
async fn a_webhook_of_long_ago_is_refused() {
    let hooked = Hooked::new();
    let router = hooked.router();
    hooked.clock.advance(Duration::from_mins(5));
    let late = answer(&router, STOPPED.request()).await;
    assert_eq!(late.status, StatusCode::NO_CONTENT);
    hooked.clock.advance(Duration::from_secs(1));
    assert_refused(&answer(&router, STOPPED.request()).await);
}

#[tokio::test]
async fn a_webhook_of_the_future_is_refused() {
    let mut hooked = Hooked::new();
    let six_minutes_before = spec_core::clock::Timestamp::from_micros(1_767_225_240_000_000);
    hooked.clock = ManualClock::starting_at(six_minutes_before);
    let router = hooked.router();
    assert_refused(&answer(&router, STOPPED.request()).await);
    hooked.clock.advance(Duration::from_mins(1));
    let early = answer(&router, STOPPED.request()).await;
    assert_eq!(early.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn while_a_secret_is_replaced_both_are_good() {
    let hooked = Hooked::new();
    let router = route(hooked.machine(), secrets([NEW_SECRET, SECRET]));
    let by_both = [STOPPED_BY_NEW.signature, STOPPED.signature].join(" ");
    let mut of_both = STOPPED.request();
    of_both
        .headers_mut()
        .insert("svix-signature", by_both.parse().unwrap());
    for request in [STOPPED.request(), STOPPED_BY_NEW.request(), of_both] {
        let taken = answer(&router, request).await;
        assert_eq!(taken.status, StatusCode::NO_CONTENT, "{taken:?}");
    }
    // A sender that is already further signs with one that is not known here, too.
    let mut of_both = STOPPED.request();
    of_both
        .headers_mut()
        .insert("svix-signature", by_both.parse().unwrap());
    let taken = answer(&hooked.router(), of_both).await;
    assert_eq!(taken.status, StatusCode::NO_CONTENT, "{taken:?}");
}

#[tokio::test]
async fn what_is_signed_and_makes_no_sense_is_told_so() {
    let router = Hooked::new().router();
    answer(&router, NOT_JSON.request()).await.problem(400);
    let answered = answer(&router, NO_ID.request()).await;
    assert!(answered.problem(422).contains(&"body"), "{answered:?}");
    let answered = answer(&router, NO_EVENT.request()).await;
    assert!(answered.problem(422).contains(&"body"), "{answered:?}");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_not_read_to_its_end() {
    let router = Hooked::new().router();
    let mut request = STOPPED.request();
    *request.body_mut() = Body::from("x".repeat(64 * 1024 + 1));
    answer(&router, request).await.problem(413);
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let router = Hooked::new().router();
    let request = Request::get("/hooks/daytona").body(Body::empty()).unwrap();
    answer(&router, request).await.problem(405);
}

#[tokio::test]
async fn a_store_that_is_down_makes_the_sender_deliver_again() {
    let hooked = Hooked::new();
    let mut heard = hooked.store.wakeups();
    let plan = FaultPlan::nth(1, FaultMode::Before);
    let store = FaultyStore::new(Arc::clone(&hooked.store), plan);
    let router = route(hooked.machine_over(store), secrets([SECRET]));
    let down = answer(&router, STOPPED.request()).await;
    down.problem(503);
    assert!(!down.header("retry-after").is_empty());
    assert_eq!(heard.next().now_or_never(), None);
    let again = answer(&router, STOPPED.request()).await;
    assert_eq!(again.status, StatusCode::NO_CONTENT);
    assert!(heard.next().now_or_never().is_some());
}

/// A machine that drives, and a spec whose run it follows, which fails at its first failure.
struct Driven {
    machine: DynSpecStateMachine,
    spec: SpecId,
    runners: JoinSet<()>,
}

impl Driven {
    async fn new(hooked: &Hooked) -> Self {
        let machine = hooked.machine();
        let mut runners = JoinSet::new();
        let runner = machine.clone();
        runners.spawn(async move { runner.run(CancellationToken::new()).await.unwrap() });
        let policy = Policy {
            max_attempts: 1,
            max_repairs: 0,
            ..Policy::default()
        };
        let owner = UserId::new("ada").unwrap();
        let title = Title::new("t").unwrap();
        let description = Description::new("d").unwrap();
        let request = LaunchRequest::new(owner, title, description).with_policy(policy);
        let spec = machine.launch(request).await.unwrap().spec().id;
        looks(hooked, 1).await;
        Self {
            machine,
            spec,
            runners,
        }
    }

    /// Waits for the end of the spec, and says why it failed.
    async fn end(mut self) -> FailureKind {
        let events = self.machine.watch(self.spec, Sequence::default());
        let end = tokio::time::timeout(PATIENCE, events.count()).await;
        assert!(end.is_ok(), "nobody looked");
        self.runners.shutdown().await;
        let spec = self.machine.get(self.spec).await.unwrap();
        spec.failure.unwrap().kind
    }
}

/// Waits until the output of a run was asked for so many times.
async fn looks(hooked: &Hooked, number: usize) {
    let is_look = |call: &&SpawnerCall| matches!(call, SpawnerCall::Output { .. });
    let looked = async {
        while hooked.spawner.calls().iter().filter(is_look).count() < number {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, looked).await.unwrap();
}

/// Nothing but the webhook tells anybody: time stands still, and the stream stays silent.
#[tokio::test]
async fn a_sandbox_that_was_lost_in_silence_fails_its_spec_because_of_the_webhook() {
    let hooked = Hooked::new();
    let driven = Driven::new(&hooked).await;
    let lost = hooked.spawner.live()[0];
    hooked.spawner.lose_silently(lost);
    let router = route(driven.machine.clone(), secrets([SECRET]));
    let taken = answer(&router, STOPPED.request()).await;
    assert_eq!(taken.status, StatusCode::NO_CONTENT, "{taken:?}");
    assert_eq!(driven.end().await, FailureKind::SandboxLost);
}

#[tokio::test]
async fn a_replica_that_drives_nothing_passes_the_webhook_on() {
    let hooked = Hooked::new();
    let driven = Driven::new(&hooked).await;
    let lost = hooked.spawner.live()[0];
    hooked.spawner.lose_silently(lost);
    let taken = answer(&hooked.router(), STOPPED.request()).await;
    assert_eq!(taken.status, StatusCode::NO_CONTENT, "{taken:?}");
    assert_eq!(driven.end().await, FailureKind::SandboxLost);
}

#[tokio::test]
async fn a_webhook_that_is_played_again_does_no_harm() {
    let hooked = Hooked::new();
    let driven = Driven::new(&hooked).await;
    let router = hooked.router();
    for _time in 0..20 {
        let taken = answer(&router, STOPPED.request()).await;
        assert_eq!(taken.status, StatusCode::NO_CONTENT, "{taken:?}");
    }
    looks(&hooked, 2).await;
    let spec = driven.machine.get(driven.spec).await.unwrap();
    assert_eq!(spec.failure, None);
    assert!(spec.sandbox_id().is_some());
    hooked.spawner.lose(hooked.spawner.live()[0]);
    assert_eq!(driven.end().await, FailureKind::SandboxLost);
}
