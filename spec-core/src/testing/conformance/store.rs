//! What every [`SpecStore`] has to pass: one module per topic, one function per clause of the
//! contract. [`store_conformance!`](crate::store_conformance) turns all of them into tests.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a case fails by panicking, as every test does"
)]

pub mod announce;
pub mod append;
pub mod artifacts;
mod bench;
pub mod cancellation;
pub mod claim;
pub mod commit;
pub mod corruption;
pub mod create;
pub mod durability;
pub mod duty;
pub mod events;
pub mod fair;
pub mod fence;
pub mod give_back;
pub mod handover;
pub mod lease;
pub mod list;
pub mod purge;
pub mod races;
mod sample;
pub mod wakeups;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::id::{Sequence, SpecId};
use crate::store::SpecStore;

/// Makes stores for the suite, and does to them what a store cannot do to itself.
///
/// Each case makes a fixture of its own and calls [`fresh`](Self::fresh) once; the other calls are
/// about that store.
#[async_trait]
pub trait StoreFixture: fmt::Debug + Send + Sync {
    /// An empty store that nobody else uses.
    async fn fresh(&self) -> Arc<dyn SpecStore>;

    /// Closes the store and opens what it has kept; `None` when it is not meant to keep anything.
    async fn reopen(&self, old: Arc<dyn SpecStore>) -> Option<Arc<dyn SpecStore>>;

    /// Makes the stored state of a spec unreadable, behind the store's back; `false` when there is no
    /// way to.
    async fn corrupt(&self, id: SpecId) -> bool;

    /// Gives a stored event a name that no version knows; `false` when there is no way to.
    async fn corrupt_event(&self, id: SpecId, sequence: Sequence) -> bool;

    /// The time, as the store sees it.
    fn now(&self) -> Timestamp;

    /// Lets time pass for the store without waiting: leases and duties run out, specs
    /// become due.
    async fn advance(&self, duration: Duration);
}

/// Says that a case could not be run, so that nobody takes it for passed unseen.
#[expect(clippy::print_stderr, reason = "test output, shown on demand")]
fn not_run(why: &str) {
    eprintln!("not run: {why}");
}

