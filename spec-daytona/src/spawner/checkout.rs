//! Checking the repository out in a sandbox: a run like any other, so that it survives its host and is
//! done once.

use std::time::Duration;

use spec_core::id::CommitId;
use spec_core::sandbox::{
    Checkout, CheckoutRef, RunEnd, Secret, SpawnError, SpawnErrorKind, SpawnRequest, git,
};

use super::follow::Reading;
use super::place::{Place, SHORT};
use super::shared::Shared;
use crate::client::Upload;
use crate::script::{CHECKOUT, FILES};

/// Longest account of git's that is read.
const MAX_COMPLAINT: usize = 4000;

/// Refuses what cannot be checked out anywhere.
pub(super) fn check(checkout: &Checkout) -> Result<(), SpawnError> {
    git::refuse_password_in(&checkout.url)?;
    let name = match &checkout.reference {
        CheckoutRef::Default => "",
        CheckoutRef::Name(name) => name,
        CheckoutRef::Commit(commit) if commit.as_str().bytes().all(|b| b.is_ascii_hexdigit()) => "",
        CheckoutRef::Commit(commit) => {
            let message = format!("`{commit}` is not a commit hash");
            return Err(SpawnError::new(SpawnErrorKind::Rejected, message));
        }
    };
    if [checkout.url.as_str(), name]
        .iter()
        .any(|text| text.contains(['\0', '\n']))
    {
        let message = "the repository's URL or reference holds a line break or a NUL character";
        return Err(SpawnError::new(SpawnErrorKind::Rejected, message));
    }
    Ok(())
}

impl Shared {
    /// Puts the scripts into the sandbox and has the repository checked out.
    pub(super) async fn check_out(
        &self,
        place: &Place,
        request: &SpawnRequest,
    ) -> Result<CommitId, SpawnError> {
        self.install(place, request).await?;
        for endpoint in &self.client.config().required_endpoints {
            self.reach(place, request, endpoint.as_str()).await?;
        }
        let limit = self.client.config().checkout_limit;
        let uploads = inputs(place, &request.checkout);
        self.prepare(place, request.key, CHECKOUT, &place.folders.root, uploads)
            .await?;
        self.launch(place, request.key, CHECKOUT, limit).await?;
        let (reading, end) = self.await_end(place, request, limit).await?;
        let failed = |kind, message: String| Err(SpawnError::new(kind, message));
        match end {
            RunEnd::Exited { code: 0 } => {
                let commit = reading.stdout.trim();
                CommitId::new(commit).map_err(|invalid| {
                    let message = "git answered no commit hash in the sandbox";
                    SpawnError::new(SpawnErrorKind::Internal, message).with_source(invalid)
                })
            }
            RunEnd::Exited { .. } => {
                self.forget(place, request).await?;
                Err(git::refusal(&without_secrets(
                    &reading.stderr,
                    &request.checkout,
                )))
            }
            RunEnd::TimedOut => {
                self.forget(place, request).await?;
                let message = format!("git was not done after {} seconds", limit.as_secs());
                failed(SpawnErrorKind::Timeout, message)
            }
            RunEnd::Signaled { .. } | RunEnd::Lost { .. } => {
                self.forget(place, request).await?;
                failed(
                    SpawnErrorKind::Unavailable,
                    format!("git {end} in the sandbox"),
                )
            }
        }
    }

