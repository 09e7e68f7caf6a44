//! How many streams are open, and whose they are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use spec_core::id::UserId;

use super::source::Source;

/// The places that streams take, in all and for each user.
#[derive(Debug)]
pub(crate) struct Places {
    in_all: usize,
    per_user: usize,
    /// How long a reader may take nothing before its place goes to whoever needs one.
    patience: Duration,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    next: u64,
    holders: HashMap<u64, Holder>,
    by_user: HashMap<UserId, usize>,
}

struct Holder {
    user: UserId,
    source: Arc<Source>,
}

/// A place that is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// This user has as many as anyone may have.
    ForUser,
    /// All are taken.
    ForAll,
}

impl Places {
    pub(crate) fn new(in_all: usize, per_user: usize, patience: Duration) -> Self {
        Self {
            in_all,
            per_user,
            patience,
            taken: Mutex::default(),
        }
    }

    /// Takes a place for a stream of `user` that reads from `source`.
    pub(super) fn take(
        self: &Arc<Self>,
        user: &UserId,
        source: &Arc<Source>,
    ) -> Result<Place, Full> {
        let mut taken = self.lock();
        if taken.of(user) >= self.per_user {
            taken.reclaim(|holder| holder.user == *user, self.patience);
            if taken.of(user) >= self.per_user {
                return Err(Full::ForUser);
            }
        }
        if taken.holders.len() >= self.in_all {
            taken.reclaim(|_holder| true, self.patience);
            if taken.holders.len() >= self.in_all {
                return Err(Full::ForAll);
            }
        }
        let number = taken.next;
        taken.next += 1;
        *taken.by_user.entry(user.clone()).or_default() += 1;
        taken.holders.insert(
            number,
            Holder {
                user: user.clone(),
                source: Arc::clone(source),
            },
        );
        Ok(Place {
            places: Arc::clone(self),
            number,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn of(&self, user: &UserId) -> usize {
        self.by_user.get(user).copied().unwrap_or(0)
    }

    /// Frees the places of those whose readers have left them.
    fn reclaim(&mut self, concerns: impl Fn(&Holder) -> bool, patience: Duration) {
        let left = self.holders.extract_if(|_number, holder| {
            concerns(holder) && holder.source.take_away_after(patience)
        });
        let left: Vec<_> = left.map(|(_number, holder)| holder.user).collect();
        for user in left {
            self.one_less(&user);
        }
    }

    fn one_less(&mut self, user: &UserId) {
        if let Some(count) = self.by_user.get_mut(user) {
            *count -= 1;
            if *count == 0 {
                self.by_user.remove(user);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        // Absent when it was reclaimed.
        if let Some(holder) = taken.holders.remove(&self.number) {
            taken.one_less(&holder.user);
        }
    }
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Taken")
            .field("streams", &self.holders.len())
            .field("users", &self.by_user.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    fn source() -> Arc<Source> {
        Arc::new(Source::new(Box::pin(stream::pending())))
    }

    fn places() -> Arc<Places> {
        Arc::new(Places::new(3, 2, PATIENCE))
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_has_more_than_their_share_and_all_together_no_more_than_there_are() {
        let places = places();
        let take = |name| places.take(&user(name), &source());
        let first = take("ada").unwrap();
        let _second = take("ada").unwrap();
        assert_eq!(take("ada").unwrap_err(), Full::ForUser);
        let _third = take("bob").unwrap();
        assert_eq!(take("bob").unwrap_err(), Full::ForAll);
        drop(first);
        let _again = take("bob").unwrap();
        assert_eq!(places.lock().holders.len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn users_without_streams_are_forgotten() {
        let places = places();
        let place = places.take(&user("ada"), &source()).unwrap();
        assert_eq!(places.lock().by_user.len(), 1);
        drop(place);
        assert!(places.lock().by_user.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_place_of_a_reader_that_takes_nothing_goes_to_whoever_needs_one() {
        let places = places();
        let (left, read) = (source(), source());
        let left_place = places.take(&user("ada"), &left).unwrap();
        let _read_place = places.take(&user("ada"), &read).unwrap();
        tokio::time::advance(PATIENCE + Duration::from_secs(1)).await;
        let waiting = tokio::time::timeout(Duration::from_millis(1), read.next()).await;
        assert!(waiting.is_err(), "it has nothing to tell");

        let _other = places.take(&user("ada"), &source()).unwrap();
        assert!(matches!(
            left.next().await,
            super::super::source::Next::TakenAway
        ));
        assert_eq!(
            places.take(&user("ada"), &source()).unwrap_err(),
            Full::ForUser
        );
        // What was reclaimed is not counted off a second time.
        drop(left_place);
        assert_eq!(places.lock().of(&user("ada")), 2);
    }
}
