//! Clauses about [`artifact`](crate::SpecStore::artifact) and
//! [`artifacts`](crate::SpecStore::artifacts).

use super::bench::Bench;
use super::{StoreFixture, sample};
use crate::artifact::Artifact;
use crate::id::{ArtifactVersion, AttemptKey, AttemptNumber, SpecId};
use crate::phase::Phase;
use crate::store::Commit;

fn artifact(bench: &Bench<'_>, spec_id: SpecId, phase: Phase, version: u32) -> Artifact {
    let key = AttemptKey {
        spec_id,
        phase,
        attempt: AttemptNumber::new(1),
    };
    sample::artifact(key, ArtifactVersion::new(version), bench.now())
}

/// Commits a step together with artifacts.
async fn add(bench: &Bench<'_>, id: SpecId, artifacts: &[Artifact]) {
    let spec = bench.stored(id).await.spec;
    let mut transition = sample::step(&spec, bench.now());
    transition.artifacts = artifacts.to_vec();
    bench.commit(transition).await;
}

/// Every version stays readable; without a version, the newest is meant.
pub async fn artifact_finds_each_version_and_the_newest(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.launch().await.spec.id;
    let read = async |phase, version: Option<u32>| {
        let version = version.map(ArtifactVersion::new);
        bench.store.artifact(id, phase, version).await.unwrap()
    };
    assert_eq!(read(Phase::Explore, None).await, None);

    let versions = [1, 2, 3].map(|version| artifact(&bench, id, Phase::Design, version));
    let [first, second, third] = &versions;
    add(&bench, id, &versions[..2]).await;
    assert_eq!(read(Phase::Design, None).await.as_ref(), Some(second));
    add(&bench, id, &versions[2..]).await;
    assert_eq!(read(Phase::Design, None).await.as_ref(), Some(third));
    assert_eq!(read(Phase::Design, Some(1)).await.as_ref(), Some(first));
    assert_eq!(read(Phase::Design, Some(2)).await.as_ref(), Some(second));
    assert_eq!(read(Phase::Design, Some(4)).await, None);
    assert_eq!(read(Phase::Tasks, None).await, None);
}

/// A version that exists is never written again, and the attempt changes nothing.
pub async fn artifact_versions_are_never_replaced(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.launch().await.spec.id;
    let kept = artifact(&bench, id, Phase::Explore, 1);
    add(&bench, id, std::slice::from_ref(&kept)).await;
    let before = bench.consistent(id).await;

    let mut commit = Commit::new(sample::step(&before.spec, bench.now()));
    commit.artifacts = vec![
        artifact(&bench, id, Phase::Requirements, 1),
        Artifact {
            content: "replaced".into(),
            ..kept.clone()
        },
    ];
    bench.store.commit(commit).await.unwrap_err();
    assert_eq!(bench.consistent(id).await, before);
    assert_eq!(bench.store.artifacts(id).await.unwrap(), [kept]);
}

/// The newest of each phase, in the order of the phases and not of their names or insertion.
pub async fn artifacts_are_the_newest_of_each_phase_in_order(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.launch().await.spec.id;
    let made = |phase, version| artifact(&bench, id, phase, version);
    add(
        &bench,
        id,
        &[made(Phase::Tasks, 1), made(Phase::Explore, 1)],
    )
    .await;
    add(
        &bench,
        id,
        &[made(Phase::Requirements, 1), made(Phase::Design, 1)],
    )
    .await;
    add(&bench, id, &[made(Phase::Explore, 2)]).await;
    assert_eq!(
        bench.store.artifacts(id).await.unwrap(),
        [
            made(Phase::Explore, 2),
            made(Phase::Requirements, 1),
            made(Phase::Design, 1),
            made(Phase::Tasks, 1),
        ]
        .map(|expected| Artifact {
            created_at: bench.now(),
            ..expected
        })
    );
}

/// Each spec shows its own artifacts only.
pub async fn artifacts_of_one_spec_never_show_in_another(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (one, other) = (bench.launch().await.spec.id, bench.launch().await.spec.id);
    let kept = artifact(&bench, one, Phase::Explore, 1);
    add(&bench, one, std::slice::from_ref(&kept)).await;
    assert_eq!(bench.store.artifacts(one).await.unwrap(), [kept]);
    assert_eq!(bench.store.artifacts(other).await.unwrap(), []);
    let missing = bench.store.artifact(other, Phase::Explore, None);
    assert_eq!(missing.await.unwrap(), None);
}
