//! What every [`SandboxSpawner`] has to do.
//!
//! An adapter's tests implement [`SpawnerFixture`] and call
//! [`spawner_conformance!`](crate::spawner_conformance), which makes one test of each case.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a failed case is a panic, as in any test"
)]

pub mod ending;
pub mod files;
pub mod output;
pub mod programs;
pub mod spawning;

mod program;
mod repository;
mod stage;

pub use program::SmallProgram;
pub use repository::KnownRepository;
pub use stage::Stage;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::sandbox::SandboxSpawner;

/// Gives the suite what it tests.
#[async_trait]
pub trait SpawnerFixture: fmt::Debug + Send + Sync {
    /// A spawner without sandboxes, that shares them with no other.
    async fn fresh(&self) -> Arc<dyn SandboxSpawner>;

    /// A repository that the spawner can reach.
    fn repository(&self) -> KnownRepository;

    /// Another spawner over the same sandboxes, as after a restart of the host; `None` when they
    /// cannot be shared. A spawner that claims
    /// [`detached_runs`](crate::sandbox::Capabilities::detached_runs) has to have one.
    async fn reopen(&self, old: Arc<dyn SandboxSpawner>) -> Option<Arc<dyn SandboxSpawner>>;

    /// Whether sandboxes run real programs, a POSIX shell among them. If not, the suite is to be
    /// called with `without programs`, and runs must follow [`SmallProgram::script`].
    fn runs_programs(&self) -> bool;
}

/// Makes one test of each case that every spawner has to pass.
///
/// `spawner_conformance!(fixture)` is for spawners that run real programs;
/// `spawner_conformance!(fixture, without programs)` leaves those cases out that need some. The
/// calling crate needs `tokio` with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! spawner_conformance {
    ($fixture:expr) => {
        $crate::spawner_conformance!(@contract $fixture);
        $crate::spawner_conformance!(@cases $fixture, programs: [
            the_fixture_runs_programs,
            the_environment_is_what_was_asked_for,
            secrets_reach_the_program_and_no_command_line,
            a_program_runs_in_the_repository,
            arguments_reach_the_program_unchanged,
            a_missing_program_is_named,
            a_missing_program_that_is_needed_is_named_and_nothing_starts,
            a_program_that_is_needed_can_be_called,
            racing_starts_with_one_run_key_run_the_program_once,
            the_last_line_may_lack_its_end,
            an_exit_code_is_told_from_a_signal,
            a_run_is_ended_when_its_time_is_up,
            lines_are_seen_while_the_program_runs,
            a_long_line_is_cut,
            a_run_outlives_the_spawner_that_started_it,
            an_executable_file_can_be_run,
            a_link_that_leads_out_of_the_sandbox_is_not_read,
            a_file_that_a_program_leaves_is_read,
        ]);
    };
    ($fixture:expr, without programs) => {
        $crate::spawner_conformance!(@contract $fixture);
        $crate::spawner_conformance!(@cases $fixture, programs: [
            the_fixture_runs_no_programs,
        ]);
    };
    (@contract $fixture:expr) => {
        $crate::spawner_conformance!(@cases $fixture, spawning: [
            one_key_yields_one_sandbox,
            racing_spawns_with_one_key_make_one_sandbox,
            the_default_branch_is_checked_out_and_its_commit_reported,
            a_commit_reference_pins_that_commit,
            an_unknown_commit_is_rejected_and_leaves_nothing,
            what_is_not_a_repository_is_rejected_and_leaves_nothing,
            a_dropped_spawn_can_be_adopted,
            a_dropped_spawn_can_be_terminated,
            a_sandbox_is_found_by_its_key,
            sandboxes_are_listed_by_label,
            another_environment_is_not_listed,
            another_spawner_adopts_the_sandbox,
        ]);
        $crate::spawner_conformance!(@cases $fixture, files: [
            a_written_file_is_read_back,
            a_written_file_replaces_the_one_before,
            an_absent_file_is_no_error,
            a_file_beyond_the_limit_is_too_large,
            a_folder_is_not_read,
            files_of_the_repository_are_read,
            files_of_a_gone_sandbox_are_not_found,
        ]);
        $crate::spawner_conformance!(@cases $fixture, output: [
            lines_come_in_order_and_the_end_comes_last,
            following_resumes_after_every_line,
            a_run_is_started_once_per_run_key,
            runs_with_different_keys_are_different_runs,
            a_run_that_was_never_started_is_not_found,
            a_stream_may_be_dropped_and_followed_again,
        ]);
        $crate::spawner_conformance!(@cases $fixture, ending: [
            terminating_twice_is_confirmed,
            terminating_what_never_was_is_confirmed,
            a_terminated_sandbox_is_gone,
            a_key_without_an_id_is_enough_to_terminate,
            a_followed_run_is_lost_with_its_sandbox,
            a_key_can_be_used_again_after_its_end,
            runs_in_a_gone_sandbox_are_not_found,
        ]);
    };
    (@cases $fixture:expr, $group:ident: [$($case:ident,)*]) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $case() {
            $crate::testing::conformance::spawner::$group::$case(&$fixture).await;
        }
    )*};
}