/// Expands to one test per clause of the contract of [`SpecStore`].
///
/// Takes an expression that makes a [`StoreFixture`]; it is evaluated anew for every test. The crate
/// that uses it needs `tokio` with the features `macros` and `rt-multi-thread`.
///
/// ```
/// # mod example {
/// # use spec_core::testing::conformance::store::StoreFixture;
/// # fn fixture() -> impl StoreFixture { Nothing }
/// # use std::{sync::Arc, time::Duration};
/// # use spec_core::{clock::Timestamp, id::{Sequence, SpecId}, store::{MemoryStore, SpecStore}};
/// # #[derive(Debug)] struct Nothing;
/// # #[async_trait::async_trait] impl StoreFixture for Nothing {
/// #     async fn fresh(&self) -> Arc<dyn SpecStore> { Arc::new(MemoryStore::default()) }
/// #     async fn reopen(&self, _: Arc<dyn SpecStore>) -> Option<Arc<dyn SpecStore>> { None }
/// #     async fn corrupt(&self, _: SpecId) -> bool { false }
/// #     async fn corrupt_event(&self, _: SpecId, _: Sequence) -> bool { false }
/// #     fn now(&self) -> Timestamp { Timestamp::from_micros(0) }
/// #     async fn advance(&self, _: Duration) {}
/// # }
/// mod my_store {
///     spec_core::store_conformance!(super::fixture());
/// }
/// # }
/// ```
#[macro_export]
macro_rules! store_conformance {
    ($fixture:expr) => {
        $crate::__store_cases! { $fixture;
            create::create_keeps_every_field,
            create::create_keeps_the_longest_description,
            create::create_keeps_time_to_the_microsecond,
            create::create_refuses_a_taken_id,
            create::create_with_a_used_key_returns_the_earlier_spec_as_it_is_now,
            create::create_keeps_the_keys_of_owners_apart,
            create::racing_creates_with_one_key_store_one_spec,
            create::get_finds_nothing_under_an_unknown_id,

            handover::create_hands_the_spec_to_its_runner,
            handover::heartbeat_lists_what_was_created_for_its_runner,
            handover::create_hands_nothing_to_a_runner_without_a_lease,
            handover::create_hands_nothing_over_that_is_not_due,
            handover::create_with_a_used_key_hands_nothing_over,
            handover::create_for_a_runner_counts_as_a_claim,
            handover::racing_creates_with_one_key_hand_the_spec_to_one_runner,

            commit::commit_stores_state_events_and_artifacts_together,
            commit::commit_refuses_a_stale_revision,
            commit::commit_refuses_an_unknown_spec,
            commit::commit_refuses_to_keep_the_revision,
            commit::commit_stores_several_revisions_at_once,
            commit::commit_keeps_the_checkpoint,
            commit::a_spec_walks_from_launch_to_completion,

            give_back::commit_and_release_lets_another_runner_claim,
            give_back::commit_and_release_ends_the_lease,
            give_back::commit_and_release_is_not_fruitless,
            give_back::commit_and_release_of_a_spec_that_waits_keeps_it_waiting,
            give_back::commit_and_release_without_a_lease_takes_nothing_away,
            give_back::refused_commits_release_nothing,

            fence::commit_is_fenced_by_a_later_claim,
            fence::commit_reports_the_fence_before_the_conflict,
            fence::commit_is_fenced_after_the_lease_was_given_back,
            fence::commit_is_fenced_under_the_lease_of_another_spec,
            fence::commit_under_an_expired_lease_succeeds_until_somebody_takes_over,
            fence::commit_without_a_lease_succeeds_while_a_runner_holds_the_spec,
            fence::append_is_fenced_by_a_later_claim,

            append::append_keeps_the_revision_and_stores_the_checkpoint,
            append::append_moves_the_checkpoint_without_events,
            append::append_refuses_an_unknown_spec,
            append::append_tells_the_revision_after_a_command,
            append::sequences_stay_dense_across_commits_and_appends,

            events::events_come_in_order_after_a_place_and_up_to_a_limit,
            events::events_of_one_spec_never_show_in_another,
            events::events_of_an_unknown_spec_are_empty,

            artifacts::artifact_finds_each_version_and_the_newest,
            artifacts::artifact_versions_are_never_replaced,
            artifacts::artifacts_are_the_newest_of_each_phase_in_order,
            artifacts::artifacts_of_one_spec_never_show_in_another,

            list::list_shows_the_newest_first,
            list::list_shows_what_get_shows,
            list::list_filters_by_project_owner_and_status,
            list::list_finds_a_part_of_a_title_in_any_case,
            list::list_takes_every_character_of_a_search_as_it_is,
            list::list_searches_among_what_the_other_filters_leave,
            list::list_pages_of_a_search_hold_every_match_once,
            list::list_hides_archived_specs_unless_asked,
            list::list_pages_hold_every_spec_once,
            list::list_pages_do_not_shift_when_specs_are_created,

            claim::claim_hands_out_what_is_due_and_nothing_else,
            claim::claim_hands_out_what_had_failed_and_goes_on,
            claim::claim_leaves_alone_what_waits_for_a_person,
            claim::claim_hands_out_what_had_completed_and_is_done_again,
            claim::claim_hands_out_the_longest_due_first,
            claim::claim_hands_out_no_more_than_asked_for,
            claim::claim_never_hands_out_a_spec_twice,
            claim::claim_takes_only_the_spec_asked_for,
            claim::claim_leaves_newer_state_formats_alone,
            claim::claim_waits_until_a_spec_is_due,
            claim::claim_raises_the_epoch,
            claim::claim_takes_over_from_an_expired_runner,
            claim::claim_refuses_a_runner_without_a_lease,
            claim::claim_counts_the_runners_that_died_without_progress,

            fair::claim_keeps_every_project_within_the_cap,
            fair::claim_counts_what_other_runners_hold,
            fair::claim_does_not_count_what_expired_runners_hold,
            fair::claim_lets_projects_take_turns,
            fair::claim_prefers_the_project_that_holds_least,
            fair::claim_without_a_cap_asks_nothing_about_projects,
            fair::claim_with_a_cap_hands_out_what_is_due_and_nothing_else,
            fair::claim_of_one_spec_keeps_to_the_cap,
            fair::claim_with_a_cap_passes_over_an_unreadable_state,
            fair::racing_claims_never_exceed_the_cap,

            lease::heartbeat_lists_what_is_held,
            lease::heartbeat_extends_the_lease,
            lease::heartbeat_refuses_an_expired_runner,
            lease::release_lets_another_runner_claim,
            lease::release_under_a_stale_lease_does_nothing,
            lease::retire_gives_everything_back,

            duty::lead_is_granted_to_one_runner_at_a_time,
            duty::lead_passes_on_after_the_term_and_not_before,
            duty::lead_is_extended_by_asking_again,
            duty::lead_for_no_time_gives_the_duty_back,
            duty::duties_do_not_disturb_each_other,
            duty::racing_leaders_have_one_winner,

            purge::purge_deletes_what_was_archived_before_and_nothing_else,
            purge::purge_deletes_no_more_than_its_limit,
            purge::purge_leaves_nothing_of_a_spec,
            purge::purge_touches_no_other_spec,
            purge::purge_takes_a_spec_from_its_holder,
            purge::racing_purges_count_each_spec_once,

            wakeups::wakeups_reach_every_listener_after_every_change,
            wakeups::wakeups_say_when_somebody_may_claim,
            wakeups::wakeups_about_held_specs_call_nobody,
            wakeups::wakeups_tell_a_slow_listener_that_it_lagged,

            announce::announcements_reach_every_listener,
            announce::announcements_tell_of_the_sandbox_that_was_named,
            announce::announcements_store_nothing_and_call_nobody,

            races::racing_commits_have_one_winner,
            races::racing_claims_hand_out_each_spec_once,
            races::racing_commands_and_appends_lose_nothing,
            races::racing_commits_under_one_lease_have_one_winner,
            races::racing_claims_and_releases_lose_nothing,

            durability::reopening_keeps_specs_events_and_artifacts,
            durability::reopening_keeps_leases_and_keys,
            durability::reopening_keeps_duties,

            corruption::get_reports_an_unreadable_state,
            corruption::claim_skips_an_unreadable_state,
            corruption::list_survives_an_unreadable_state,
            corruption::events_report_an_unknown_name,

            cancellation::dropped_commits_are_done_or_not_done,
            cancellation::dropped_creates_are_done_or_not_done,
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __store_cases {
    ($fixture:expr; $($topic:ident :: $case:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let fixture = $fixture;
                $crate::testing::conformance::store::$topic::$case(&fixture).await;
            }
        )+
    };
}
