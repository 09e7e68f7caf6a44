//! Fair claiming: projects take turns.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::num::NonZeroU32;

use crate::id::ProjectId;

/// Chooses among what is due so that the project of which the fewest are held comes first, and none
/// gets over the cap. For stores that do not choose in a query of their own.
#[derive(Debug)]
pub struct Turns<T> {
    queues: BTreeMap<ProjectId, VecDeque<T>>,
    held: HashMap<ProjectId, u32>,
    cap: u32,
}

impl<T> Turns<T> {
    /// `due`: what may be claimed, longest due first. `held`: how many of each project living runners
    /// hold already.
    #[must_use]
    pub fn new(
        due: impl IntoIterator<Item = (ProjectId, T)>,
        held: HashMap<ProjectId, u32>,
        cap: NonZeroU32,
    ) -> Self {
        let mut queues = BTreeMap::<_, VecDeque<_>>::new();
        for (project, item) in due {
            queues.entry(project).or_default().push_back(item);
        }
        Self {
            queues,
            held,
            cap: cap.get(),
        }
    }

    /// The next in turn. Count it with [`taken`](Self::taken) once it is claimed; what turns out not
    /// to be claimable costs its project no place.
    pub fn next_in_turn(&mut self) -> Option<(ProjectId, T)> {
        self.queues.retain(|_, queue| !queue.is_empty());
        let (project, queue) = self
            .queues
            .iter_mut()
            .map(|(project, queue)| (self.held.get(project).copied().unwrap_or(0), project, queue))
            .filter(|(held, ..)| *held < self.cap)
            .min_by_key(|(held, project, _)| (*held, *project))
            .map(|(_, project, queue)| (project, queue))?;
        Some((project.clone(), queue.pop_front()?))
    }

    /// Counts a spec of `project` as held.
    pub fn taken(&mut self, project: ProjectId) {
        *self.held.entry(project).or_default() += 1;
    }
}
