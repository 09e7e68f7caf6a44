//! Graphs of "waits for": cycles, waves, the longest path. No recursion, so that no chain is too long.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Nodes, and for each the nodes it waits for.
#[derive(Debug, Clone)]
pub(crate) struct Graph<K> {
    waits_for: BTreeMap<K, BTreeSet<K>>,
}

impl<K: Ord + Copy> Graph<K> {
    pub(crate) fn new(nodes: impl IntoIterator<Item = K>) -> Self {
        let waits_for = nodes.into_iter().map(|node| (node, BTreeSet::new()));
        Self {
            waits_for: waits_for.collect(),
        }
    }

    /// Says that `node` waits for `other`. Nodes that do not exist and loops of one are left out:
    /// both are findings of their own.
    pub(crate) fn add(&mut self, node: K, other: K) {
        if node != other
            && self.waits_for.contains_key(&other)
            && let Some(others) = self.waits_for.get_mut(&node)
        {
            others.insert(other);
        }
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = (K, &BTreeSet<K>)> {
        self.waits_for.iter().map(|(node, others)| (*node, others))
    }

    pub(crate) fn edges(&self) -> usize {
        self.waits_for.values().map(BTreeSet::len).sum()
    }

    /// Nodes that can be done at the same time, wave after wave, each wave in order.
    ///
    /// Nodes on a cycle, and those that wait for one, are in no wave.
    pub(crate) fn waves(&self) -> Vec<Vec<K>> {
        let mut waiting: BTreeMap<K, usize> = BTreeMap::new();
        let mut dependents: BTreeMap<K, Vec<K>> = BTreeMap::new();
        for (node, others) in self.nodes() {
            waiting.insert(node, others.len());
            for other in others {
                dependents.entry(*other).or_default().push(node);
            }
        }
        let ready = |(node, count): (&K, &usize)| (*count == 0).then_some(*node);
        let mut wave: Vec<K> = waiting.iter().filter_map(ready).collect();
        let mut waves = Vec::new();
        while !wave.is_empty() {
            let mut next = BTreeSet::new();
            for dependent in wave
                .iter()
                .filter_map(|node| dependents.get(node))
                .flatten()
            {
                if let Some(count) = waiting.get_mut(dependent) {
                    *count -= 1;
                    if *count == 0 {
                        next.insert(*dependent);
                    }
                }
            }
            waves.push(std::mem::replace(&mut wave, next.into_iter().collect()));
        }
        waves
    }

    /// Cycles, each from its smallest node along "waits for"; at most `limit`.
    ///
    /// Together they are enough to see every node that waits for itself, unless there are more.
    pub(crate) fn cycles(&self, limit: usize) -> Vec<Vec<K>> {
        let mut rest = self.clone();
        let mut cycles = Vec::new();
        while cycles.len() < limit {
            rest.strip();
            let Some(mut cycle) = rest.shortest_cycle_of_first() else {
                break;
            };
            if let [first, second, ..] = cycle.as_slice()
                && let Some(others) = rest.waits_for.get_mut(first)
            {
                // Taking one edge away leaves other cycles through the same nodes to be found.
                others.remove(second);
            }
            let smallest = cycle.iter().enumerate().min_by_key(|(_, node)| **node);
            let smallest = smallest.map_or(0, |(index, _)| index);
            cycle.rotate_left(smallest);
            cycles.push(cycle);
        }
        cycles
    }

    /// The path with the greatest total weight, first to last, and that weight.
    ///
    /// Among equals the one whose last node, and then each node before it, is the smallest.
    pub(crate) fn longest_path(&self, weight: impl Fn(K) -> f64) -> (Vec<K>, f64) {
        let mut best: BTreeMap<K, (f64, Option<K>)> = BTreeMap::new();
        for node in self.waves().into_iter().flatten() {
            let others = self.waits_for.get(&node).into_iter().flatten();
            let reached = others.filter_map(|other| Some((*other, best.get(other)?.0)));
            let longest = heaviest(reached);
            let before = longest.map_or(0.0, |(_, length)| length);
            best.insert(
                node,
                (before + weight(node), longest.map(|(other, _)| other)),
            );
        }
        let last = heaviest(best.iter().map(|(node, (length, _))| (*node, *length)));
        let mut path: Vec<K> = std::iter::successors(last.map(|(node, _)| node), |node| {
            best.get(node).and_then(|(_, before)| *before)
        })
        .collect();
        path.reverse();
        (path, last.map_or(0.0, |(_, length)| length))
    }

    /// Takes away every node that is on no cycle and not between two.
    fn strip(&mut self) {
        let free: BTreeSet<K> = self.waves().into_iter().flatten().collect();
        self.remove(&free);
        // What nothing waits for, once and again; no other node loses what it waits for by that.
        let mut reversed = Self::new(self.waits_for.keys().copied());
        for (node, others) in self.nodes() {
            for other in others {
                reversed.add(*other, node);
            }
        }
        let free: BTreeSet<K> = reversed.waves().into_iter().flatten().collect();
        self.remove(&free);
    }

    fn remove(&mut self, nodes: &BTreeSet<K>) {
        if nodes.is_empty() {
            return;
        }
        self.waits_for.retain(|node, _| !nodes.contains(node));
        for others in self.waits_for.values_mut() {
            others.retain(|other| !nodes.contains(other));
        }
    }

    /// In a stripped graph: finds a node on a cycle and the shortest way from it back to itself.
    fn shortest_cycle_of_first(&self) -> Option<Vec<K>> {
        // Every node waits for another, so walking on comes back somewhere.
        let mut node = *self.waits_for.keys().next()?;
        let mut seen = BTreeSet::new();
        while seen.insert(node) {
            node = *self.waits_for.get(&node)?.first()?;
        }
        let start = node;
        let mut came_from: BTreeMap<K, K> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for other in self.waits_for.get(&node).into_iter().flatten() {
                if *other == start {
                    let mut cycle: Vec<K> =
                        std::iter::successors(Some(node), |node| came_from.get(node).copied())
                            .collect();
                    cycle.reverse();
                    return Some(cycle);
                }
                if !came_from.contains_key(other) {
                    came_from.insert(*other, node);
                    queue.push_back(*other);
                }
            }
        }
        None
    }
}