    /// Makes the folders and puts the scripts there.
    async fn install(&self, place: &Place, request: &SpawnRequest) -> Result<(), SpawnError> {
        let (key, id) = (request.key, &place.id);
        let incoming = place.folders.incoming();
        let make = place.folders.make(&incoming);
        let said = self
            .insist(key, id, "make folders", || {
                self.command(&place.toolbox, "mkdir", &make, SHORT)
            })
            .await?;
        let missing: Vec<&str> = said
            .lines()
            .filter_map(|line| line.strip_prefix("missing "))
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "the sandbox lacks {}: use a snapshot or an image that has them",
                missing.join(", ")
            );
            return Err(SpawnError::new(SpawnErrorKind::Rejected, message));
        }
        let uploads = FILES.map(|(name, text)| Upload {
            path: format!("{incoming}/{name}"),
            content: text.into(),
        });
        let install = place.folders.install(&incoming);
        // The upload is done again with what follows it: the scripts may have moved by then.
        self.insist(key, id, "install the scripts", || async {
            place.toolbox.upload(&self.client, &uploads).await?;
            self.command(&place.toolbox, "install", &install, SHORT)
                .await
        })
        .await
        .map(drop)
    }

    /// Refuses a sandbox from which an address cannot be reached.
    async fn reach(
        &self,
        place: &Place,
        request: &SpawnRequest,
        endpoint: &str,
    ) -> Result<(), SpawnError> {
        let mut waits = self.waits(SHORT);
        loop {
            let said = self
                .insist(request.key, &place.id, "use the network", || async {
                    self.verb(place, "reach", &[endpoint], SHORT).await
                })
                .await?;
            // What an HTTP server answers to git matters not, as long as it answers.
            if said.is_empty() || git::refusal(&said).kind() != SpawnErrorKind::Unavailable {
                return Ok(());
            }
            let Some(wait) = waits.next() else {
                let reason = git::refusal(&said);
                let message = format!(
                    "the sandbox cannot reach {endpoint}, which its programs need: check the network \
                     policy and the tier of the organization"
                );
                return Err(SpawnError::new(SpawnErrorKind::Rejected, message).with_source(reason));
            };
            tokio::time::sleep(wait).await;
        }
    }

    async fn await_end(
        &self,
        place: &Place,
        request: &SpawnRequest,
        limit: Duration,
    ) -> Result<(Reading, RunEnd), SpawnError> {
        let mut reading = Reading::default();
        let mut waits = self.waits(limit.saturating_add(SHORT));
        loop {
            let frames = self
                .insist(request.key, &place.id, "look at the checkout", || {
                    self.poll(place, CHECKOUT, reading.cursor)
                })
                .await?;
            if let Some(end) = reading.take(frames, MAX_COMPLAINT)? {
                return Ok((reading, end));
            }
            let Some(wait) = waits.next() else {
                let message = "the checkout in the sandbox is neither done nor ended";
                return Err(SpawnError::new(SpawnErrorKind::Timeout, message));
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Lets the next call try again.
    async fn forget(&self, place: &Place, request: &SpawnRequest) -> Result<(), SpawnError> {
        self.insist(
            request.key,
            &place.id,
            "forget a failed checkout",
            || async { self.verb(place, "forget-run", &[CHECKOUT], SHORT).await },
        )
        .await
        .map(drop)
    }
}

/// What the checkout is told, in files: credentials are in no command, no variable and no URL.
fn inputs(place: &Place, checkout: &Checkout) -> Vec<(&'static str, Vec<u8>)> {
    let (url, user) = git::split_user(&checkout.url);
    let (kind, name) = match &checkout.reference {
        CheckoutRef::Default => ("default", ""),
        CheckoutRef::Name(name) => ("name", name.as_str()),
        CheckoutRef::Commit(commit) => ("commit", commit.as_str()),
    };
    let user = checkout.username.as_deref().or(user);
    let password = checkout.password.as_ref().map(Secret::expose);
    let launch = format!(
        "exec {}\n",
        place.folders.verb("checkout", &[&place.folders.root])
    );
    vec![
        ("launch.sh", launch.into_bytes()),
        ("url", url.into_bytes()),
        ("kind", kind.into()),
        ("name", name.into()),
        ("username", user.unwrap_or(git::TOKEN_USER).into()),
        ("password", password.unwrap_or_default().into()),
    ]
}

fn without_secrets(complaint: &str, checkout: &Checkout) -> String {
    let (_, user) = git::split_user(&checkout.url);
    let mut text = complaint.to_owned();
    let password = checkout.password.as_ref().map(Secret::expose);
    for secret in [password, user].into_iter().flatten() {
        if !secret.is_empty() {
            text = text.replace(secret, "[redacted]");
        }
    }
    text
}
