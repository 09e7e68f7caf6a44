//! What can be made to go wrong, and the book of how often it did.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

/// Something that goes wrong at the provider.
///
/// What is said to happen to a command, or shortly after it began, happens to commands of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The sandbox is created, and the connection dropped before any answer.
    LostCreateResponse,
    /// 503 before anything was made.
    CreateUnavailable,
    /// Lifecycle calls on a sandbox answer 409 "state change in progress" for some time.
    ConflictWhileCreating,
    /// The same with the 400 that older deployments answer.
    BadRequestWhileCreating,
    /// 400 "failed to start", with the sandbox left behind in `error`.
    FailedStart,
    /// A list leaves out what is being deleted and shows what is already gone.
    ListFlaps,
    /// A deletion stays `destroying` for some time.
    DeleteLags,
    /// The toolbox of a sandbox answers a bare 502 for some time.
    BadGateway,
    /// The connection of a followed log is cut without a close frame.
    SocketCut1006,
    /// A followed log is closed with 1011.
    SocketCut1011,
    /// The shell of a session is killed shortly after an exec began; its child may go on.
    SessionShellDeath,
    /// The exit code of a session's command is never written.
    MissingExitCode,
    /// The sandbox is stopped while a command runs; an ephemeral one is gone with that.
    AutoStop,
    /// Every process is killed and the toolbox answers 502 for some time, while the sandbox stays
    /// `started`. Afterwards there are no sessions, and the files are still there.
    Oom,
    /// 429 with `Retry-After-sandbox-create` or `Retry-After-sandbox-lifecycle`.
    RateLimited,
    /// A new sandbox is `creating`, then `pulling_snapshot`, for some time.
    SlowStart,
    /// 200 with the page of the dashboard on a path of the API.
    DashboardHtml,
    /// The command is accepted, and the connection dropped before any answer.
    LostExecResponse,
    /// The answer comes late.
    SlowAnswer,
}

impl Fault {
    /// Every fault.
    pub const ALL: &[Self] = &[
        Self::LostCreateResponse,
        Self::CreateUnavailable,
        Self::ConflictWhileCreating,
        Self::BadRequestWhileCreating,
        Self::FailedStart,
        Self::ListFlaps,
        Self::DeleteLags,
        Self::BadGateway,
        Self::SocketCut1006,
        Self::SocketCut1011,
        Self::SessionShellDeath,
        Self::MissingExitCode,
        Self::AutoStop,
        Self::Oom,
        Self::RateLimited,
        Self::SlowStart,
        Self::DashboardHtml,
        Self::LostExecResponse,
        Self::SlowAnswer,
    ];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LostCreateResponse => "lost-create-response",
            Self::CreateUnavailable => "create-unavailable",
            Self::ConflictWhileCreating => "conflict-while-creating",
            Self::BadRequestWhileCreating => "bad-request-while-creating",
            Self::FailedStart => "failed-start",
            Self::ListFlaps => "list-flaps",
            Self::DeleteLags => "delete-lags",
            Self::BadGateway => "bad-gateway",
            Self::SocketCut1006 => "socket-cut-1006",
            Self::SocketCut1011 => "socket-cut-1011",
            Self::SessionShellDeath => "session-shell-death",
            Self::MissingExitCode => "missing-exit-code",
            Self::AutoStop => "auto-stop",
            Self::Oom => "oom",
            Self::RateLimited => "rate-limited",
            Self::SlowStart => "slow-start",
            Self::DashboardHtml => "dashboard-html",
            Self::LostExecResponse => "lost-exec-response",
            Self::SlowAnswer => "slow-answer",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fault {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|fault| fault.name() == text);
        found.copied().ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|fault| fault.name()).collect();
            anyhow::anyhow!(
                "no fault is called {text:?}; there are {}",
                names.join(", ")
            )
        })
    }
}

/// When a fault strikes: not at the first `skip` opportunities, then `times` times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultPlan {
    /// What goes wrong.
    pub fault: Fault,
    /// How many opportunities are left alone first.
    pub skip: u32,
    /// How often it strikes after that.
    pub times: u32,
}

impl FaultPlan {
    /// Strikes at the next opportunity, once.
    #[must_use]
    pub fn once(fault: Fault) -> Self {
        Self {
            fault,
            skip: 0,
            times: 1,
        }
    }

    /// Strikes at every opportunity.
    #[must_use]
    pub fn always(fault: Fault) -> Self {
        Self {
            times: u32::MAX,
            ..Self::once(fault)
        }
    }
}

impl From<Fault> for FaultPlan {
    fn from(fault: Fault) -> Self {
        Self::once(fault)
    }
}

impl FromStr for FaultPlan {
    type Err = anyhow::Error;

    /// `NAME[:SKIP[:TIMES]]`, once if not told.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split(':');
        let fault = parts.next().unwrap_or_default().parse()?;
        let skip = parts.next().map_or(Ok(0), str::parse)?;
        let times = parts.next().map_or(Ok(1), str::parse)?;
        anyhow::ensure!(
            parts.next().is_none(),
            "{text:?} is not NAME[:SKIP[:TIMES]]"
        );
        Ok(Self { fault, skip, times })
    }
}

/// What is planned, and what has struck.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    plans: Vec<FaultPlan>,
    struck: Vec<(Fault, u32)>,
}

impl Faults {
    pub(crate) fn add(&self, plan: FaultPlan) {
        self.with(|book| book.plans.push(plan));
    }

    /// Takes an opportunity for `fault`: true when it strikes.
    ///
    /// Of several plans for one fault the first that is not used up counts.
    pub(crate) fn strikes(&self, fault: Fault) -> bool {
        self.with(|book| {
            let Some(plan) = book
                .plans
                .iter_mut()
                .find(|plan| plan.fault == fault && plan.times > 0)
            else {
                return false;
            };
            if plan.skip > 0 {
                plan.skip -= 1;
                return false;
            }
            if plan.times != u32::MAX {
                plan.times -= 1;
            }
            match book.struck.iter_mut().find(|(struck, _)| *struck == fault) {
                Some((_, count)) => *count += 1,
                None => book.struck.push((fault, 1)),
            }
            true
        })
    }

    pub(crate) fn struck(&self) -> Vec<(Fault, u32)> {
        self.with(|book| book.struck.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Book) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_found_by_its_name() {
        for fault in Fault::ALL {
            assert_eq!(fault.to_string().parse::<Fault>().unwrap(), *fault);
        }
    }

    #[test]
    fn a_plan_skips_and_then_strikes_as_often_as_told() {
        let faults = Faults::default();
        faults.add("oom:2:2".parse().unwrap());
        let struck: Vec<_> = (0..6).map(|_| faults.strikes(Fault::Oom)).collect();
        assert_eq!(struck, [false, false, true, true, false, false]);
        assert_eq!(faults.struck(), [(Fault::Oom, 2)]);
    }
}
