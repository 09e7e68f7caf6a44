//! How sandboxes begin, stop and end, also by themselves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use spec_core::clock::{Clock, SystemClock};
use tokio_util::sync::CancellationToken;

use crate::daytona::Fault;
use crate::daytona::answer::Refusal;
use crate::daytona::sandbox::{CreateSandbox, Record, Sandbox, State};
use crate::daytona::world::{Inner, World};

/// Makes the record and the folder of a sandbox that is `creating`.
pub(crate) fn create(world: &World, request: CreateSandbox) -> Result<Record, Refusal> {
    let id = uuid::Uuid::now_v7().to_string();
    let folder = world.folder.join(&id);
    world.with(|inner| {
        let ttl = request.ttl_minutes.unwrap_or(0);
        let toolbox = format!("{}/toolbox", world.origin);
        let mut record = Record::new(id.clone(), request, toolbox);
        record.set_ttl(ttl, world.options.minute);
        let name = &record.name;
        if inner.find(name).is_ok() {
            return Err(Refusal::conflict(format!(
                "Sandbox with name {name} already exists"
            )));
        }
        let sandbox = Sandbox::new(record.clone(), folder, CancellationToken::new());
        for part in [sandbox.home(), sandbox.daemon()] {
            std::fs::create_dir_all(part).map_err(Refusal::internal)?;
        }
        inner.sandboxes.insert(id, sandbox);
        inner.ledger.created += 1;
        inner.ledger.live.insert(record.name.clone());
        Ok(record)
    })
}

/// Ends a transition, unless the sandbox has meanwhile gone another way.
pub(crate) fn settle(world: &World, id: &str, from: &[State], to: State) {
    world.with(|inner| {
        if let Ok(sandbox) = inner.find_by_id(id)
            && from.contains(&sandbox.record.state)
        {
            sandbox.set_state(to);
            if to == State::Started {
                sandbox.running = CancellationToken::new();
                sandbox.touch();
            }
        }
    });
}

/// Begins the end of a sandbox; what is left of it goes on without the caller.
pub(crate) fn destroy(world: &Arc<World>, inner: &mut Inner, id: &str) {
    let Ok(sandbox) = inner.find_by_id(id) else {
        return;
    };
    if sandbox.record.state == State::Destroying {
        return;
    }
    sandbox.set_state(State::Destroying);
    let name = sandbox.record.name.clone();
    let stamp = SystemClock.now().as_micros() / 1000;
    // At once, so that the name is free.
    sandbox.record.name = format!("DESTROYED_{name}_{stamp}");
    sandbox.running.cancel();
    sandbox.sessions.clear();
    let belonging = sandbox.belonging.clone();
    inner.ledger.live.remove(&name);
    let id = id.to_owned();
    let lags = world.strikes(Fault::DeleteLags);
    let owned = Arc::clone(world);
    world.spawn(async move {
        if lags {
            owned.lag().await;
        }
        let _ended = tokio::task::spawn_blocking(move || belonging.end()).await;
        owned.with(|inner| {
            if let Some(sandbox) = inner.sandboxes.get_mut(&id) {
                sandbox.set_state(State::Destroyed);
                inner.ledger.destroyed += 1;
            }
        });
    });
}

/// Begins the stop of a sandbox, which ends one that is ephemeral.
pub(crate) fn stop(world: &Arc<World>, inner: &mut Inner, id: &str) {
    let Ok(sandbox) = inner.find_by_id(id) else {
        return;
    };
    if sandbox.record.auto_delete == 0 {
        return destroy(world, inner, id);
    }
    if sandbox.record.state != State::Started {
        return;
    }
    sandbox.set_state(State::Stopping);
    sandbox.running.cancel();
    sandbox.sessions.clear();
    let belonging = sandbox.belonging.clone();
    let id = id.to_owned();
    let owned = Arc::clone(world);
    world.spawn(async move {
        let _ended = tokio::task::spawn_blocking(move || belonging.kill_all()).await;
        settle(&owned, &id, &[State::Stopping], State::Stopped);
        owned.with(|inner| {
            if let Ok(sandbox) = inner.find_by_id(&id) {
                sandbox.stopped = Some(Instant::now());
            }
        });
    });
}

/// Kills everything in a sandbox for lack of memory. The daemon is away for some time, then back
/// without any session; the provider sees nothing of it.
pub(crate) fn run_out_of_memory(world: &Arc<World>, inner: &mut Inner, id: &str) {
    let Ok(sandbox) = inner.find_by_id(id) else {
        return;
    };
    // Until everything has been killed, and some time longer.
    sandbox.unreachable_until = Some(Instant::now() + Duration::from_mins(1));
    sandbox.running.cancel();
    sandbox.running = CancellationToken::new();
    sandbox.sessions.clear();
    let belonging = sandbox.belonging.clone();
    let (owned, id) = (Arc::clone(world), id.to_owned());
    world.spawn(async move {
        let _ended = tokio::task::spawn_blocking(move || belonging.kill_all()).await;
        owned.with(|inner| {
            if let Ok(sandbox) = inner.find_by_id(&id) {
                sandbox.unreachable_until = Some(Instant::now() + owned.options.lag);
            }
        });
    });
}

/// Does `fault` to a sandbox shortly after a command began in it.
pub(crate) fn strike_soon(world: &Arc<World>, id: &str, fault: Fault) {
    let id = id.to_owned();
    let owned = Arc::clone(world);
    world.spawn(async move {
        if !owned.wait(owned.options.lag / 3).await {
            return;
        }
        owned.with(|inner| {
            if fault == Fault::Oom {
                run_out_of_memory(&owned, inner, &id);
            } else {
                stop(&owned, inner, &id);
            }
        });
    });
}

/// Ends sandboxes whose time is over and stops those that nobody uses, for as long as the fake lives.
pub(crate) async fn watch(world: Arc<World>) {
    let minute = world.options.minute;
    let tick = (minute / 20).clamp(Duration::from_millis(5), Duration::from_millis(500));
    let over = |since: Instant, minutes: i64| {
        u32::try_from(minutes)
            .is_ok_and(|minutes| minutes > 0 && since.elapsed() >= minute.saturating_mul(minutes))
    };
    while world.wait(tick).await {
        world.with(|inner| {
            let mut ending = Vec::new();
            let mut stopping = Vec::new();
            for (id, sandbox) in &inner.sandboxes {
                let record = &sandbox.record;
                if matches!(record.state, State::Destroyed | State::Destroying) {
                    continue;
                }
                let forgotten = sandbox
                    .stopped
                    .is_some_and(|stopped| over(stopped, record.auto_delete));
                if over(sandbox.born, record.ttl) || (record.state == State::Stopped && forgotten) {
                    ending.push(id.clone());
                } else if record.state == State::Started
                    && sandbox.open == 0
                    && over(sandbox.active, record.auto_stop)
                {
                    stopping.push(id.clone());
                }
            }
            for id in ending {
                destroy(&world, inner, &id);
            }
            for id in stopping {
                stop(&world, inner, &id);
            }
        });
    }
}