/// The item with the greatest weight; among equals the first.
fn heaviest<K>(items: impl Iterator<Item = (K, f64)>) -> Option<(K, f64)> {
    items.reduce(|best, item| if item.1 > best.1 { item } else { best })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NODES: usize = 7;

    fn graph(edges: &[(usize, usize)]) -> Graph<usize> {
        let mut graph = Graph::new(0..NODES);
        for (node, other) in edges {
            graph.add(*node, *other);
        }
        graph
    }

    fn any_edges() -> impl Strategy<Value = Vec<(usize, usize)>> {
        proptest::collection::vec((0..NODES, 0..NODES), 0..14)
    }

    /// Edges that lead to smaller nodes only, so that there is no cycle.
    fn acyclic_edges() -> impl Strategy<Value = Vec<(usize, usize)>> {
        any_edges().prop_map(|edges| {
            let downwards = |(a, b): (usize, usize)| (a.max(b), a.min(b));
            edges.into_iter().map(downwards).collect()
        })
    }

    /// Weights of all paths that begin anywhere and end at `node`.
    fn path_weights(graph: &Graph<usize>, node: usize, weights: &[f64]) -> Vec<f64> {
        let mut all = vec![weights[node]];
        for other in &graph.waits_for[&node] {
            let before = path_weights(graph, *other, weights);
            all.extend(before.into_iter().map(|weight| weight + weights[node]));
        }
        all
    }

    #[test]
    fn two_cycles_through_one_node_are_both_found() {
        let cycles = graph(&[(0, 1), (1, 0), (0, 2), (2, 0), (3, 0)]).cycles(10);
        assert_eq!(cycles, [vec![0, 1], vec![0, 2]]);
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_is_no_problem() {
        let mut chain = Graph::new(0..100_000);
        for node in 1..100_000 {
            chain.add(node, node - 1);
        }
        assert_eq!(chain.waves().len(), 100_000);
        chain.add(0, 99_999);
        assert_eq!(chain.cycles(2).len(), 1);
    }

    proptest! {
        #[test]
        fn waves_hold_every_node_once_and_after_what_it_waits_for(edges in acyclic_edges()) {
            let graph = graph(&edges);
            let mut done = BTreeSet::new();
            for wave in graph.waves() {
                for node in &wave {
                    prop_assert!(graph.waits_for[node].is_subset(&done));
                }
                for node in wave {
                    prop_assert!(done.insert(node));
                }
            }
            prop_assert_eq!(done.len(), NODES);
            prop_assert!(graph.cycles(5).is_empty());
        }

        #[test]
        fn cycles_are_found_exactly_when_waves_leave_nodes_out(edges in any_edges()) {
            let graph = graph(&edges);
            let cycles = graph.cycles(50);
            let in_waves: usize = graph.waves().iter().map(Vec::len).sum();
            prop_assert_eq!(cycles.is_empty(), in_waves == NODES);
            for cycle in cycles {
                for (index, node) in cycle.iter().enumerate() {
                    let next = cycle[(index + 1) % cycle.len()];
                    prop_assert!(graph.waits_for[node].contains(&next));
                }
            }
        }

        #[test]
        fn the_longest_path_is_a_path_and_no_other_is_longer(
            edges in acyclic_edges(),
            weights in proptest::collection::vec(1u8..9, NODES),
        ) {
            let graph = graph(&edges);
            let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
            let (path, length) = graph.longest_path(|node| weights[node]);
            for pair in path.windows(2) {
                prop_assert!(graph.waits_for[&pair[1]].contains(&pair[0]));
            }
            let sum: f64 = path.iter().map(|node| weights[*node]).sum();
            prop_assert!((sum - length).abs() < 1e-9);
            for node in 0..NODES {
                for weight in path_weights(&graph, node, &weights) {
                    prop_assert!(weight <= length + 1e-9);
                }
            }
        }
    }
}
