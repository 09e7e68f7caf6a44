//! Clauses about [`list`](crate::SpecStore::list).

use super::bench::Bench;
use super::{StoreFixture, sample};
use crate::id::{ProjectId, SpecId};
use crate::machine::{Command, NewSpec};
use crate::status::SpecStatus;
use crate::store::{PageLimit, SpecQuery, SpecSummary};

async fn listed(bench: &Bench<'_>, query: &SpecQuery) -> Vec<SpecId> {
    let page = bench.store.list(query).await.unwrap();
    assert_eq!(page.next, None, "one page holds it all");
    page.items.iter().map(|item| item.id).collect()
}

/// All pages of `limit`, one after the other.
async fn paged(bench: &Bench<'_>, limit: u32, before: Option<SpecId>) -> Vec<SpecId> {
    let limit = PageLimit::new(limit).unwrap();
    let mut ids = Vec::new();
    let mut before = before;
    loop {
        let query = SpecQuery {
            before,
            limit,
            ..SpecQuery::default()
        };
        let page = bench.store.list(&query).await.unwrap();
        assert!(page.items.len() <= usize::try_from(limit.get()).unwrap());
        ids.extend(page.items.iter().map(|item| item.id));
        before = page.next;
        if before.is_none() {
            return ids;
        }
    }
}

/// Whoever looks for the spec just launched finds it on top.
pub async fn list_shows_the_newest_first(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    assert_eq!(listed(&bench, &SpecQuery::default()).await, []);
    let mut ids = Vec::new();
    for _spec in 0..5 {
        ids.insert(0, bench.draft().await.spec.id);
    }
    assert_eq!(listed(&bench, &SpecQuery::default()).await, ids);
}

/// A list shows specs as they were last committed.
pub async fn list_shows_what_get_shows(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let spec = bench.launch().await.spec;
    for step in sample::steps_to_artifact(&spec, bench.now()) {
        bench.commit(step).await;
    }
    let draft = bench.draft().await.spec;
    let page = bench.store.list(&SpecQuery::default()).await.unwrap();
    let expected = [
        SpecSummary::from(&draft),
        SpecSummary::from(&bench.stored(spec.id).await.spec),
    ];
    assert_eq!(page.items, expected);
}

/// Filters narrow the list, alone and together, and follow the latest state.
pub async fn list_filters_by_project_owner_and_status(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut specs = Vec::new();
    for project in ["api", "web"] {
        for owner in ["ada", "grace"] {
            let new = NewSpec {
                project_id: ProjectId::new(project).unwrap(),
                owner: sample::user(owner),
                ..sample::new_spec()
            };
            let spec = bench.create(sample::create(new, bench.now())).await.spec;
            specs.push((project, owner, spec));
        }
    }
    let (_, _, launched) = specs.last().unwrap();
    bench
        .commit(sample::cancel(launched, "ada", bench.now()))
        .await;
    let cancelling = bench.stored(launched.id).await.spec;
    bench.commit(sample::step(&cancelling, bench.now())).await;
    let cancelled = launched.id;

    for project in [None, Some("api"), Some("web"), Some("none")] {
        for owner in [None, Some("ada"), Some("grace"), Some("ad%")] {
            for status in [
                None,
                Some(SpecStatus::Executing),
                Some(SpecStatus::Cancelled),
            ] {
                let query = SpecQuery {
                    project: project.map(|project| ProjectId::new(project).unwrap()),
                    owner: owner.map(sample::user),
                    status,
                    ..SpecQuery::default()
                };
                let expected: Vec<_> = specs
                    .iter()
                    .rev()
                    .filter(|(p, o, _)| {
                        project.is_none_or(|is| is == *p) && owner.is_none_or(|is| is == *o)
                    })
                    .map(|(_, _, spec)| spec.id)
                    .filter(|id| {
                        status.is_none_or(|is| (is == SpecStatus::Cancelled) == (*id == cancelled))
                    })
                    .collect();
                assert_eq!(listed(&bench, &query).await, expected, "{query:?}");
            }
        }
    }
}

/// What was put away is out of the way, and not gone.
pub async fn list_hides_archived_specs_unless_asked(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (archived, kept) = (bench.draft().await.spec, bench.draft().await.spec);
    let by = sample::user("ada");
    let archive = sample::command(&archived, Command::Archive { by }, bench.now());
    bench.commit(archive).await;
    assert_eq!(listed(&bench, &SpecQuery::default()).await, [kept.id]);
    let query = SpecQuery {
        include_archived: true,
        ..SpecQuery::default()
    };
    assert_eq!(listed(&bench, &query).await, [kept.id, archived.id]);
}

/// Pages of any size show every spec once, and none is larger than asked for.
pub async fn list_pages_hold_every_spec_once(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut ids = Vec::new();
    for _spec in 0..7 {
        ids.insert(0, bench.draft().await.spec.id);
    }
    for limit in [1, 2, 3, 6, 7, 8, 1000] {
        assert_eq!(paged(&bench, limit, None).await, ids, "pages of {limit}");
    }
}

/// Specs that are created between two pages neither repeat nor hide one.
pub async fn list_pages_do_not_shift_when_specs_are_created(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut ids = Vec::new();
    for _spec in 0..6 {
        ids.insert(0, bench.draft().await.spec.id);
    }
    let query = SpecQuery {
        limit: PageLimit::new(2).unwrap(),
        ..SpecQuery::default()
    };
    let first = bench.store.list(&query).await.unwrap();
    for _spec in 0..3 {
        bench.draft().await;
    }
    let mut seen: Vec<_> = first.items.iter().map(|item| item.id).collect();
    seen.extend(paged(&bench, 2, first.next).await);
    assert_eq!(seen, ids);
}
