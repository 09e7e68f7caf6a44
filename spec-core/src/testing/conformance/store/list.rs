//! Clauses about [`list`](crate::SpecStore::list).

use super::bench::Bench;
use super::{StoreFixture, sample};
use crate::id::{ProjectId, SpecId};
use crate::machine::{Command, NewSpec};
use crate::spec::Title;
use crate::status::SpecStatus;
use crate::store::{PageLimit, SpecQuery, SpecSummary, TitleSearch};

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
    let mut cancelling = bench.stored(launched.id).await.spec;
    while cancelling.status != SpecStatus::Cancelled {
        let transition = sample::step(&cancelling, bench.now());
        cancelling = transition.spec.clone();
        bench.commit(transition).await;
    }
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

/// A query for what has `text` in its title.
fn search(text: &str) -> SpecQuery {
    SpecQuery {
        search: Some(TitleSearch::new(text).unwrap()),
        ..SpecQuery::default()
    }
}

/// A spec with a title, by `owner` in `project`.
async fn titled(bench: &Bench<'_>, title: &str, project: &str, owner: &str) -> SpecId {
    let new = NewSpec {
        project_id: ProjectId::new(project).unwrap(),
        owner: sample::user(owner),
        title: Title::new(title).unwrap(),
        ..sample::new_spec()
    };
    let created = bench.create(sample::create(new, bench.now())).await;
    created.spec.id
}

/// The titles that a search finds, newest first.
async fn found(bench: &Bench<'_>, text: &str) -> Vec<String> {
    let page = bench.store.list(&search(text)).await.unwrap();
    assert_eq!(page.next, None, "one page holds it all");
    let titles = page.items.into_iter().map(|item| item.title.to_string());
    titles.collect()
}

/// Upper and lower case are the same, in every alphabet, wherever in the title the text stands.
pub async fn list_finds_a_part_of_a_title_in_any_case(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    for title in [
        "Export invoices",
        "ÜBERWEISUNG in die Hauptstraße",
        "Μια οδος",
        "Журнал",
        "İstanbul 🦀",
    ] {
        titled(&bench, title, "api", "ada").await;
    }
    for (text, expected) in [
        ("export", "Export invoices"),
        ("EXPORT INVOICES", "Export invoices"),
        ("t inv", "Export invoices"),
        ("überWEISung", "ÜBERWEISUNG in die Hauptstraße"),
        ("HAUPTSTRASSE", "ÜBERWEISUNG in die Hauptstraße"),
        ("ΟΔΟΣ", "Μια οδος"),
        ("журнал", "Журнал"),
        ("ЖУР", "Журнал"),
        ("i̇stan", "İstanbul 🦀"),
        ("🦀", "İstanbul 🦀"),
    ] {
        assert_eq!(found(&bench, text).await, [expected], "{text}");
    }
    for text in ["uber", "exports", "  ex", "invoices.", "title", "ada", "{"] {
        assert_eq!(found(&bench, text).await, [""; 0], "{text}");
    }
}

/// No character is a wildcard, an escape or the end of a text.
pub async fn list_takes_every_character_of_a_search_as_it_is(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let odd = [
        "%", "_", "\\", "'", "\"", "*", "?", "[a]", "$7", "--", "\\%", "^a", "{}",
    ];
    titled(&bench, "abc xyz", "api", "ada").await;
    for text in odd {
        titled(&bench, &format!("a{text}z"), "api", "ada").await;
    }
    for text in odd {
        let mut expected: Vec<_> = odd
            .iter()
            .filter(|other| other.contains(text))
            .map(|other| format!("a{other}z"))
            .collect();
        expected.reverse();
        assert_eq!(found(&bench, text).await, expected, "{text}");
    }
    for text in ["a%z", "a_z", "a*z", "a\\%z"] {
        assert_eq!(found(&bench, text).await, [text], "{text}");
    }
}

/// Together with the other filters it narrows further.
pub async fn list_searches_among_what_the_other_filters_leave(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut specs = Vec::new();
    for project in ["api", "web"] {
        for owner in ["ada", "grace"] {
            for title in ["Export as CSV", "Import"] {
                let id = titled(&bench, title, project, owner).await;
                specs.push((project, owner, title, id));
            }
        }
    }
    for project in [None, Some("api"), Some("web")] {
        for owner in [None, Some("ada"), Some("grace")] {
            for status in [
                None,
                Some(SpecStatus::Executing),
                Some(SpecStatus::Completed),
            ] {
                for text in ["csv", "PORT", "none"] {
                    let query = SpecQuery {
                        project: project.map(|project| ProjectId::new(project).unwrap()),
                        owner: owner.map(sample::user),
                        status,
                        ..search(text)
                    };
                    let expected: Vec<_> = specs
                        .iter()
                        .rev()
                        .filter(|(p, o, title, _)| {
                            project.is_none_or(|is| is == *p)
                                && owner.is_none_or(|is| is == *o)
                                && title.to_lowercase().contains(&text.to_lowercase())
                                && status != Some(SpecStatus::Completed)
                        })
                        .map(|(.., id)| *id)
                        .collect();
                    assert_eq!(listed(&bench, &query).await, expected, "{query:?}");
                }
            }
        }
    }
}

/// What does not match takes no place on a page.
pub async fn list_pages_of_a_search_hold_every_match_once(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let mut matching = Vec::new();
    for number in 0..5 {
        matching.insert(
            0,
            titled(&bench, &format!("Export {number}"), "api", "ada").await,
        );
        titled(&bench, "Something else", "api", "ada").await;
    }
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let query = SpecQuery {
            before,
            limit: PageLimit::new(2).unwrap(),
            ..search("export")
        };
        let page = bench.store.list(&query).await.unwrap();
        seen.push(page.items.len());
        let ids: Vec<_> = page.items.iter().map(|item| item.id).collect();
        assert_eq!(ids, matching.drain(..ids.len()).collect::<Vec<_>>());
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen, [2, 2, 1]);
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
