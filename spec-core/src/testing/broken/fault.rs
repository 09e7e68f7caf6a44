//! What can be wrong with a store.

/// What is wrong with a [`BrokenStore`](super::BrokenStore).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Commits win whatever revision they were made from.
    IgnoresRevision,
    /// Commits under an old lease succeed.
    IgnoresFence,
    /// A commit stores the state and drops the events.
    DropsEvents,
    /// A refused commit leaves its events behind.
    KeepsEventsOfRefusedCommits,
    /// A commit whose future is dropped stays half done.
    StopsHalfway,
    /// Two events of a spec stand at one place.
    ReusesSequence,
    /// A repeated creation stores a second spec.
    ForgetsIdempotencyKey,
    /// A held spec is handed out again.
    ClaimsTwice,
    /// What waits for a person is handed out.
    ClaimsWhatWaits,
    /// What is not executing is never handed out, whatever it is owed.
    ClaimsOnlyExecuting,
    /// What has ended once is never handed out again.
    ClaimsNothingThatHadEnded,
    /// Specs are handed out in a format that the runner does not know.
    IgnoresMachineVersion,
    /// Claims are not counted.
    CountsNoClaims,
    /// Runners are let back in after their lease has expired.
    ForgivesExpiredRunners,
    /// How far output was read is lost.
    ForgetsCheckpoint,
    /// Of the artifacts of a commit, the last is lost.
    LosesArtifact,
    /// Later pages of a list leave out their first spec.
    ListSkips,
    /// Lists hold what was not looked for.
    IgnoresSearch,
    /// What is looked for is a pattern of SQL's `LIKE`.
    SearchTakesWildcards,
    /// Only letters of ASCII are looked for in any case.
    SearchFoldsAsciiOnly,
    /// A page is filled before it is searched.
    SearchesWithinPages,
    /// Times are cut to milliseconds.
    CutsTime,
    /// Nobody is told of changes.
    WakesNobody,
    /// Nobody is told of sandboxes.
    AnnouncesNothing,
    /// Ids of sandboxes are cut to the length of most.
    CutsAnnouncements,
    /// Every hint says that the spec can be claimed.
    CallsAllDue,
    /// New specs are handed to nobody.
    IgnoresRunnerOfNewSpecs,
    /// New specs are handed to runners that have no lease.
    HandsNewSpecsToTheDead,
    /// A commit that skips revisions is stored at the next one.
    CountsOneRevision,
    /// A commit never gives its spec back.
    KeepsAfterCommit,
    /// A commit without a lease gives back what somebody else holds.
    ReleasesWithoutLease,
    /// A refused commit gives its spec back.
    ReleasesRefusedCommits,
    /// Releases are forgotten.
    LosesReleases,
    /// Projects get as much as they like.
    IgnoresCap,
    /// The cap is looked at before the claim instead of in it.
    ChecksCapTooEarly,
    /// Under a cap, the longest due still comes first.
    GivesNoTurns,
    /// Everybody who asks leads.
    ElectsEverybody,
    /// The first leader of a duty leads for ever.
    DeposesNobody,
    /// There is one duty.
    MixesDuties,
    /// Whatever is archived is deleted, however long it has been.
    PurgesTooEarly,
    /// All is deleted at once.
    PurgesWithoutLimit,
    /// The events of deleted specs stay.
    PurgeKeepsEvents,
    /// The keys of deleted specs stay.
    PurgeKeepsKeys,
}
