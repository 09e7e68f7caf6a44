//! The suite is tested too: for every fault there is a case that fails because of it.

use spec_core::testing::broken::Fault;
use spec_core::testing::conformance::store::{
    announce, append, artifacts, cancellation, claim, commit, create, duty, fair, fence, give_back,
    handover, lease, list, purge, races, wakeups,
};
use tokio::task::JoinSet;

use crate::fixture::MemoryFixture;

macro_rules! caught {
    ($($name:ident: $fault:ident by $topic:ident::$case:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                $topic::$case(&MemoryFixture::healthy()).await;
                let mut cases = JoinSet::new();
                cases.spawn(async {
                    $topic::$case(&MemoryFixture::broken(Fault::$fault)).await;
                });
                let outcome = cases.join_next().await.unwrap();
                assert!(
                    outcome.is_err_and(|error| error.is_panic()),
                    "{} passes on a store that is broken: {:?}",
                    stringify!($case),
                    Fault::$fault,
                );
            }
        )+
    };
}

caught! {
    a_store_that_ignores_the_revision_is_caught:
        IgnoresRevision by commit::commit_refuses_a_stale_revision,
    a_store_that_ignores_the_fence_is_caught:
        IgnoresFence by fence::commit_is_fenced_by_a_later_claim,
    a_store_that_drops_events_is_caught:
        DropsEvents by commit::commit_stores_state_events_and_artifacts_together,
    a_store_that_keeps_events_of_refused_commits_is_caught:
        KeepsEventsOfRefusedCommits by commit::commit_refuses_a_stale_revision,
    a_store_that_stops_halfway_is_caught:
        StopsHalfway by cancellation::dropped_commits_are_done_or_not_done,
    a_store_that_reuses_places_is_caught:
        ReusesSequence by append::sequences_stay_dense_across_commits_and_appends,
    a_store_that_forgets_keys_is_caught:
        ForgetsIdempotencyKey by create::racing_creates_with_one_key_store_one_spec,
    a_store_that_hands_out_twice_is_caught:
        ClaimsTwice by claim::claim_never_hands_out_a_spec_twice,
    a_store_that_hands_out_what_waits_for_a_person_is_caught:
        ClaimsWhatWaits by claim::claim_leaves_alone_what_waits_for_a_person,
    a_store_that_leaves_the_sandboxes_of_what_waits_is_caught:
        ClaimsOnlyExecuting by claim::claim_leaves_alone_what_waits_for_a_person,
    a_store_that_never_goes_on_after_an_end_is_caught:
        ClaimsNothingThatHadEnded by claim::claim_hands_out_what_had_completed_and_is_done_again,
    a_store_that_ignores_the_state_format_is_caught:
        IgnoresMachineVersion by claim::claim_leaves_newer_state_formats_alone,
    a_store_that_does_not_count_claims_is_caught:
        CountsNoClaims by claim::claim_counts_the_runners_that_died_without_progress,
    a_store_that_forgives_expired_runners_is_caught:
        ForgivesExpiredRunners by lease::heartbeat_refuses_an_expired_runner,
    a_store_that_forgets_the_checkpoint_is_caught:
        ForgetsCheckpoint by append::append_keeps_the_revision_and_stores_the_checkpoint,
    a_store_that_loses_an_artifact_is_caught:
        LosesArtifact by artifacts::artifacts_are_the_newest_of_each_phase_in_order,
    a_store_whose_list_skips_is_caught:
        ListSkips by list::list_pages_hold_every_spec_once,
    a_store_that_ignores_a_search_is_caught:
        IgnoresSearch by list::list_finds_a_part_of_a_title_in_any_case,
    a_store_that_takes_wildcards_is_caught:
        SearchTakesWildcards by list::list_takes_every_character_of_a_search_as_it_is,
    a_store_that_folds_ascii_only_is_caught:
        SearchFoldsAsciiOnly by list::list_finds_a_part_of_a_title_in_any_case,
    a_store_that_searches_within_pages_is_caught:
        SearchesWithinPages by list::list_pages_of_a_search_hold_every_match_once,
    a_store_that_cuts_time_is_caught:
        CutsTime by create::create_keeps_time_to_the_microsecond,
    a_store_that_wakes_nobody_is_caught:
        WakesNobody by wakeups::wakeups_reach_every_listener_after_every_change,
    a_store_that_calls_for_runners_in_vain_is_caught:
        CallsAllDue by wakeups::wakeups_about_held_specs_call_nobody,
    a_store_that_announces_nothing_is_caught:
        AnnouncesNothing by announce::announcements_reach_every_listener,
    a_store_that_cuts_announcements_is_caught:
        CutsAnnouncements by announce::announcements_tell_of_the_sandbox_that_was_named,
    a_store_that_hands_new_specs_to_nobody_is_caught:
        IgnoresRunnerOfNewSpecs by handover::create_hands_the_spec_to_its_runner,
    a_store_that_hands_new_specs_to_the_dead_is_caught:
        HandsNewSpecsToTheDead by handover::create_hands_nothing_to_a_runner_without_a_lease,
    a_store_that_counts_merged_commits_as_one_is_caught:
        CountsOneRevision by commit::commit_stores_several_revisions_at_once,
    a_store_that_keeps_specs_after_a_commit_is_caught:
        KeepsAfterCommit by give_back::commit_and_release_lets_another_runner_claim,
    a_store_that_lets_commands_release_is_caught:
        ReleasesWithoutLease by give_back::commit_and_release_without_a_lease_takes_nothing_away,
    a_store_that_releases_after_a_refusal_is_caught:
        ReleasesRefusedCommits by give_back::refused_commits_release_nothing,
    a_store_that_loses_releases_is_caught:
        LosesReleases by races::racing_claims_and_releases_lose_nothing,
    a_store_that_ignores_the_cap_is_caught:
        IgnoresCap by fair::claim_keeps_every_project_within_the_cap,
    a_store_that_checks_the_cap_too_early_is_caught:
        ChecksCapTooEarly by fair::racing_claims_never_exceed_the_cap,
    a_store_that_gives_no_turns_is_caught:
        GivesNoTurns by fair::claim_lets_projects_take_turns,
    a_store_that_elects_everybody_is_caught:
        ElectsEverybody by duty::racing_leaders_have_one_winner,
    a_store_that_deposes_nobody_is_caught:
        DeposesNobody by duty::lead_passes_on_after_the_term_and_not_before,
    a_store_that_mixes_duties_is_caught:
        MixesDuties by duty::duties_do_not_disturb_each_other,
    a_store_that_purges_too_early_is_caught:
        PurgesTooEarly by purge::purge_deletes_what_was_archived_before_and_nothing_else,
    a_store_that_purges_without_limit_is_caught:
        PurgesWithoutLimit by purge::purge_deletes_no_more_than_its_limit,
    a_store_that_keeps_the_events_of_the_deleted_is_caught:
        PurgeKeepsEvents by purge::purge_leaves_nothing_of_a_spec,
    a_store_that_keeps_the_keys_of_the_deleted_is_caught:
        PurgeKeepsKeys by purge::purge_leaves_nothing_of_a_spec,
}
