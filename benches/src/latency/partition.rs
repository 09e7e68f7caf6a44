//! A runner that can no longer reach the database, and does not know it.

use std::time::Duration;

use anyhow::Result;
use spec_core::clock::{Clock as _, SystemClock};
use tokio::time::sleep;

use super::Options;
use super::proxy::Proxy;
use super::takeover::Scene;
use super::zombie::{PACE, aftermath};
use crate::cluster::Database;
use crate::verdict::{Target, Verdict};

pub(super) async fn measure(database: &Database, options: &Options) -> Result<Vec<Verdict>> {
    let proxy = Proxy::start(&database.url).await?;
    let mut scene = Scene::open(database, options.lease(), PACE).await?;
    scene.plan.url.clone_from(&proxy.url);
    scene.start_runner().await?;
    let (id, pid) = scene.launch().await?;
    // The other one is not cut off.
    scene.plan.url.clone_from(&database.url);
    scene.start_runner().await?;
    sleep(Duration::from_millis(500)).await;
    proxy.cut();
    let (waited, _pid) = scene.next_follower(id, pid).await?;
    let taken = SystemClock.now();
    proxy.mend();
    let lease = options.lease;
    let what = format!("partition to takeover, lease {lease} s");
    let mut verdicts = vec![Verdict::new(what, waited, "s", Target::AtMost(lease + 1.0))];
    verdicts.extend(aftermath(&scene, id, pid, taken).await?);
    Ok(verdicts)
}
