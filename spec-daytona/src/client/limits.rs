//! How often Daytona is asked: no more than was configured, and not at all while it wants us to wait.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use tokio::time::Instant;

/// Longest time for which a server can make us wait with one answer.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// What Daytona counts apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Making sandboxes.
    Create,
    /// Ending sandboxes, starting and stopping them.
    Lifecycle,
    /// Everything else that the API answers.
    Other,
    /// What toolboxes answer, which is not counted.
    Toolbox,
}

/// Bounds of one process. All replicas of an organization share Daytona's own.
#[derive(Debug)]
pub(super) struct Limits {
    creates: DefaultDirectRateLimiter,
    requests: DefaultDirectRateLimiter,
    /// Until when nothing of a class is sent: creates, lifecycle, other.
    paused: Mutex<[Option<Instant>; 3]>,
}

impl Limits {
    pub(super) fn new(creates_per_minute: u32, requests_per_minute: u32) -> Self {
        let per_minute = |number| {
            let number = NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
            RateLimiter::direct(Quota::per_minute(number))
        };
        Self {
            creates: per_minute(creates_per_minute),
            requests: per_minute(requests_per_minute),
            paused: Mutex::new([None; 3]),
        }
    }

    /// Completes when a request of this class may be sent.
    pub(super) async fn wait(&self, class: Class) {
        let limiter = match class {
            Class::Create => &self.creates,
            Class::Lifecycle | Class::Other => &self.requests,
            Class::Toolbox => return,
        };
        loop {
            if let Some(until) = self.paused_until(class) {
                tokio::time::sleep_until(until).await;
                continue;
            }
            match limiter.check() {
                Ok(()) => return,
                Err(not_yet) => {
                    let wait = not_yet.wait_time_from(DefaultClock::default().now());
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// Takes note of what an answer says about the rate; for how long it asks us to wait.
    pub(super) fn learn(
        &self,
        class: Class,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Option<Duration> {
        if status != StatusCode::TOO_MANY_REQUESTS && !status.is_server_error() {
            return None;
        }
        let wait = retry_after(headers)?.min(LONGEST_PAUSE);
        if status == StatusCode::TOO_MANY_REQUESTS
            && let Some(index) = index(class)
        {
            let until = Instant::now() + wait;
            let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(slot) = paused.get_mut(index) {
                *slot = Some(slot.map_or(until, |already| already.max(until)));
            }
        }
        Some(wait)
    }

    fn paused_until(&self, class: Class) -> Option<Instant> {
        let paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        let until = index(class).and_then(|index| *paused.get(index)?)?;
        (until > Instant::now()).then_some(until)
    }
}

fn index(class: Class) -> Option<usize> {
    match class {
        Class::Create => Some(0),
        Class::Lifecycle => Some(1),
        Class::Other => Some(2),
        Class::Toolbox => None,
    }
}

/// The longest of `Retry-After` and its relatives: Daytona adds the name of the limit to the header's
/// name, as in `Retry-After-sandbox-create`.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.iter().filter_map(|(name, value)| {
        // Header names are in lower case here, whatever was sent.
        let rest = name.as_str().strip_prefix("retry-after")?;
        (rest.is_empty() || rest.starts_with('-')).then_some(())?;
        value.to_str().ok()?.trim().parse::<f64>().ok()
    });
    let longest = seconds.fold(None, |longest: Option<f64>, seconds| {
        Some(longest.map_or(seconds, |longest| longest.max(seconds)))
    });
    longest.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_static(value),
            )
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn the_longest_of_all_wishes_counts() {
        let asked = |pairs: &[_]| retry_after(&headers(pairs));
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(asked(&[("Retry-After", "3")]), seconds(3));
        assert_eq!(asked(&[("Retry-After-sandbox-create", "7")]), seconds(7));
        let several = [
            ("Retry-After-authenticated", "2"),
            ("Retry-After-sandbox-lifecycle", "9"),
            ("Retry-After", "4"),
        ];
        assert_eq!(asked(&several), seconds(9));
        assert_eq!(asked(&[("Retry-After", "soon")]), None);
        assert_eq!(asked(&[("Retry-After", "-1")]), None);
        assert_eq!(asked(&[("Retry-Afterwards", "5")]), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_class_waits_and_the_others_do_not() {
        let limits = Limits::new(1000, 1000);
        let told = limits.learn(
            Class::Create,
            StatusCode::TOO_MANY_REQUESTS,
            &headers(&[("Retry-After-sandbox-create", "30")]),
        );
        assert_eq!(told, Some(Duration::from_secs(30)));
        let begun = Instant::now();
        limits.wait(Class::Other).await;
        limits.wait(Class::Toolbox).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
        limits.wait(Class::Create).await;
        assert!(begun.elapsed() >= Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn no_server_can_make_us_wait_for_ever() {
        let limits = Limits::new(1000, 1000);
        limits.learn(
            Class::Other,
            StatusCode::TOO_MANY_REQUESTS,
            &headers(&[("Retry-After", "86400")]),
        );
        let begun = Instant::now();
        limits.wait(Class::Other).await;
        assert!(begun.elapsed() <= LONGEST_PAUSE + Duration::from_secs(1));
    }
}
