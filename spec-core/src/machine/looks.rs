//! How often a driver looks at its sandbox because it was told to.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;

/// Shortest and longest pause between two looks.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// After so long without a look, the shortest pause is enough again.
const CALM: Duration = Duration::from_mins(2);

/// The looks of one driver. The first is taken at once; the more follow each other, the longer the
/// pauses: a look that takes a second must not be begun anew every second, without end.
#[derive(Debug, Default)]
pub(super) struct Looks {
    last: Mutex<Option<Look>>,
}

#[derive(Debug, Clone, Copy)]
struct Look {
    at: Timestamp,
    /// What has to pass before the next one.
    pause: Duration,
}

impl Looks {
    /// When the next look may be taken: `now`, or later.
    pub(super) fn next(&self, now: Timestamp) -> Timestamp {
        let last = *self.last();
        // A clock that was put back makes nobody wait longer than a pause.
        last.map_or(now, |last| {
            now.max(last.at + last.pause).min(now + last.pause)
        })
    }

    /// Notes a look.
    pub(super) fn looked(&self, now: Timestamp) {
        let mut last = self.last();
        let pause = match *last {
            Some(last) if now.since(last.at) < CALM => (last.pause * 2).min(PAUSES.1),
            Some(_) | None => PAUSES.0,
        };
        *last = Some(Look { at: now, pause });
    }

    fn last(&self) -> MutexGuard<'_, Option<Look>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_look_is_taken_at_once_and_those_that_follow_ever_later() {
        let looks = Looks::default();
        let mut now = Timestamp::from_micros(0);
        let mut waits = Vec::new();
        for _hint in 0..8 {
            let at = looks.next(now);
            waits.push(at.since(now).as_secs());
            looks.looked(at);
            now = at;
        }
        assert_eq!(waits, [0, 1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn after_a_calm_time_looks_are_prompt_again() {
        let looks = Looks::default();
        let mut now = Timestamp::from_micros(0);
        for _hint in 0..8 {
            now = looks.next(now);
            looks.looked(now);
        }
        now = now + CALM;
        assert_eq!(looks.next(now), now);
        looks.looked(now);
        assert_eq!(looks.next(now), now + PAUSES.0);
    }

    #[test]
    fn a_clock_that_is_put_back_makes_nobody_wait_longer() {
        let looks = Looks::default();
        let now = Timestamp::from_micros(3_600_000_000);
        looks.looked(now);
        let earlier = Timestamp::from_micros(0);
        assert_eq!(looks.next(earlier), earlier + PAUSES.0);
    }
}
